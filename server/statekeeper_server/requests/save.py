"""What makes a SaveRequest valid."""

from statekeeper.v1.state_manager_pb2 import SaveRequest
from statekeeper_server.errors import invalid
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.save import Save
from statekeeper_server.requests.fields import check_key, check_options
from statekeeper_server.requests.state import check_state


def check_save(request: SaveRequest, limits: StateLimits) -> Save:
    """Check a SaveRequest."""
    key = check_key(request.key)
    if not request.HasField("state"):
        raise invalid("state", "is missing")
    if not request.state.status:
        raise invalid("state.status", "is missing")
    options = check_options(request, key, request.options)
    state = check_state("state", request.state, key, limits)
    return Save(
        key,
        options,
        state.attributes,
        request.state.HasField("start_time"),
        state.entries,
        limits,
        state.stored_bytes,
    )
