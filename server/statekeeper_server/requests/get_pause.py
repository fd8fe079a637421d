"""What makes a GetPauseRequest valid."""

from collections.abc import Callable

from statekeeper.v1.pause_requests_pb2 import GetPauseRequest
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.get_pause import GetPause
from statekeeper_server.operations.tokens import Token
from statekeeper_server.requests.fields import check_key
from statekeeper_server.requests.resume import check_target


def check_get_pause(
    request: GetPauseRequest, execution_of: Callable[[Token], ExecutionKey]
) -> GetPause:
    """Check a GetPauseRequest; `execution_of` tells whose a token is."""
    if request.HasField("key") or not request.token:
        key = check_key(request.key)
    else:
        key = execution_of(Token.of(request.token))
    target = request.WhichOneof("target")
    return GetPause(key, *check_target(target, request.token, request.pause_id))
