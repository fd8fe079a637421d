"""What makes a ListRevisionsRequest valid, and the tokens that lead to further pages."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from statekeeper_server.operations.list_revisions import ListRevisions, PageStart
from statekeeper_server.requests.fields import check_key

_TOKEN = struct.Struct(">QQI")


def check_list_revisions(request: ListRevisionsRequest) -> ListRevisions:
    """Check a ListRevisionsRequest."""
    key = check_key(request.key)
    start = _check_page_token(request.page_token, key) if request.page_token else None
    return ListRevisions(key, check_page_size(request.page_size), start)


def check_page_size(page_size: int) -> int:
    """The page size, with its default filled in."""
    if not 0 <= page_size <= PAGE_SIZE_MAX:
        raise invalid("page_size", f"is {page_size}, it must be 1 to {PAGE_SIZE_MAX}")
    return page_size or PAGE_SIZE_DEFAULT


def page_token(key: ExecutionKey, start: PageStart) -> str:
    """The token of a page; it is of use for this execution alone."""
    check = binascii.crc32(key.row)
    return urlsafe_b64encode(_TOKEN.pack(start.uid, start.revision, check)).decode()


def _check_page_token(token: str, key: ExecutionKey) -> PageStart:
    try:
        uid, revision, check = _TOKEN.unpack(urlsafe_b64decode(token.encode()))
    except (ValueError, struct.error):
        raise invalid("page_token", "is not a token that this service gave") from None
    if check != binascii.crc32(key.row):
        raise invalid("page_token", "is of another list")
    return PageStart(uid, revision)
