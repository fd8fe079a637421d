"""The same message in other bytes: what protobuf reads alike, and what is a little broken."""

from collections.abc import Iterator
from random import Random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from statekeeper_server import wire

# One field in so many is written in an unusual way.
_ODD_ONE_IN = 40
_UNKNOWN_FIELD = 77


def spell(message: Message, random: Random, *, oddly: bool = False) -> bytes:
    """Serialise a message: its fields, and the entries of its maps, in any order.

    Args:
        message: what to write.
        random: chooses.
        oddly: whether to write a field twice here and there, numbers in more bytes than
            they take, and fields that nobody knows.
    """
    fields = [_Speller(random, oddly=oddly).field(*each) for each in _fields(message)]
    random.shuffle(fields)
    return b"".join(fields)


def mutate(raw: bytes, random: Random) -> bytes:
    """Bytes of which a few are others, are missing or are there twice."""
    changed = bytearray(raw)
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(5):
            case 0:
                changed[at : at + 1] = bytes((random.randrange(256),))
            case 1:
                del changed[at : at + random.randint(1, 3)]
            case 2:
                changed[at:at] = changed[at : at + random.randint(1, 12)]
            case 3:
                del changed[at:]
            case _:
                if at < len(changed):
                    changed[at] ^= 1 << random.randrange(8)
    return bytes(changed)


class _Speller:
    def __init__(self, random: Random, *, oddly: bool) -> None:
        self._random = random
        self._oddly = oddly

    def field(self, descriptor: FieldDescriptor, content: Any) -> bytes:
        """One field; of a repeated one, all of it."""
        parts = [self._single(descriptor, each) for each in _items(descriptor, content)]
        self._random.shuffle(parts)
        if parts and self._is_odd():
            parts.append(self._random.choice(parts))
        if self._is_odd():
            parts.append(self._varint(_UNKNOWN_FIELD << 3) + self._varint(1))
        return b"".join(parts)

    def _single(self, descriptor: FieldDescriptor, content: Any) -> bytes:
        if isinstance(content, Message):
            content = spell(content, self._random, oddly=self._oddly)
        if isinstance(content, str):
            content = content.encode()
        if isinstance(content, bytes):
            key = self._varint(descriptor.number << 3 | 2)
            return key + self._varint(len(content)) + content
        return self._varint(descriptor.number << 3) + self._varint(int(content) % 2**64)

    def _varint(self, number: int) -> bytes:
        shortest = wire.varint(number)
        if not self._is_odd():
            return shortest
        return shortest[:-1] + bytes((shortest[-1] | 0x80, 0))

    def _is_odd(self) -> bool:
        return self._oddly and self._random.randrange(_ODD_ONE_IN) == 0


def _fields(message: Message) -> Iterator[tuple[FieldDescriptor, Any]]:
    yield from message.ListFields()


def _items(descriptor: FieldDescriptor, content: Any) -> list[Any]:
    if not descriptor.is_repeated:
        return [content]
    if descriptor.message_type is None or not descriptor.message_type.GetOptions().map_entry:
        return list(content)
    entry_type = GetMessageClass(descriptor.message_type)
    return [_entry(entry_type, key, content[key]) for key in content]


def _entry(entry_type: Any, key: Any, value: Any) -> Message:
    entry: Message = entry_type(key=key, value=value)
    return entry
