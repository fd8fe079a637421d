"""Messages put together from serialised parts, which need not be looked into.

A message on the wire is its fields one after the other, so a part that is bytes already
becomes a field by its number and its length.
"""

_VARINT_SMALL = 0x80
_SMALL = [number.to_bytes(1) for number in range(_VARINT_SMALL)]


def varint(number: int) -> bytes:
    """A number as it stands on the wire."""
    if number < _VARINT_SMALL:
        return _SMALL[number]
    out = bytearray()
    while number >= _VARINT_SMALL:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field_key(number: int) -> bytes:
    """What stands before a field that is a message, a text or bytes."""
    return varint(number << 3 | 2)


def varint_key(number: int) -> bytes:
    """What stands before a field that is a number."""
    return varint(number << 3)


def fixed32_key(number: int) -> int:
    """What stands before a field that is a number of four bytes."""
    return _short(number << 3 | 5)


def fixed64_key(number: int) -> int:
    """What stands before a field that is a number of eight bytes."""
    return _short(number << 3 | 1)


def _short(key: int) -> int:
    assert key < _VARINT_SMALL, "a key of more than a byte"  # noqa: S101 - known at the import
    return key


def field(key: bytes, content: bytes) -> bytes:
    """A field that is a message, a text or bytes."""
    return key + varint(len(content)) + content
