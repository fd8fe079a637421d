"""An execution: its state, and the pauses in which it waits for a person."""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypedDict


class Status(enum.StrEnum):
    """Where an execution stands; equal to its name in lower case."""

    RUNNING = "running"
    """At work."""
    WAITING = "waiting"
    """Waiting for something other than a person."""
    PAUSED = "paused"
    """Stopped until it is resumed."""
    COMPLETED = "completed"
    """Ended well."""
    FAILED = "failed"
    """Ended badly."""


Document = dict[str, Any]
"""Values by key: what JSON can hold, or `bytes` as a whole value."""


class ExpiryAction(enum.StrEnum):
    """What becomes of a pause that nobody has answered in time."""

    FAIL = "fail"
    """The execution's status becomes `failed`, which closes its other pauses too."""
    RESUME = "resume"
    """The pause is answered with its default input."""
    KEEP = "keep"
    """It stays paused. The token is void, the pause_id is not."""


class PauseStatus(enum.StrEnum):
    """Where a pause stands; equal to its name in lower case."""

    OPEN = "open"
    """It waits for an answer."""
    OVERDUE = "overdue"
    """Its time is over, its token is void, and it still waits."""
    RESUMED = "resumed"
    """It was answered."""
    EXPIRED = "expired"
    """Its time was over before anybody answered."""
    VOIDED = "voided"
    """The execution went on without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """The answer to a pause.

    Attributes:
        input: What was answered; None: nothing.
        actor: Who answered, as given with the write; empty when not given.
        time: When (UTC).
    """

    input: Document | None
    actor: str
    time: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """One pause of an execution. Its token is known to whoever paused alone.

    Attributes:
        namespace: Of its execution.
        execution_id: Its execution.
        pause_id: Names it among all pauses of the execution; no secret.
        status: Where it stands.
        member: The member that paused.
        reason: Why.
        data: What the person needs to see; None: nothing.
        create_time: When it was opened (UTC).
        expire_time: From when on the token is void and `on_expiry` happens
            (UTC).
        on_expiry: What becomes of it then.
        default_input: The answer that `ExpiryAction.RESUME` gives.
        actor: Who paused, as given with the write; empty when not given.
        resumption: The answer; None: there is none.
        execution: What is known of its execution where the pause was looked up
            or listed: all but its documents and its pauses. None where the
            pause stands in an `ExecutionState`.
    """

    namespace: str
    execution_id: str
    pause_id: str
    status: PauseStatus
    member: str
    reason: str
    data: Document | None
    create_time: dt.datetime
    expire_time: dt.datetime
    on_expiry: ExpiryAction
    default_input: Document | None
    actor: str
    resumption: Resumption | None
    execution: "ExecutionState | None" = field(default=None, compare=False, repr=False)

    @property
    def waits(self) -> bool:
        """Whether it still waits for an answer."""
        return self.status in (PauseStatus.OPEN, PauseStatus.OVERDUE)


@dataclass(kw_only=True)
class ExecutionState:
    """The state of an execution.

    Two states are equal when what the caller put into them is; what the server
    keeps beside the state (from `revision` on) does not count. A document that
    is None is absent, and that is not the same as an empty one.

    A state that came from `load` carries its revision, so saving it is
    compare-and-set; a successful save moves `revision`, `version` and
    `update_time` on.

    Attributes:
        status: Where it stands. A plain text of the same name is accepted.
        id: The execution's id; may be left empty when saving.
        input: What the execution was started with.
        context: What it carries along.
        member_outputs: What each member gave back, by the member's name.
        current_member: The member at work; None: absent.
        start_time: When it began, with a time zone; microseconds are kept.
            None when saving: keep the stored time, or take now.
        metadata: What others want to know about it.
        labels: For finding executions.
        schema_version: Version of the caller's own layout; None: absent.
        revision: Position of the last change in the log, the token of
            compare-and-set; None: not from the server.
        version: Number of changes since creation, from 1.
        create_time: When it was first saved (UTC).
        update_time: When this state was written (UTC).
        expire_time: From when on it reads as absent (UTC); None: never.
        pauses: Its pauses, the oldest first: all that wait, and of the others
            the 64 that were opened last.
        shared_state: The values of its shared state, where `load` was asked for
            `shared_state` by its name.
        partial: Whether it was loaded with `fields` and lacks the others; such
            a state cannot be saved, because that would remove them.
    """

    status: Status
    id: str = ""
    input: Document | None = None
    context: Document | None = None
    member_outputs: Document | None = None
    current_member: str | None = None
    start_time: dt.datetime | None = None
    metadata: Document | None = None
    labels: dict[str, str] = field(default_factory=dict)
    schema_version: str | None = None
    revision: int | None = field(default=None, compare=False)
    version: int | None = field(default=None, compare=False)
    create_time: dt.datetime | None = field(default=None, compare=False)
    update_time: dt.datetime | None = field(default=None, compare=False)
    expire_time: dt.datetime | None = field(default=None, compare=False)
    pauses: tuple[Pause, ...] = field(default=(), compare=False)
    shared_state: Document | None = field(default=None, compare=False)
    partial: bool = field(default=False, compare=False)
    # (seconds, nanoseconds) as they were read, where a datetime cannot hold
    # them: saving a state again must not cut what another client wrote.
    _start_time_exact: tuple[int, int] | None = field(default=None, compare=False, repr=False)


class StateFields(TypedDict, total=False):
    """The fields of a state by name; `ExecutionState` tells what they mean."""

    id: str
    status: Status | Literal["running", "waiting", "paused", "completed", "failed"]
    input: Mapping[str, Any] | None
    context: Mapping[str, Any] | None
    member_outputs: Mapping[str, Any] | None
    current_member: str | None
    start_time: dt.datetime | None
    metadata: Mapping[str, Any] | None
    labels: Mapping[str, str] | None
    schema_version: str | None


class DataclassInstance(Protocol):
    """An object of any dataclass, `ExecutionState` among them."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


State = StateFields | Mapping[str, Any] | DataclassInstance
"""What can be saved: fields by name, in a mapping or in a dataclass."""
