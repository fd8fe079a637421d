"""From a failed gRPC call to the error that callers see.

The service's own answers carry a google.rpc.Status in the trailer
`grpc-status-details-bin`; `_FACTS` is the one table of what it may tell.
Without that trailer the call failed on the way, and the message says where to.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from statekeeper import errors

DOMAIN = "statekeeper"
DETAILS_TRAILER = "grpc-status-details-bin"


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return errors.UNKNOWN_NUMBER


_Facts = Mapping[str, Callable[[str], Any]]

_FACTS: Mapping[type[errors.StateError], _Facts] = MappingProxyType(
    {
        errors.StateNotFoundError: {},
        errors.CheckpointNotFoundError: {"checkpoint": str},
        errors.ConflictError: {"expected": _number, "current": _number},
        errors.InvalidTokenError: {},
        errors.LockTimeoutError: {"owner": str, "expire_time": str},
        errors.LockedError: {"owner": str, "expire_time": str},
        errors.FencedError: {},
        errors.SerializationError: {"path": str},
        errors.InvalidRequestError: {},
        errors.StateTooLargeError: {"size": _number, "limit": _number},
        errors.SchemaViolationError: {"key": str, "path": str, "rule": str},
        errors.StateAccessDeniedError: {"member": str, "key": str},
        errors.RequestIdReusedError: {},
        errors.RevisionCompactedError: {"oldest_revision": _number},
        errors.OverloadedError: {},
        errors.StorageFullError: {},
        errors.StorageError: {},
        errors.BackupFailedError: {},
    }
)

BY_REASON: Mapping[str, type[errors.StateError]] = MappingProxyType(
    {cls.default_code: cls for cls in _FACTS}
)

_BY_STATUS: Mapping[grpc.StatusCode, type[errors.StateError]] = MappingProxyType(
    {
        grpc.StatusCode.UNAVAILABLE: errors.UnavailableError,
        grpc.StatusCode.DEADLINE_EXCEEDED: errors.DeadlineExceededError,
        grpc.StatusCode.CANCELLED: errors.CallCancelledError,
        grpc.StatusCode.UNAUTHENTICATED: errors.UnauthenticatedError,
        grpc.StatusCode.UNIMPLEMENTED: errors.UnimplementedError,
        grpc.StatusCode.INTERNAL: errors.InternalError,
    }
)


@dataclass(frozen=True, slots=True)
class CallSite:
    """Where a call went, for messages and for errors that do not say.

    Attributes:
        target: The server's address as the client was given it.
        timeout_s: How long the call was allowed to take.
        namespace: Of the execution that was asked for.
        execution_id: The execution that was asked for.
    """

    target: str
    timeout_s: float
    namespace: str
    execution_id: str


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call ended, the same for both kinds of gRPC channel."""

    status: grpc.StatusCode
    details: str
    trailers: Iterable[tuple[str, str | bytes]]


def failure_of_call(error: grpc.RpcError) -> Failure:
    """Gives how a call of a sync channel ended."""
    # Every RpcError that a call raises is a Call as well.
    if not isinstance(error, grpc.Call):
        return Failure(grpc.StatusCode.UNKNOWN, str(error), ())
    return Failure(error.code(), error.details() or "", error.trailing_metadata() or ())


