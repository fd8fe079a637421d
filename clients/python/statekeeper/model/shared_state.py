"""What calls about a shared state give back."""

from dataclasses import dataclass

from statekeeper.model.write import WriteResult
from statekeeper.shared.misfit import Misfit


@dataclass(frozen=True, slots=True, kw_only=True)
class DefineResult(WriteResult):
    """What a definition of the shared state did.

    Attributes:
        definition_version: Its number among those of the execution, from 1.
        misfits: The values that were there already and do not fit; they are kept.
    """

    definition_version: int
    misfits: tuple[Misfit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWriteResult(WriteResult):
    """What a write of a member did.

    Attributes:
        dropped: The keys that it may not set, and that were left out.
    """

    dropped: tuple[str, ...]
