"""Why an operation is refused. Each error carries its data; none knows about gRPC.

StateError
├── StateNotFoundError       the execution does not exist
├── CheckpointNotFoundError  checkpoint: there is none of this name
├── ConflictError            expected, current: the revision is another one
├── InvalidTokenError        the token resumes nothing
├── LockedError              owner, expire_time_us: someone else holds the lock
├── FencedError              the fencing token is not that of the lock
├── SerializationError       path: a value is not JSON
├── InvalidRequestError      violations: what is malformed, field by field
├── StateTooLargeError       size_bytes, limit_bytes
├── SchemaViolationError     key, path, rule: a value does not fit its schema
├── StateAccessDeniedError   member, key: it may not write it
├── RequestIdReusedError     the request_id belongs to another write
├── RevisionCompactedError   oldest_revision: what is older is not kept whole
├── OverloadedError          retry_after_s, resume_token: too much is waiting
├── StorageFullError         no room is left for writes
├── StorageError             resume_token: the shard is out of service
└── BackupFailedError        the backup cannot be made

The reasons are those of `statekeeper.v1.ErrorReason`; `status.py` gives each its
gRPC status.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

_EPOCH = datetime.fromtimestamp(0, UTC)


class StateError(Exception):
    """An operation was refused, and nothing was changed."""

    reason: ClassVar[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def metadata(self) -> Mapping[str, str]:
        """The error's data as it goes to the caller."""
        return {}


class StateNotFoundError(StateError):
    """The execution does not exist, or has expired."""

    reason = "STATE_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("there is no state for this execution")


class CheckpointNotFoundError(StateError):
    """The execution has no checkpoint of this name."""

    reason = "CHECKPOINT_NOT_FOUND"

    def __init__(self, checkpoint: str) -> None:
        super().__init__(f"the execution has no checkpoint {checkpoint!r}")
        self.checkpoint = checkpoint

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"checkpoint": self.checkpoint}


class ConflictError(StateError):
    """The execution is not at the revision that the caller expects."""

    reason = "CONFLICT"

    def __init__(self, expected: int, current: int) -> None:
        if current == 0:
            text = f"expected revision {expected}, but the execution does not exist"
        elif expected == 0:
            text = f"expected no execution, but it exists at revision {current}"
        else:
            text = f"expected revision {expected}, but the execution is at {current}"
        super().__init__(text)
        self.expected = expected
        self.current = current

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"expected": str(self.expected), "current": str(self.current)}


class InvalidTokenError(StateError):
    """The token resumes nothing. Why is not told, so that nothing can be probed (B30).

    Args:
        message: where it is not a token that was given, but the id of a pause.
    """

    reason = "INVALID_TOKEN"

    def __init__(
        self, message: str = "the token is unknown, spent, expired or another execution's"
    ) -> None:
        super().__init__(message)


class LockedError(StateError):
    """Someone else holds the lock."""

    reason = "LOCKED"

    def __init__(self, owner: str, expire_time_us: int) -> None:
        self.owner = owner
        self.expire_time_us = expire_time_us
        super().__init__(f"{owner!r} holds the lock until {self._expire_time}")

    @property
    def _expire_time(self) -> str:
        return (_EPOCH + timedelta(microseconds=self.expire_time_us)).isoformat()

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"owner": self.owner, "expire_time": self._expire_time}


class FencedError(StateError):
    """The fencing token is not that of the lock as it is held now."""

    reason = "FENCED"

    def __init__(self) -> None:
        super().__init__(
            "the fencing token is not that of the lock as it is held now: the lease is over, "
            "or the lock was released"
        )


class SerializationError(StateError):
    """A value is not JSON."""

    reason = "SERIALIZATION_ERROR"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem

    def below(self, place: str) -> "SerializationError":
        """The same error, of a request that stands at a place of a larger one."""
        return SerializationError(f"{place}.{self.path}", self.problem)

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"path": self.path}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """What is wrong with one field of a request."""

    field: str
    description: str


class InvalidRequestError(StateError):
    """The request is malformed."""

    reason = "INVALID_REQUEST"

    def __init__(self, *violations: FieldViolation) -> None:
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))
        self.violations = violations

    def below(self, place: str) -> "InvalidRequestError":
        """The same error, of a request that stands at a place of a larger one."""
        return InvalidRequestError(
            *(
                FieldViolation(f"{place}.{v.field}" if v.field else place, v.description)
                for v in self.violations
            )
        )


def invalid(field: str, description: str) -> InvalidRequestError:
    """The error for one malformed field."""
    return InvalidRequestError(FieldViolation(field, description))


class StateTooLargeError(StateError):
    """The state would be larger than allowed."""

    reason = "STATE_TOO_LARGE"

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(
            f"the state would take {size_bytes} bytes, the limit is {limit_bytes}: "
            "keep large values elsewhere and store references"
        )
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"size": str(self.size_bytes), "limit": str(self.limit_bytes)}


class SchemaViolationError(StateError):
    """A value of the shared state does not fit its schema."""

    reason = "SCHEMA_VIOLATION"

    def __init__(self, message: str, key: str, path: str, rule: str) -> None:
        super().__init__(message)
        self.key = key
        self.path = path
        self.rule = rule

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"key": self.key, "path": self.path, "rule": self.rule}


class StateAccessDeniedError(StateError):
    """A member has not declared that it writes a key of the shared state."""

    reason = "STATE_ACCESS_DENIED"

    def __init__(self, message: str, member: str, key: str) -> None:
        super().__init__(message)
        self.member = member
        self.key = key

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"member": self.member, "key": self.key}


class RequestIdReusedError(StateError):
    """The request_id was used for another write."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self) -> None:
        super().__init__("this request_id was used for another write of this execution")


class RevisionCompactedError(StateError):
    """The state at a revision, or the log from there on, is not kept whole any more.

    Args:
        text: what is not there, and why.
        oldest_revision: the oldest one from which on it is.
    """

    reason = "REVISION_COMPACTED"

    def __init__(self, text: str, oldest_revision: int) -> None:
        super().__init__(f"{text}; the oldest kept revision is {oldest_revision}")
        self.oldest_revision = oldest_revision

    @property
    def metadata(self) -> Mapping[str, str]:
        return {"oldest_revision": str(self.oldest_revision)}


class OverloadedError(StateError):
    """Too much is waiting already."""

    reason = "OVERLOADED"

    def __init__(self, what: str, retry_after_s: float = 0.1, resume_token: str = "") -> None:
        super().__init__(f"{what}: try again in {retry_after_s:g} s")
        self.retry_after_s = retry_after_s
        self.resume_token = resume_token

    @property
    def metadata(self) -> Mapping[str, str]:
        return _resume_from(self.resume_token)


class StorageFullError(StateError):
    """No room is left; reads and deletes are still served."""

    reason = "STORAGE_FULL"

    def __init__(self) -> None:
        super().__init__(
            "no room is left in the data folder: delete executions, "
            "free the disk or raise the map size"
        )


class StorageError(StateError):
    """The shard is out of service after an I/O error, or the server is stopping."""

    reason = "STORAGE_ERROR"

    def __init__(self, problem: str, resume_token: str = "") -> None:
        super().__init__(problem)
        self.resume_token = resume_token

    @property
    def metadata(self) -> Mapping[str, str]:
        return _resume_from(self.resume_token)


class BackupFailedError(StateError):
    """The backup cannot be made, and there is none of this name by this call."""

    reason = "BACKUP_FAILED"

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


def _resume_from(token: str) -> Mapping[str, str]:
    """Of an error that ends a watch: where to resume from."""
    return {"resume_token": token} if token else {}
