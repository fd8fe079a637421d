"""What can be asked: the requests of the contract, without what a test has no use for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from tests.model.terms import Document, Key


@dataclass(frozen=True)
class Options:
    """How to write; all may be left out. Locks take a request_id and an actor alone."""

    expected_revision: int | None = None
    ttl: int | None = None
    request_id: str = ""
    fencing_token: int = 0
    actor: str = ""


NO_OPTIONS = Options()


@dataclass(frozen=True)
class State:
    """What a caller says of an execution, or is told.

    Nobody tells the status in an Update that leaves it as it is, the start_time where it is
    for the server to fill in.
    """

    status: str = ""
    start_time: int | None = None
    current_member: str | None = None
    schema_version: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    input: Document | None = None
    context: Document | None = None
    member_outputs: Document | None = None
    metadata: Document | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """What all requests have."""

    rpc: ClassVar[str]
    key: Key


@dataclass(frozen=True, kw_only=True)
class Write(Request):
    """What all requests that change something have."""

    options: Options = NO_OPTIONS


@dataclass(frozen=True, kw_only=True)
class Save(Write):
    rpc = "Save"
    state: State


@dataclass(frozen=True, kw_only=True)
class Load(Request):
    rpc = "Load"
    revision: int | None = None
    checkpoint: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Update(Write):
    rpc = "Update"
    changes: State = State()
    replace: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    return_execution: bool = False


@dataclass(frozen=True, kw_only=True)
class Delete(Write):
    rpc = "Delete"


@dataclass(frozen=True, kw_only=True)
class ListRevisions(Request):
    rpc = "ListRevisions"


@dataclass(frozen=True, kw_only=True)
class Pause(Write):
    rpc = "Pause"
    member: str
    reason: str
    data: Document | None = None
    expire_time: int | None = None
    on_expiry: str = ""
    default_input: Document | None = None


@dataclass(frozen=True, kw_only=True)
class Resume(Write):
    """By a token or a pause_id. A token leads to its execution where that is not named."""

    rpc = "Resume"
    token: str = ""
    pause_id: str = ""
    input: Document | None = None
    named: bool = True


@dataclass(frozen=True, kw_only=True)
class GetPause(Request):
    """By a token or a pause_id, as above."""

    rpc = "GetPause"
    token: str = ""
    pause_id: str = ""
    named: bool = True


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Write):
    rpc = "Checkpoint"
    name: str


@dataclass(frozen=True, kw_only=True)
class Restore(Write):
    """To a checkpoint, or else to a revision."""

    rpc = "Restore"
    name: str = ""
    revision: int = 0


@dataclass(frozen=True, kw_only=True)
class ListCheckpoints(Request):
    rpc = "ListCheckpoints"


@dataclass(frozen=True, kw_only=True)
class DeleteCheckpoint(Write):
    rpc = "DeleteCheckpoint"
    name: str


@dataclass(frozen=True, kw_only=True)
class Lock(Write):
    """One that does not wait: waiting is for tests with more than one caller."""

    rpc = "Lock"
    owner: str
    lease: int | None = None
    exclusive: bool = False


@dataclass(frozen=True, kw_only=True)
class RenewLock(Write):
    """By the owner, or else by the token of the grant."""

    rpc = "RenewLock"
    owner: str = ""
    fencing_token: int = 0
    lease: int | None = None


@dataclass(frozen=True, kw_only=True)
class Unlock(Write):
    """By the owner, or else by the token of the grant."""

    rpc = "Unlock"
    owner: str = ""
    fencing_token: int = 0


@dataclass(frozen=True, kw_only=True)
class GetLock(Request):
    rpc = "GetLock"


@dataclass(frozen=True)
class Member:
    """What a member of a shared state sees, and what it may write."""

    use: tuple[str, ...]
    set: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DefineState(Write):
    """The types of the keys are names: what schemas are has tests of its own."""

    rpc = "DefineState"
    schema: Mapping[str, str]
    initial: Mapping[str, str]
    members: Mapping[str, Member]


@dataclass(frozen=True, kw_only=True)
class WriteState(Write):
    """Of one key; what the member may not set is refused, or dropped."""

    rpc = "WriteState"
    member: str
    updates: Mapping[str, str]
    drop: bool = False


@dataclass(frozen=True, kw_only=True)
class ReadState(Request):
    rpc = "ReadState"
    member: str


@dataclass(frozen=True, kw_only=True)
class List:
    """What executions are asked for; what is left out: any."""

    namespace: str
    statuses: tuple[str, ...] = ()
    id_prefix: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    updated_after: int | None = None
    fields: tuple[str, ...] = ()


Operation = (
    Save | Load | Update | Delete | Pause | Resume | Checkpoint | Restore | DefineState | WriteState
)


@dataclass(frozen=True, kw_only=True)
class Transaction(Write):
    """Operations on the transaction's execution, which have no options but a ttl."""

    rpc = "Transaction"
    operations: tuple[Operation, ...]
