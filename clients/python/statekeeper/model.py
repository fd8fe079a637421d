"""What callers see of an execution: its state, and what a write did."""

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


class EventKind(enum.StrEnum):
    """What happened to an execution."""

    SAVED = "saved"
    """The whole state was written."""
    UPDATED = "updated"
    """Parts of the state were written."""
    DELETED = "deleted"
    """The execution was removed."""
    UNKNOWN = "unknown"
    """Something this client is too old to know."""


Document = dict[str, Any]
"""Values by key: what JSON can hold, or `bytes` as a whole value."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What a write did.

    Attributes:
        namespace: Of the execution written.
        execution_id: The execution written.
        revision: Its revision now: the value to expect next. For a delete, the
            deletion's position in the log; 0 when nothing was there.
        version: Changes since creation, this one included; 0 after a delete.
        update_time: When it was written (UTC).
        replayed: Whether this is the first result again, for a repeated
            request_id.
        warnings: Sentences for people: what was done but had better be changed.
    """

    namespace: str
    execution_id: str
    revision: int
    version: int
    update_time: dt.datetime
    replayed: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult(WriteResult):
    """What a delete did.

    Attributes:
        existed: Whether there was anything to remove.
    """

    existed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One change of an execution, without the values.

    Attributes:
        revision: Position of the change in the log.
        version: Number of the change since creation, from 1.
        time: When it was written (UTC).
        kind: What was done.
        status: The status after the change; None: there is none.
        changed: What really changed: `status`, `context.userId`.
        actor: Who wrote, as given with the write; empty when not given.
    """

    revision: int
    version: int
    time: dt.datetime
    kind: EventKind
    status: Status | None
    changed: tuple[str, ...]
    actor: str
