"""What makes a ListRevisionsRequest valid."""

from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest
from statekeeper_server.operations.list_revisions import ListRevisions, PageStart
from statekeeper_server.requests.fields import check_key
from statekeeper_server.requests.pages import check_page_size, read_page_token


def check_list_revisions(request: ListRevisionsRequest) -> ListRevisions:
    """Check a ListRevisionsRequest."""
    key = check_key(request.key)
    place = read_page_token(request.page_token, key.row, 2)
    start = None if place is None else PageStart(*place)
    return ListRevisions(key, check_page_size(request.page_size), start)
