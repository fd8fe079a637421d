"""Fields that many requests share: keys, texts, write options."""

import re
from typing import Any, Protocol, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1 import execution_pb2
from statekeeper.v1.write_pb2 import WriteOptions as OptionsMessage
from statekeeper_server.errors import StateError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import KEY_BYTES_MAX, NAMESPACE_DEFAULT, TEXT_BYTES_MAX, TTL_MAX_US
from statekeeper_server.operations.writing import (
    NO_OPTIONS,
    RequestMark,
    WriteOptions,
    request_digest,
)

_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}").fullmatch
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]").search
_SHOWN_CHARACTERS = 64
_NANOS_PER_SECOND = 1_000_000_000
_TIMESTAMP_SECONDS = range(-62_135_596_800, 253_402_300_800)  # the years 1 to 9999
_NANOS = range(_NANOS_PER_SECOND)


class WriteMessage(Protocol):
    """A request of the contract that writes."""

    @property
    def key(self) -> execution_pb2.ExecutionKey:
        """The execution."""
        ...

    @property
    def options(self) -> OptionsMessage:
        """How to write it."""
        ...

    def HasField(self, field_name: Any) -> bool:  # noqa: N802 - protobuf's name
        """Whether a field is set."""
        ...

    def SerializeToString(self, *, deterministic: bool) -> bytes:  # noqa: N802 - protobuf's name
        """The message as bytes."""
        ...


def check_key(key: execution_pb2.ExecutionKey) -> ExecutionKey:
    """The identity of an execution, with the default namespace filled in."""
    namespace = check_namespace("key.namespace", key.namespace)
    return ExecutionKey(namespace, check_name("key.execution_id", key.execution_id))


def shown_key(request: Message) -> ExecutionKey | None:
    """The key of a request as its caller is to see it: with its default where it is valid."""
    key = getattr(request, "key", None)
    if key is None or not key.execution_id:
        return None
    try:
        return check_key(key)
    except StateError:
        return ExecutionKey(key.namespace, key.execution_id)


def check_namespace(field: str, namespace: str) -> str:
    """A namespace, with the default filled in."""
    namespace = namespace or NAMESPACE_DEFAULT
    if _NAMESPACE(namespace) is None:
        raise invalid(
            field,
            "must be 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', a letter or digit first",
        )
    return namespace


def check_name(field: str, name: str) -> str:
    """An execution's id, or the key of an entry: no control characters."""
    check_text(field, name, KEY_BYTES_MAX)
    if not name.isprintable() and (match := _CONTROL_CHARACTER(name)):
        raise invalid(field, f"has a control character (U+{ord(match[0]):04X}), none is allowed")
    return name


def quote(name: str) -> str:
    """A key as it stands in an error: short, and without what would break a line."""
    shown = name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "..."
    return f'"{shown}"' if shown.isprintable() else ascii(shown)


def check_text(field: str, text: str, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """A text that must not be empty."""
    if not text:
        raise invalid(field, f"is empty, it must have 1 to {bytes_max} bytes")
    return check_text_or_empty(field, text, bytes_max)


def check_text_or_empty(field: str, text: str, bytes_max: int = TEXT_BYTES_MAX) -> str:
    """A text that may be empty."""
    # No text has fewer bytes than characters: most need not be encoded to be measured.
    if len(text) * 4 > bytes_max and (size := len(text.encode())) > bytes_max:
        raise invalid(field, f"has {size} bytes, the limit is {bytes_max}")
    return text


def check_options(request: WriteMessage, key: ExecutionKey) -> WriteOptions:
    """The options of a write; the request is what its request_id will stand for."""
    if not request.HasField("options"):
        return NO_OPTIONS
    options = request.options
    expected = options.expected_revision if options.HasField("expected_revision") else None
    if expected is not None and expected < 0:
        raise invalid(
            "options.expected_revision",
            f"is {expected}: 0 means that the execution must not exist, "
            "a positive number that it must be at that revision",
        )
    ttl_us = _check_ttl(options.ttl) if options.HasField("ttl") else None
    actor = check_text_or_empty("options.actor", options.actor)
    mark = None
    request_id = check_text_or_empty("options.request_id", options.request_id)
    if request_id:
        if request.HasField("key"):
            # However the caller spells the default, it is the same request.
            request.key.namespace = key.namespace
        mark = RequestMark(request_id, key.request(request_id), _digest(request))
    if options.fencing_token < 0:
        raise invalid("options.fencing_token", f"is {options.fencing_token}, tokens are positive")
    return WriteOptions(expected, ttl_us, mark, actor, options.fencing_token)


def refuse_options(request: WriteMessage, of: str, *names: str) -> None:
    """Refuse options that would have no effect."""
    for name in names:
        has_it = (
            bool(getattr(request.options, name))
            if name in ("fencing_token", "request_id", "actor")
            else request.options.HasField(cast("Any", name))
        )
        if has_it:
            raise invalid(f"options.{name}", f"has no meaning for {of}")


def check_duration(field: str, duration: Duration, longest_us: int, longest: str) -> int:
    """A span of time in microseconds, rounded up."""
    if duration.seconds < 0 or duration.nanos < 0:
        raise invalid(field, "is negative")
    if duration.nanos >= _NANOS_PER_SECOND:
        raise invalid(field, "is malformed: nanos must be below 1,000,000,000")
    span_us = duration.seconds * 1_000_000 + -(-duration.nanos // 1_000)
    if span_us > longest_us:
        raise invalid(field, f"is longer than {longest}")
    return span_us


def check_time(field: str, time: Timestamp) -> None:
    """A moment that can be stored and shown."""
    if time.seconds not in _TIMESTAMP_SECONDS or time.nanos not in _NANOS:
        raise invalid(field, "is not a time between the years 1 and 9999")


def _check_ttl(ttl: Duration) -> int:
    if ttl.seconds < 0 or ttl.nanos < 0:
        raise invalid("options.ttl", "is negative: 0 means that the execution never expires")
    return check_duration("options.ttl", ttl, TTL_MAX_US, "100 years; 0 means never")


def _digest(request: WriteMessage) -> bytes:
    # Deterministic, because the entries of a map may be sent in any order.
    content = request.SerializeToString(deterministic=True)
    return request_digest(type(request).__name__, content)
