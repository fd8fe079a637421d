"""What makes a ResumeRequest valid."""

from collections.abc import Callable

from statekeeper.v1.pause_requests_pb2 import ResumeRequest
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey, PauseNumber
from statekeeper_server.limits import OVERHEAD_BYTES, StateLimits
from statekeeper_server.operations.resume import Resume
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.documents import check_document
from statekeeper_server.requests.fields import check_key, check_options

_NO_PAUSE = PauseNumber(0, 0)


def check_resume(
    request: ResumeRequest, limits: StateLimits, execution_of: Callable[[Token], ExecutionKey]
) -> Resume:
    """Check a ResumeRequest; `execution_of` tells whose a token is."""
    key = key_of_resume(request, execution_of)
    options = check_options(request, key)
    if options.mark is not None and not request.HasField("key"):
        mark = options.mark._replace(token_hash=Token.of(request.token).hash)
        options = options._replace(mark=mark)
    return take_resume(request, key, options, limits)


def key_of_resume(
    request: ResumeRequest, execution_of: Callable[[Token], ExecutionKey]
) -> ExecutionKey:
    """The execution, which a token leads to."""
    if request.HasField("key") or not request.token:
        return check_key(request.key)
    return execution_of(Token.of(request.token))


def take_resume(
    request: ResumeRequest, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> Resume:
    """Check what is particular to it."""
    token, number = check_target(request.WhichOneof("target"), request.token, request.pause_id)
    value = check_document("input", request.input, limits) if request.HasField("input") else None
    stored_bytes = OVERHEAD_BYTES + (0 if value is None else value.stored_bytes)
    return Resume(key, options, token, number, value, stored_bytes)


def check_target(
    target: str | None, token: str, pause_id: str
) -> tuple[Token | None, PauseNumber | None]:
    """Which pause is meant. What cannot be a token or a pause is like one that is not there."""
    if target is None:
        raise invalid("token", "is missing: either a token or a pause_id is needed")
    if not (token or pause_id):
        raise invalid(target, "is empty")
    if target == "token":
        return Token.of(token), None
    return None, PauseNumber.parse(pause_id) or _NO_PAUSE
