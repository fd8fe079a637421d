"""Fields that many requests share: keys, texts, write options."""

import re
from hashlib import blake2b

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from statekeeper.v1 import execution_pb2
from statekeeper.v1.state_requests_pb2 import DeleteRequest, SaveRequest, UpdateRequest
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import KEY_BYTES_MAX, NAMESPACE_DEFAULT, TEXT_BYTES_MAX, TTL_MAX_US
from statekeeper_server.operations.writing import RequestMark, WriteOptions

_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}").fullmatch
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]").search
_NANOS_PER_SECOND = 1_000_000_000
_NO_OPTIONS = WriteOptions()
_WriteRequest = SaveRequest | UpdateRequest | DeleteRequest


def check_key(key: execution_pb2.ExecutionKey) -> ExecutionKey:
    """The identity of an execution, with the default namespace filled in."""
    namespace = key.namespace or NAMESPACE_DEFAULT
    if _NAMESPACE(namespace) is None:
        raise invalid(
            "key.namespace",
            "must be 1 to 63 of A-Z, a-z, 0-9, '.', '_' and '-', a letter or digit first",
        )
    return ExecutionKey(namespace, check_name("key.execution_id", key.execution_id))


def check_name(field: str, name: str) -> str:
    """An execution's id, or the key of an entry: no control characters."""
    check_text(field, name, KEY_BYTES_MAX)
    if not name.isprintable() and (match := _CONTROL_CHARACTER(name)):
        raise invalid(field, f"has a control character (U+{ord(match[0]):04X}), none is allowed")
    return name


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


def check_options(request: _WriteRequest, key: ExecutionKey) -> WriteOptions:
    """The options of a write; the request is what its request_id will stand for."""
    if not request.HasField("options"):
        return _NO_OPTIONS
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
        # However the caller spells the default, it is the same request.
        request.key.namespace = key.namespace
        mark = RequestMark(key.request(request_id), _digest(request))
    return WriteOptions(expected, ttl_us, mark, actor)


def _check_ttl(ttl: Duration) -> int:
    if ttl.seconds < 0 or ttl.nanos < 0:
        raise invalid("options.ttl", "is negative: 0 means that the execution never expires")
    if ttl.nanos >= _NANOS_PER_SECOND:
        raise invalid("options.ttl", "is malformed: nanos must be below 1,000,000,000")
    ttl_us = ttl.seconds * 1_000_000 + -(-ttl.nanos // 1_000)
    if ttl_us > TTL_MAX_US:
        raise invalid("options.ttl", "is longer than 100 years; 0 means never")
    return ttl_us


def _digest(request: Message) -> bytes:
    # Deterministic, because the entries of a map may be sent in any order.
    content = request.SerializeToString(deterministic=True)
    kind = request.DESCRIPTOR.name.encode()
    return blake2b(content, digest_size=16, person=kind[:16]).digest()