def to_state_error(failure: Failure, site: CallSite) -> errors.StateError:
    """Gives the error to raise for a failed call."""
    told = _told(failure)
    return _transport_error(failure, site) if told is None else _service_error(told, site)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the service told about a failed call."""

    message: str
    info: error_details_pb2.ErrorInfo
    request: error_details_pb2.BadRequest
    retry: error_details_pb2.RetryInfo


def _told(failure: Failure) -> _Told | None:
    raw = next((value for key, value in failure.trailers if key == DETAILS_TRAILER), None)
    if not isinstance(raw, bytes):
        return None
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    try:
        status = status_pb2.Status.FromString(raw)
        for detail in status.details:
            for kind in (info, request, retry):
                if detail.Is(kind.DESCRIPTOR):
                    detail.Unpack(kind)
    except DecodeError:
        return None
    if info.domain != DOMAIN:
        return None
    return _Told(status.message or failure.details, info, request, retry)


def _service_error(told: _Told, site: CallSite) -> errors.StateError:
    metadata = dict(told.info.metadata)
    facts: errors.ErrorFacts = {
        "namespace": metadata.get("namespace", site.namespace),
        "execution_id": metadata.get("execution_id", site.execution_id),
        "metadata": metadata,
    }
    cls = BY_REASON.get(told.info.reason)
    if cls is None:
        return errors.StateError(told.message, code=told.info.reason, **facts)
    if cls is errors.InvalidRequestError:
        return _invalid_request(told, facts)
    if cls is errors.OverloadedError:
        return errors.OverloadedError(told.message, retry_after=_delay(told.retry), **facts)
    own = {name: read(metadata[name]) for name, read in _FACTS[cls].items() if name in metadata}
    return cls(told.message, **own, **facts)


# Where a request has what callers give by itself: `key.namespace`, `options.ttl`.
_PARTS = re.compile(r"^((?:operations\[\d+\]\.\w+\.)?)(?:key|options|state|changes)\.")


def _invalid_request(told: _Told, facts: errors.ErrorFacts) -> errors.InvalidRequestError:
    """The fields by the names that callers know, which are those of arguments and states."""
    message, fields = told.message, []
    for violation in told.request.field_violations:
        name = _PARTS.sub(r"\1", violation.field)
        fields.append((name, violation.description))
        message = message.replace(f"{violation.field}: ", f"{name}: ", 1)
    return errors.InvalidRequestError(message, fields=fields, **facts)


def _delay(retry: error_details_pb2.RetryInfo) -> dt.timedelta | None:
    return retry.retry_delay.ToTimedelta() if retry.HasField("retry_delay") else None


def _transport_error(failure: Failure, site: CallSite) -> errors.StateError:
    facts: errors.ErrorFacts = {"namespace": site.namespace, "execution_id": site.execution_id}
    status, target = failure.status, site.target
    if status is grpc.StatusCode.DEADLINE_EXCEEDED:
        message = f"no answer from {target} within {site.timeout_s:g} s"
    elif status is grpc.StatusCode.UNAVAILABLE:
        message = f"cannot reach statekeeper at {target}: {_cause(failure.details)}"
    elif status is grpc.StatusCode.CANCELLED:
        message = f"the call to {target} was cancelled: {failure.details or 'no reason given'}"
    else:
        message = f"{target} answered {status.name}: {failure.details or 'no reason given'}"
    cls = _BY_STATUS.get(status)
    if cls is None:
        return errors.StateError(message, code=status.name, **facts)
    return cls(message, **facts)


# What gRPC writes for people who know its inside, by what it means.
_CAUSES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"connection refused", re.IGNORECASE), "connection refused"),
    (re.compile(r"errors resolving|resolution failed", re.IGNORECASE), "unknown host name"),
    (re.compile(r"certificate.verify.failed", re.IGNORECASE), "its certificate is not trusted"),
    (re.compile(r"tls handshake failed|ssl_error", re.IGNORECASE), "TLS handshake failed"),
    (re.compile(r"expected settings frame", re.IGNORECASE), "what listens there is no gRPC server"),
    (re.compile(r"no such file", re.IGNORECASE), "no such socket file"),
    (re.compile(r"unreachable|no route to host", re.IGNORECASE), "network unreachable"),
    (re.compile(r"timed out|timeout", re.IGNORECASE), "connecting timed out"),
    (re.compile(r"reset by peer|socket closed|broken pipe", re.IGNORECASE), "connection lost"),
)


def _cause(details: str) -> str:
    for pattern, sentence in _CAUSES:
        if pattern.search(details):
            return sentence
    return details or "no reason given"
