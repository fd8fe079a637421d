"""What makes a DeleteRequest valid."""

from statekeeper.v1.state_requests_pb2 import DeleteRequest
from statekeeper_server.operations.delete import Delete
from statekeeper_server.requests.fields import check_key, check_options, refuse_options


def check_delete(request: DeleteRequest) -> Delete:
    """Check a DeleteRequest."""
    key = check_key(request.key)
    refuse_options(request, "a delete", "ttl")
    return Delete(key, check_options(request, key))
