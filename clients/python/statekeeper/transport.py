"""How calls travel: the channel's options, retries, limits and deadlines.

Retries are gRPC's own. All RPCs are safe to repeat: reads change nothing, and
every write carries a request_id. The server decides for how long: it sends the
trailer `grpc-retry-pushback-ms` with a delay when it is overloaded, and -1
when a retry would be of no use.
"""

import json
import random
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import grpc
from google.protobuf.message import EncodeError, Message

from statekeeper.arguments import checked_target, invalid
from statekeeper.calls import Call, Following
from statekeeper.errors import (
    CallCancelledError,
    DeadlineExceededError,
    InternalError,
    InvalidRequestError,
    OverloadedError,
    StateError,
    StateTooLargeError,
    StorageError,
    UnavailableError,
)
from statekeeper.rpc_errors import CallSite, Failure, to_state_error
from statekeeper.times import Span, to_timedelta
from statekeeper.v1.watch_pb2 import WatchResponse

_StreamT_co = TypeVar("_StreamT_co", covariant=True)

TARGET_DEFAULT = "127.0.0.1:7460"
TIMEOUT_DEFAULT = timedelta(seconds=10)
CLOSED = "this client is closed"
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
_ROOM_BYTES = 64 * 1024
_ATTEMPTS_MAX = 5
_BACKOFF_S = 0.1
_BACKOFF_S_MAX = 2.0
# For how long a server that was never heard of is looked for.
FIND_S = 1.5

SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [
                    {"service": "statekeeper.v1.StateManager"},
                    {"service": "statekeeper.v1.SharedState"},
                ],
                "retryPolicy": {
                    "maxAttempts": _ATTEMPTS_MAX,
                    "initialBackoff": f"{_BACKOFF_S:g}s",
                    "maxBackoff": f"{_BACKOFF_S_MAX:g}s",
                    "backoffMultiplier": 2,
                    # CANCELLED is what a server that stops says to the calls it
                    # cuts off; a call cancelled on this side is not repeated.
                    "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED"],
                },
            },
            # Streams go on by themselves, from where they are. gRPC would keep all that was
            # sent in one, and has been seen to leave one hanging after its last attempt.
            {
                "name": [
                    {"service": "statekeeper.v1.StateManager", "method": "Pipeline"},
                    {"service": "statekeeper.v1.StateManager", "method": "Watch"},
                ]
            },
        ]
    }
)

CHANNEL_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.service_config", SERVICE_CONFIG),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX + _ROOM_BYTES),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX + _ROOM_BYTES),
    # Above this (256 KiB unless said otherwise) a request is not retried, and
    # nothing tells so.
    ("grpc.per_rpc_retry_buffer_size", 2 * MESSAGE_BYTES_MAX),
    # A dead connection is noticed even while nobody calls.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A server that restarts is found again within a second of its return; an
    # address that swallows packets is told after three.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.min_reconnect_backoff_ms", 3_000),
    # Clients of one process share neither a connection nor its back-off.
    ("grpc.use_local_subchannel_pool", 1),
)


# How a stream ends that has no end of its own, where the server gives no reason.
ENDED = Failure(grpc.StatusCode.UNAVAILABLE, "the server has ended the stream", ())
# How what is under way ends when the client is closed.
GONE = Failure(grpc.StatusCode.CANCELLED, CLOSED, ())


def silence(wait_s: float) -> Failure:
    """Tells that a stream has ended because it was silent."""
    details = f"nothing was heard of it for {wait_s:g} s"
    return Failure(grpc.StatusCode.UNAVAILABLE, details, ())


# What a call ends in without a word from the server.
UNHEARD = (UnavailableError, DeadlineExceededError, CallCancelledError)


