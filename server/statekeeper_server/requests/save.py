"""What makes a SaveRequest valid."""

from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.save import Save
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.fields import check_key, check_options
from statekeeper_server.requests.state import take_values


def check_save(request: SaveRequest, limits: StateLimits) -> Save:
    """Check a SaveRequest."""
    key = check_key(request.key)
    # The options first: its request_id stands for the request as it came.
    return take_save(request, key, check_options(request, key), limits)


def take_save(
    request: SaveRequest, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> Save:
    """Check what is particular to it."""
    state = request.state
    if not request.HasField("state"):
        raise invalid("state", "is missing")
    if not state.status:
        raise invalid("state.status", "is missing")
    entries, stored_bytes = take_values("state", state, key, limits)
    start_time_given = state.HasField("start_time")
    return Save(key, options, state, start_time_given, entries, stored_bytes)
