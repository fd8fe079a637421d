"""Lists come in pages: how long one is, and the token that leads to the next."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from statekeeper_server.errors import invalid
from statekeeper_server.limits import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX


def check_page_size(page_size: int) -> int:
    """The page size, with its default filled in."""
    if not 0 <= page_size <= PAGE_SIZE_MAX:
        raise invalid("page_size", f"is {page_size}, it must be 1 to {PAGE_SIZE_MAX}")
    return page_size or PAGE_SIZE_DEFAULT


def page_token(subject: bytes, *place: int) -> str:
    """The token of a page: a place in a list, and a check that it is the list of a subject."""
    return urlsafe_b64encode(_form(len(place)).pack(*place, binascii.crc32(subject))).decode()


def read_page_token(token: str, subject: bytes, numbers: int) -> tuple[int, ...] | None:
    """The place that a token leads to; None for the first page."""
    if not token:
        return None
    try:
        *place, check = _form(numbers).unpack(urlsafe_b64decode(token.encode()))
    except (ValueError, struct.error):
        raise invalid("page_token", "is not a token that this service gave") from None
    if check != binascii.crc32(subject):
        raise invalid("page_token", "is of another list")
    return tuple(place)


def _form(numbers: int) -> struct.Struct:
    return struct.Struct(f">{numbers}QI")
