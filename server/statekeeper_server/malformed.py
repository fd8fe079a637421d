"""What is wrong with a message that cannot be parsed.

Most often it is a text that is not UTF-8. To name the field, the message is parsed
again with a twin of its type in which every string is bytes. Only on the way to an
error, so it may take its time.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from statekeeper_server.errors import InvalidRequestError, invalid


def describe(request_type: type[Message], raw: bytes) -> InvalidRequestError:
    """The error for bytes that are no message of this type."""
    descriptor = cast("Descriptor", request_type.DESCRIPTOR)
    try:
        twin = _twin(descriptor).FromString(raw)
    except DecodeError:
        return invalid("request", f"is not a {descriptor.name} message")
    for path, text in _texts(twin, descriptor, ""):
        try:
            text.decode()
        except UnicodeDecodeError as error:
            return invalid(path, f"is not UTF-8: {error.reason} at byte {error.start}")
    return invalid("request", f"is not a {descriptor.name} message")


@cache
def _twin(descriptor: Descriptor) -> type[Message]:
    pool = DescriptorPool()
    _add(pool, descriptor.file, set())
    return GetMessageClass(pool.FindMessageTypeByName(descriptor.full_name))


def _add(pool: DescriptorPool, file: FileDescriptor, added: set[str]) -> None:
    if file.name in added:
        return
    added.add(file.name)
    for dependency in file.dependencies:
        _add(pool, dependency, added)
    twin = FileDescriptorProto()
    file.CopyToProto(twin)
    for message in twin.message_type:
        _turn_strings_to_bytes(message)
    pool.Add(twin)


def _turn_strings_to_bytes(message: DescriptorProto) -> None:
    # A map may not have bytes as its key, so a twin's map is the list of entries that
    # it is on the wire.
    message.options.ClearField("map_entry")
    for field in message.field:
        if field.type == FieldDescriptorProto.TYPE_STRING:
            field.type = FieldDescriptorProto.TYPE_BYTES
    for nested in message.nested_type:
        _turn_strings_to_bytes(nested)


def _texts(twin: Any, original: Descriptor, prefix: str) -> Iterator[tuple[str, bytes]]:
    """All texts of a twin with their paths in the message."""
    for twin_field, content in twin.ListFields():
        field = original.fields_by_name[twin_field.name]
        path = f"{prefix}{field.name}"
        is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
        items = content if twin_field.is_repeated else [content]
        for number, item in enumerate(items):
            at = f"{path}[{number}]" if twin_field.is_repeated else path
            if is_map:
                yield f"{at}.key", item.key
                at = f"{path}[{_shown(item.key)}]"
            if field.type == FieldDescriptor.TYPE_STRING:
                yield at, item
            elif field.message_type is not None:
                yield from _texts(item, field.message_type, f"{at}.")


def _shown(key: bytes) -> str:
    return '"' + key[:64].decode(errors="replace") + '"'
