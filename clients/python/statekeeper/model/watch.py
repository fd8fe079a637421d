"""What a watch tells."""

import datetime as dt
from dataclasses import dataclass, field

from statekeeper.model.execution import ExecutionState, StateFields, Status
from statekeeper.model.history import EventKind
from statekeeper.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvent:
    """One thing that happened to an execution.

    Of the kinds `GAP` and `SNAPSHOT_COMPLETE`, which tell of the watch itself, all
    but `kind`, `namespace`, `time` and `resume_token` is empty.

    Attributes:
        kind: What was done.
        namespace: Of its execution.
        execution_id: The execution.
        revision: Position in the log; of the kind SNAPSHOT, the execution's
            revision.
        execution_revision: The execution's revision after it, for
            `expected_revision`: locks and checkpoints have a revision of their
            own and leave the execution at its. 0: there is no execution.
        version: Number of changes since creation; 1: this created it.
        time: When it happened; of the kind SNAPSHOT, when the state was
            written (UTC).
        status: The status after it; of what was removed, the last one. None:
            there is none, or this client is too old to know it.
        changed: What really changed: `status`, `context.userId`.
        actor: Who did it, as given with the write; empty when not given.
        pause_id: The pause, where the kind is about one; else empty.
        checkpoint: The checkpoint that was made or restored; else empty.
        owner: Who got or had the lock, where the kind is about it; else empty.
        changes: With `include="changes"`, what was set, by name as for
            `update`: of documents the entries that were set, of labels all.
            Merging it, and taking away what is `removed`, makes of the state
            before it the state after it. None: not asked for, nothing moved the
            execution's revision, or another event of the same revision that came
            before has it.
        removed: With `include="changes"`, what is gone: `context.userId`.
        state: With `include="state"`, the state after it; with
            `include="changes"` too where the kind is SNAPSHOT. None: not asked
            for, there is none, or another event of the same revision that came
            before has it.
        values_missing: Whether values were asked for that cannot be told any
            more; load the state where they are needed.
    """

    kind: EventKind
    namespace: str
    execution_id: str
    revision: int
    execution_revision: int
    version: int
    time: dt.datetime
    status: Status | None
    changed: tuple[str, ...] = ()
    actor: str = ""
    pause_id: str = ""
    checkpoint: str = ""
    owner: str = ""
    changes: StateFields | None = None
    removed: tuple[str, ...] = ()
    state: ExecutionState | None = None
    values_missing: bool = False
    _place: Place = field(default=Place(""), compare=False, repr=False)

    @property
    def resume_token(self) -> str:
        """What to store once this was dealt with: a watch goes on from it, right after this.

        It is short for the last event of a message. For the others it names what was
        given of the message, and is worked out when it is asked for.
        """
        return self._place.text()
