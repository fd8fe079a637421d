"""Everything the client raises about a call.

::

    StateError                     any of the below, and reasons yet unknown
    ├── StateNotFoundError         the execution does not exist
    ├── CheckpointNotFoundError    the checkpoint does not exist
    ├── ConflictError              someone else wrote since: load again and retry
    ├── InvalidTokenError          the token is unknown, spent or expired; or there is no such pause
    ├── LockTimeoutError           the lock was not granted in time
    ├── LockedError                someone else holds the lock
    ├── FencedError                the lock under which is written is lost
    ├── SerializationError         a value cannot be encoded or decoded
    ├── InvalidRequestError        the call is malformed; names the fields
    ├── StateTooLargeError         never worth a retry
    ├── SchemaViolationError       a value does not fit its schema
    ├── StateAccessDeniedError     the member may not touch the key
    ├── RequestIdReusedError       the request_id was used for another write
    ├── RevisionCompactedError     that revision is no longer kept whole
    ├── OverloadedError            try again after `retry_after`
    ├── StorageFullError           writes are refused, reads and deletes served
    ├── StorageError               the storage is down: repeat with the request_id
    ├── BackupFailedError          the backup cannot be made; the message says why
    │
    ├── UnavailableError           the server cannot be reached
    ├── DeadlineExceededError      no answer in time; a write may have happened
    ├── WaitTimeoutError           what was waited for did not come; a TimeoutError too
    ├── CallCancelledError         the client was closed under the call
    ├── UnauthenticatedError       the server does not accept the credentials
    ├── UnimplementedError         the server does not know this call
    └── InternalError              the server failed; its log tells more

The first group are the service's own answers, one class for each name of
`ErrorReason`; the second is for what got no such answer. What is refused
before it is sent raises the same class as if the server had refused it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypedDict, Unpack

UNKNOWN_NUMBER = -1
"""Stands for a number the server did not tell; never a valid revision or size."""


class ErrorFacts(TypedDict, total=False):
    """What every error can carry."""

    execution_id: str
    namespace: str
    metadata: Mapping[str, str]


class StateError(Exception):
    """A call that did not succeed.

    Attributes:
        code: The reason's name, the same in every language: `CONFLICT`.
        message: A sentence for people.
        execution_id: The execution that was asked for; empty when unknown.
        namespace: Its namespace; empty when unknown.
        metadata: All facts the server gave, as text.
    """

    default_code: ClassVar[str] = "UNKNOWN"

    def __init__(
        self, message: str = "", *, code: str | None = None, **facts: Unpack[ErrorFacts]
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.execution_id = facts.get("execution_id", "")
        self.namespace = facts.get("namespace", "")
        self.metadata = dict(facts.get("metadata", {}))

    def __str__(self) -> str:
        if not self.execution_id:
            return f"{self.code}: {self.message}"
        return f"{self.code}: {self.message} [{self.namespace}/{self.execution_id}]"

    # Errors cross process borders (multiprocessing, task queues). The default
    # would call the constructor with the message alone and lose the facts.
    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(
    cls: type[StateError], args: tuple[Any, ...], attributes: dict[str, Any]
) -> StateError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(attributes)
    return error


class StateNotFoundError(StateError):
    """The execution does not exist, or has expired."""

    default_code = "STATE_NOT_FOUND"


class CheckpointNotFoundError(StateError):
    """The checkpoint does not exist.

    Attributes:
        checkpoint: Its name.
    """

    default_code = "CHECKPOINT_NOT_FOUND"

    def __init__(
        self, message: str = "", *, checkpoint: str = "", **facts: Unpack[ErrorFacts]
    ) -> None:
        super().__init__(message, **facts)
        self.checkpoint = checkpoint


class ConflictError(StateError):
    """The execution is not at the expected revision: load again and retry.

    Attributes:
        expected: The revision that was expected; 0: none at all.
        current: The revision it has; 0: it does not exist. -1: not told.
    """

    default_code = "CONFLICT"

    def __init__(
        self,
        message: str = "",
        *,
        expected: int = UNKNOWN_NUMBER,
        current: int = UNKNOWN_NUMBER,
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.expected = expected
        self.current = current


class InvalidTokenError(StateError):
    """The token is unknown, spent, expired or of another execution.

    Where a `pause_id` was given: the execution has no such pause, or it does not wait.
    """

    default_code = "INVALID_TOKEN"


class _HolderError(StateError):
    """Someone else holds the lock.

    Attributes:
        owner: Who; empty when not told.
        expire_time: When the lease ends (RFC 3339); empty when not told.
    """

    def __init__(
        self,
        message: str = "",
        *,
        owner: str = "",
        expire_time: str = "",
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.owner = owner
        self.expire_time = expire_time


class LockTimeoutError(_HolderError):
    """The lock was not granted in time, because someone else holds it.

    Attributes:
        owner: Who; empty when not told.
        expire_time: When the lease ends (RFC 3339); empty when not told.
    """

    default_code = "LOCK_TIMEOUT"


class LockedError(_HolderError):
    """Someone else holds the lock, exclusively where it is a write that is refused.

    Attributes:
        owner: Who; empty when not told.
        expire_time: When the lease ends (RFC 3339); empty when not told.
    """

    default_code = "LOCKED"


class FencedError(StateError):
    """The lock under which is written is no longer held: its lease was over."""

    default_code = "FENCED"


class SerializationError(StateError):
    """A value cannot be encoded, or cannot be decoded here.

    Attributes:
        path: Where it stands: `context.user.tags[3]`.
    """

    default_code = "SERIALIZATION_ERROR"

    def __init__(self, message: str = "", *, path: str = "", **facts: Unpack[ErrorFacts]) -> None:
        super().__init__(message, **facts)
        self.path = path


class InvalidRequestError(StateError):
    """The call is malformed.

    Attributes:
        fields: What is wrong, as (field, sentence). A field is named as the argument is,
            or as what is wrong in a state: `namespace`, `ttl`, `labels["team"]`.
    """

    default_code = "INVALID_REQUEST"

    def __init__(
        self,
        message: str = "",
        *,
        fields: Sequence[tuple[str, str]] = (),
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.fields = list(fields)


class StateTooLargeError(StateError):
    """The state, or the message that carries it, is larger than allowed.

    Attributes:
        size: Its size in bytes; -1: not told.
        limit: What is allowed, in bytes; -1: not told.
    """

    default_code = "STATE_TOO_LARGE"

    def __init__(
        self,
        message: str = "",
        *,
        size: int = UNKNOWN_NUMBER,
        limit: int = UNKNOWN_NUMBER,
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.size = size
        self.limit = limit


class SchemaViolationError(StateError):
    """A value does not fit its schema.

    Attributes:
        key: The key of the shared state.
        path: Where in its value.
        rule: The rule that is broken: `minLength`.
    """

    default_code = "SCHEMA_VIOLATION"

    def __init__(
        self,
        message: str = "",
        *,
        key: str = "",
        path: str = "",
        rule: str = "",
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.key = key
        self.path = path
        self.rule = rule


class StateAccessDeniedError(StateError):
    """The member may not touch the key.

    Attributes:
        member: Who wanted to.
        key: What.
    """

    default_code = "STATE_ACCESS_DENIED"

    def __init__(
        self, message: str = "", *, member: str = "", key: str = "", **facts: Unpack[ErrorFacts]
    ) -> None:
        super().__init__(message, **facts)
        self.member = member
        self.key = key


class RequestIdReusedError(StateError):
    """The request_id was used for another write before."""

    default_code = "REQUEST_ID_REUSED"


class RevisionCompactedError(StateError):
    """The state at that revision is no longer kept whole.

    Attributes:
        oldest_revision: The oldest one that is; -1: not told.
    """

    default_code = "REVISION_COMPACTED"

    def __init__(
        self,
        message: str = "",
        *,
        oldest_revision: int = UNKNOWN_NUMBER,
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.oldest_revision = oldest_revision


class OverloadedError(StateError):
    """Too much is waiting in the server, even after the client's own retries.

    Attributes:
        retry_after: How long to wait before the next attempt; None: not told.
    """

    default_code = "OVERLOADED"

    def __init__(
        self,
        message: str = "",
        *,
        retry_after: dt.timedelta | None = None,
        **facts: Unpack[ErrorFacts],
    ) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class StorageFullError(StateError):
    """The server has no room left: writes are refused, reads and deletes served."""

    default_code = "STORAGE_FULL"


class StorageError(StateError):
    """The storage is out of service after an I/O error.

    Whether a write was kept is not known: repeat it with its request_id.
    """

    default_code = "STORAGE_ERROR"


class BackupFailedError(StateError):
    """The backup cannot be made; the message says why."""

    default_code = "BACKUP_FAILED"


class UnavailableError(StateError):
    """The server cannot be reached."""

    default_code = "UNAVAILABLE"


class DeadlineExceededError(StateError):
    """No answer came in time. Whether a write was done is not known."""

    default_code = "DEADLINE_EXCEEDED"


class WaitTimeoutError(StateError, TimeoutError):
    """What was waited for did not come in time.

    Attributes:
        status: The last status that was seen; empty when there is no execution.
    """

    default_code = "WAIT_TIMEOUT"

    def __init__(self, message: str = "", *, status: str = "", **facts: Unpack[ErrorFacts]) -> None:
        super().__init__(message, **facts)
        self.status = status


class CallCancelledError(StateError):
    """The call was given up, as a rule because the client was closed under it."""

    default_code = "CANCELLED"


class UnauthenticatedError(StateError):
    """The server does not accept the credentials."""

    default_code = "UNAUTHENTICATED"


class UnimplementedError(StateError):
    """The server does not know this call: it is older than the client."""

    default_code = "UNIMPLEMENTED"


class InternalError(StateError):
    """The server failed in a way it does not explain to callers; its log does."""

    default_code = "INTERNAL"
