"""What is answered: the responses of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.model.requests import State
from tests.model.terms import Document, Key


@dataclass(frozen=True)
class Result:
    """What a write did."""

    key: Key
    revision: int
    version: int
    update_time: int
    expire_time: int | None
    replayed: bool = False


@dataclass(frozen=True)
class Resumption:
    """The answer to a pause (B29, B42)."""

    input: Document | None
    actor: str
    time: int


@dataclass(frozen=True, kw_only=True)
class Pause:
    """One pause. Its token is known to whoever paused; nobody is told it again (B35)."""

    pause_id: str
    status: str
    member: str
    reason: str
    data: Document | None
    create_time: int
    expire_time: int
    on_expiry: str
    default_input: Document | None
    actor: str
    resumption: Resumption | None = None
    token: str = field(default="", compare=False)

    @property
    def waits(self) -> bool:
        """Whether it can still be answered."""
        return self.status in ("OPEN", "OVERDUE")


@dataclass(frozen=True)
class Execution:
    """An execution as callers see it. In a transaction its expire_time is not settled yet."""

    key: Key
    revision: int
    version: int
    create_time: int
    update_time: int
    expire_time: int | None
    state: State
    pauses: tuple[Pause, ...] = ()
    shared_state: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Written:
    """What all writes are answered with; in a part of a transaction there is no result."""

    result: Result | None


@dataclass(frozen=True)
class Saved(Written):
    pass


@dataclass(frozen=True)
class Loaded:
    execution: Execution | None


@dataclass(frozen=True)
class Updated(Written):
    execution: Execution | None = None


@dataclass(frozen=True, order=True)
class Misfit:
    """A value that does not fit a new definition."""

    key: str
    rule: str


@dataclass(frozen=True)
class Defined(Written):
    misfits: tuple[Misfit, ...]


@dataclass(frozen=True)
class WroteState(Written):
    dropped: tuple[str, ...]


@dataclass(frozen=True)
class ReadState(Written):
    view: Mapping[str, str]


@dataclass(frozen=True)
class Deleted(Written):
    existed: bool


@dataclass(frozen=True)
class Paused(Written):
    token: str
    pause_id: str


@dataclass(frozen=True)
class Resumed(Written):
    member: str
    pause_id: str


@dataclass(frozen=True)
class FoundPause:
    """A pause and its execution; without the entries of documents, and without pauses."""

    pause: Pause
    execution: Execution


@dataclass(frozen=True)
class Checkpointed(Written):
    revision: int


@dataclass(frozen=True)
class Restored(Written):
    pass


@dataclass(frozen=True)
class CheckpointDeleted(Written):
    existed: bool


@dataclass(frozen=True)
class Checkpoint:
    name: str
    revision: int
    create_time: int
    actor: str
    state: State


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    owner: str
    fencing_token: int
    lease_expire_time: int
    exclusive: bool


@dataclass(frozen=True)
class Locked(Written):
    acquired: bool
    fencing_token: int = 0
    lease_expire_time: int | None = None
    holder: Holder | None = None


@dataclass(frozen=True)
class Renewed(Written):
    fencing_token: int
    lease_expire_time: int


@dataclass(frozen=True)
class Unlocked(Written):
    released: bool


@dataclass(frozen=True)
class FoundLock:
    holder: Holder | None


Done = Written | Loaded


@dataclass(frozen=True)
class Transacted(Written):
    results: tuple[Done, ...]


@dataclass(frozen=True, order=True)
class Revision:
    """One thing that happened to an execution (B42, B52)."""

    revision: int
    version: int
    time: int
    kind: str
    status: str
    changed: tuple[str, ...]
    actor: str
    pause_id: str
    checkpoint: str


Answer = (
    Done
    | FoundPause
    | FoundLock
    | tuple[Revision, ...]
    | tuple[Checkpoint, ...]
    | tuple[FoundPause, ...]
)
