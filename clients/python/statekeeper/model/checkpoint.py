"""Checkpoints: names for what an execution was."""

import datetime as dt
from dataclasses import dataclass

from statekeeper.model.execution import ExecutionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A name for a revision of an execution.

    Attributes:
        name: Its name.
        timestamp: When it was made (UTC).
        revision: The revision that it names.
        actor: Who made it, as given with the write; empty when not given.
        state: The state that it names; None: not asked for.
    """

    name: str
    timestamp: dt.datetime
    revision: int
    actor: str
    state: ExecutionState | None = None
