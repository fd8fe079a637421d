"""What makes a ListRequest valid."""

import struct

from statekeeper.v1.execution_pb2 import Status
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper_server.errors import invalid
from statekeeper_server.limits import KEY_BYTES_MAX, LABELS_MAX
from statekeeper_server.operations.list import AfterChange, AfterId, List, Place, Query
from statekeeper_server.operations.times import to_us
from statekeeper_server.requests.fields import (
    check_name,
    check_namespace,
    check_text,
    check_text_or_empty,
    check_time,
    quote,
)
from statekeeper_server.requests.load import check_selection
from statekeeper_server.requests.pages import NOT_A_TOKEN, check_page_size, read_seal, seal

_STATUSES = frozenset(number for number in Status.values() if number)
_STATUS_NAMES = ", ".join(name for name, number in Status.items() if number)
_AFTER_ID, _AFTER_CHANGE = b"i", b"c"
_CHANGE = struct.Struct(">QQQ")
_REVISION_MAX = 2**63 - 1


def check_list(request: ListRequest) -> List:
    """Check a ListRequest."""
    query = _check_query(request)
    selection = check_selection(request.fields) if request.fields else None
    page_size = check_page_size(request.page_size)
    subject = _subject(request, query)
    return List(query, selection, page_size, _read_place(request.page_token, subject), subject)


def list_page_token(request: List, last: Place) -> str:
    """The token of the page after a place."""
    if isinstance(last, AfterId):
        return seal(_AFTER_ID + last.execution_id, request.subject)
    return seal(_AFTER_CHANGE + _CHANGE.pack(*last), request.subject)


def _check_query(request: ListRequest) -> Query:
    namespace = check_namespace("namespace", request.namespace)
    for number, status in enumerate(request.statuses):
        if status not in _STATUSES:
            raise invalid(f"statuses[{number}]", f"{status} is no status; they are {_STATUS_NAMES}")
    if request.id_prefix:
        check_name("id_prefix", request.id_prefix)
    if len(request.labels) > LABELS_MAX:
        raise invalid("labels", f"has {len(request.labels)}, the limit is {LABELS_MAX}")
    for name, text in request.labels.items():
        check_text(f"labels[{quote(name)}]", name, KEY_BYTES_MAX)
        check_text_or_empty(f"labels[{quote(name)}]", text)
    updated_after_us = None
    if request.HasField("updated_after"):
        check_time("updated_after", request.updated_after)
        updated_after_us = to_us(request.updated_after)
    return Query(
        namespace,
        frozenset(request.statuses),
        request.id_prefix.encode(),
        tuple(sorted(request.labels.items())),
        updated_after_us,
    )


def _subject(request: ListRequest, query: Query) -> bytes:
    """What all pages of a list have in common, however it is spelt."""
    same = query._replace(statuses=frozenset())
    return repr((same, sorted(query.statuses), sorted(request.fields))).encode()


def _read_place(token: str, subject: bytes) -> Place | None:
    if not token:
        return None
    place = read_seal(token, subject)
    kind, place = place[:1], place[1:]
    if kind == _AFTER_ID:
        return AfterId(place)
    if kind == _AFTER_CHANGE and len(place) == _CHANGE.size:
        after = AfterChange(*_CHANGE.unpack(place))
        if after.revision <= _REVISION_MAX:
            return after
    raise invalid("page_token", NOT_A_TOKEN)
