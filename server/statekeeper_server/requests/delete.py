"""What makes a DeleteRequest valid."""

from statekeeper.v1.state_requests_pb2 import DeleteRequest
from statekeeper_server.errors import invalid
from statekeeper_server.operations.delete import Delete
from statekeeper_server.requests.fields import check_key, check_options


def check_delete(request: DeleteRequest) -> Delete:
    """Check a DeleteRequest."""
    key = check_key(request.key)
    if request.options.HasField("ttl"):
        raise invalid("options.ttl", "has no meaning for a delete")
    return Delete(key, check_options(request, key))