class Route:
    """Where a client's calls go and how long they may take.

    Attributes:
        target: The server's address.
        timeout_s: How long a call may take, its retries included, where it
            does not wait for someone.
        answered: Whether the server was ever heard of. Until then a call to a
            wrong address fails at once; from then on a server that is away is
            taken to be restarting, and waited for until the deadline.
    """

    def __init__(self, target: str, timeout: Span) -> None:
        self.target = checked_target(target)
        self.timeout_s = to_timedelta(timeout, "timeout").total_seconds()
        if self.timeout_s == 0:
            raise invalid("timeout", "must be more than zero")
        self.answered = False

    def hear(self) -> None:
        """Notes that the server was heard of."""
        self.answered = True

    @property
    def patience_s(self) -> float:
        """For how many seconds to look for a server that cannot be reached."""
        return self.timeout_s if self.answered else FIND_S

    def timeout_of(self, call: Call[Any, Any]) -> float:
        """Gives the seconds that a call may take, its retries included."""
        return min(self.timeout_s + call.wait_s, call.timeout_s_max)

    def translate(self, failure: Failure, call: Call[Any, Any]) -> StateError:
        """Gives the error to raise for a failed call."""
        at = call.execution
        site = CallSite(self.target, self.timeout_of(call), at.namespace, at.execution_id)
        error = to_state_error(failure, site)
        if not isinstance(error, UNHEARD):
            self.answered = True
        return error


class _Channel(Protocol[_StreamT_co]):
    """A channel of either kind, with the streams that it opens."""

    closed: bool
    route: Route

    def open(self, call: Call[Any, WatchResponse]) -> _StreamT_co:
        """Opens the stream of a call. Raises RuntimeError."""
        ...


def open_next(channel: _Channel[_StreamT_co], following: Following) -> _StreamT_co:
    """Opens the first stream of a watch, or the next.

    Raises:
        CallCancelledError: The channel was closed since the stream before.
        RuntimeError: The channel is closed, and there was none before.
    """
    call = following.call()
    try:
        return channel.open(call)
    except RuntimeError as error:
        if following.trouble is None or not channel.closed:
            raise
        # For who watches, it is no different from a stream that is cut off.
        raise channel.route.translate(GONE, call) from error


def check_credentials(credentials: object) -> None:
    """Refuses what is neither credentials of gRPC nor None.

    Raises:
        InvalidRequestError: It is something else.
    """
    if credentials is not None and not isinstance(credentials, grpc.ChannelCredentials):
        told = f"must be grpc.ChannelCredentials or None, not {type(credentials).__name__}"
        raise invalid("credentials", told)


def retry_delay_s(error: StateError, attempt: int) -> float | None:
    """Gives the seconds after which a call is worth another try; None: it is not.

    As gRPC does by the service config, for what does not travel as a call of its own.
    """
    if attempt >= _ATTEMPTS_MAX:
        return None
    if isinstance(error, OverloadedError) and error.retry_after is not None:
        return error.retry_after.total_seconds()
    if isinstance(error, StorageError):
        return min(_BACKOFF_S * 2.0 ** (attempt - 1), _BACKOFF_S_MAX) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return None


def has_no_room(error: object) -> bool:
    """Tells whether a call has to be sent alone: its answer does not fit among others."""
    return isinstance(error, InvalidRequestError) and any(
        field == "operation" for field, _ in error.fields
    )


def may_be_done(error: BaseException) -> bool:
    """Tells whether a call that failed like this may have been done all the same."""
    if isinstance(error, StateError):
        return isinstance(error, (*UNHEARD, InternalError, StorageError))
    return True


def check_size(call: Call[Any, Any]) -> int:
    """Refuses what the server would not receive, and gives the size of what it would.

    Raises:
        StateTooLargeError: The message is larger than 16 MiB.
    """
    size = _size(call.request)
    if size > MESSAGE_BYTES_MAX:
        raise StateTooLargeError(
            f"the request has {size} bytes, and a message may have {MESSAGE_BYTES_MAX}",
            size=size,
            limit=MESSAGE_BYTES_MAX,
            namespace=call.execution.namespace,
            execution_id=call.execution.execution_id,
        )
    return size


def _size(request: Message) -> int:
    try:
        return request.ByteSize()
    except EncodeError:
        # Protobuf's own limit of 2 GiB.
        return 2**31
