"""Lists come in pages: how long one is, and the token that leads to the next."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from statekeeper_server.errors import invalid
from statekeeper_server.limits import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX

NOT_A_TOKEN = "is not a token that this service gave"  # noqa: S105 - what is wrong with one
# Of the place, which tells a token from what is none, and of the list that it is in.
_CHECKS = struct.Struct(">II")


def check_page_size(page_size: int) -> int:
    """The page size, with its default filled in."""
    if not 0 <= page_size <= PAGE_SIZE_MAX:
        raise invalid("page_size", f"is {page_size}, it must be 1 to {PAGE_SIZE_MAX}")
    return page_size or PAGE_SIZE_DEFAULT


def page_token(subject: bytes, *place: int) -> str:
    """The token of a page: a place in a list, and a check that it is the list of a subject."""
    return seal(_form(len(place)).pack(*place), subject)


def read_page_token(token: str, subject: bytes, numbers: int) -> tuple[int, ...] | None:
    """The place that a token leads to; None for the first page."""
    if not token:
        return None
    try:
        return _form(numbers).unpack(read_seal(token, subject))
    except struct.error:
        raise invalid("page_token", NOT_A_TOKEN) from None


def seal(place: bytes, subject: bytes) -> str:
    """The token of a page whose place is not told in numbers."""
    checks = _CHECKS.pack(binascii.crc32(place), binascii.crc32(subject))
    return urlsafe_b64encode(place + checks).decode()


def read_seal(token: str, subject: bytes) -> bytes:
    """The place in a token. Raises InvalidRequestError."""
    try:
        content = urlsafe_b64decode(token.encode())
        of_place, of_list = _CHECKS.unpack(content[-_CHECKS.size :])
    except (ValueError, struct.error):
        raise invalid("page_token", NOT_A_TOKEN) from None
    place = content[: -_CHECKS.size]
    if of_place != binascii.crc32(place):
        raise invalid("page_token", NOT_A_TOKEN)
    if of_list != binascii.crc32(subject):
        raise invalid("page_token", "is of another list")
    return place


def _form(numbers: int) -> struct.Struct:
    return struct.Struct(f">{numbers}Q")
