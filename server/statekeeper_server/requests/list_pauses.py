"""What makes a ListPausesRequest valid."""

from statekeeper.v1.pause_requests_pb2 import ListPausesRequest
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ORDINAL_MAX, PauseNumber
from statekeeper_server.operations.list_pauses import FIRST, ListPauses, Place
from statekeeper_server.requests.fields import check_namespace
from statekeeper_server.requests.pages import (
    NOT_A_TOKEN,
    check_page_size,
    page_token,
    read_page_token,
)


def check_list_pauses(request: ListPausesRequest) -> ListPauses:
    """Check a ListPausesRequest."""
    namespace = check_namespace("namespace", request.namespace)
    numbers = read_page_token(request.page_token, namespace.encode(), 4)
    after = FIRST
    if numbers is not None:
        create_time_us, shard, revision, ordinal = numbers
        if ordinal > ORDINAL_MAX:
            raise invalid("page_token", NOT_A_TOKEN)
        after = Place(create_time_us, shard, PauseNumber(revision, ordinal))
    return ListPauses(namespace, check_page_size(request.page_size), after)


def pauses_page_token(request: ListPauses, last: Place) -> str:
    """The token of the page after a place."""
    return page_token(request.namespace.encode(), last.create_time_us, last.shard, *last.number)
