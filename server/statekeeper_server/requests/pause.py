"""What makes a PauseRequest valid."""

from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_FAIL,
    EXPIRY_ACTION_RESUME,
    EXPIRY_ACTION_UNSPECIFIED,
    ExpiryAction,
    Pause,
)
from statekeeper.v1.pause_requests_pb2 import PauseRequest
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import OVERHEAD_BYTES, REASON_BYTES_MAX, StateLimits
from statekeeper_server.operations.pause import OpeningPause
from statekeeper_server.operations.times import to_us
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.documents import check_document
from statekeeper_server.requests.fields import check_key, check_options, check_text, check_time

_ACTIONS = frozenset(ExpiryAction.values())
_ACTION_NAMES = ", ".join(name for name, number in ExpiryAction.items() if number)


def check_pause(request: PauseRequest, limits: StateLimits) -> OpeningPause:
    """Check a PauseRequest."""
    key = check_key(request.key)
    return take_pause(request, key, check_options(request, key), limits)


def take_pause(
    request: PauseRequest, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> OpeningPause:
    """Check what is particular to it."""
    pause = Pause(
        member=check_text("member", request.member),
        reason=check_text("reason", request.reason, REASON_BYTES_MAX),
        on_expiry=_check_action(request),
    )
    expire_time_us = None
    if request.HasField("expire_time"):
        check_time("expire_time", request.expire_time)
        expire_time_us = to_us(request.expire_time)
    data = default_input = None
    if request.HasField("data"):
        data = check_document("data", request.data, limits)
        pause.data.SetInParent()
    if request.HasField("default_input"):
        default_input = check_document("default_input", request.default_input, limits)
        pause.default_input.SetInParent()
    return OpeningPause(
        key,
        options,
        pause,
        Token.new(key),
        expire_time_us,
        data,
        default_input,
        OVERHEAD_BYTES + _size(data) + _size(default_input),
    )


def _check_action(request: PauseRequest) -> ExpiryAction:
    action = request.on_expiry
    if action not in _ACTIONS:
        raise invalid("on_expiry", f"{action} is no action; they are {_ACTION_NAMES}")
    if request.HasField("default_input") and action != EXPIRY_ACTION_RESUME:
        raise invalid("default_input", "is for EXPIRY_ACTION_RESUME alone")
    return EXPIRY_ACTION_FAIL if action == EXPIRY_ACTION_UNSPECIFIED else action


def _size(entry: EncodedEntry | None) -> int:
    return 0 if entry is None else entry.stored_bytes
