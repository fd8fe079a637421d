"""The rows that every write makes, put together by hand.

They are messages of `records_pb2` like the others, and are read as such. To fill in a
message field by field costs Python more than all that LMDB does with the row.
"""

import struct

from google.protobuf.message import Message

from statekeeper_server import wire
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.storage.v1.records_pb2 import Chunks, DoneRequest, EntryVersion, Event


def _number(message: type[Message], name: str) -> int:
    return message.DESCRIPTOR.fields_by_name[name].number


_VERSION = struct.Struct("<BIBqBqBQ")
_ORDINAL_KEY = wire.fixed32_key(_number(EntryVersion, "ordinal"))
_WRITTEN_KEY = wire.fixed64_key(_number(EntryVersion, "time_us"))
_PRUNED_KEY = wire.fixed64_key(_number(EntryVersion, "pruned_revision"))
_VALUE_BYTES_KEY = wire.fixed64_key(_number(EntryVersion, "value_bytes"))
_FORM_KEYS = {
    form: wire.field_key(_number(EntryVersion, form)) for form in ("plain", "zstd", "chunks")
}
_CHUNKS_ORDINAL_KEY = wire.varint_key(_number(Chunks, "ordinal"))

_EVENT = struct.Struct("<BqBq")
_UID_KEY = wire.fixed64_key(_number(Event, "uid"))
_PREVIOUS_KEY = wire.fixed64_key(_number(Event, "previous_revision"))
_EXECUTION_KEY = wire.field_key(_number(Event, "execution"))
_ACTOR_KEY = wire.field_key(_number(Event, "actor"))
_TIME = struct.Struct("<Bq")
_TIME_KEY = wire.fixed64_key(_number(Event, "time_us"))

_DIGEST_KEY = wire.field_key(_number(DoneRequest, "digest"))
_PLAIN_KEY = wire.field_key(_number(DoneRequest, "plain"))
_TOKEN_HASH_KEY = wire.field_key(_number(DoneRequest, "token_hash"))


def version_row(
    value: EncodedEntry | None,
    *,
    number: int,
    ordinal: int,
    time_us: int,
    pruned_revision: int,
) -> bytes:
    """An EntryVersion.

    Args:
        value: what the entry has from then on; None: it is gone.
        number: of the value among those of its revision, from 0.
        ordinal: number of the version among those of its entry, from 1.
        time_us: when it is written.
        pruned_revision: see there.
    """
    value_bytes = 0 if value is None else value.value_bytes
    row = _VERSION.pack(
        _ORDINAL_KEY,
        ordinal,
        _WRITTEN_KEY,
        time_us,
        _PRUNED_KEY,
        pruned_revision,
        _VALUE_BYTES_KEY,
        value_bytes,
    )
    if value is None:
        return row
    content = value.content
    if value.form == "chunks":
        content += _CHUNKS_ORDINAL_KEY + wire.varint(number)
    return row + wire.field(_FORM_KEYS[value.form], content)


def event_row(uid: int, previous_revision: int, execution: bytes, acts: bytes, actor: str) -> bytes:
    """An Event, but for its time.

    Args:
        uid: the execution's.
        previous_revision: of the execution's change before it, or 0.
        execution: after it, serialised.
        acts: what was done: an Event that has nothing else, serialised.
        actor: who did it.
    """
    row = _EVENT.pack(_UID_KEY, uid, _PREVIOUS_KEY, previous_revision)
    row += wire.field(_EXECUTION_KEY, execution) + acts
    return row + wire.field(_ACTOR_KEY, actor.encode()) if actor else row


def timed(event: bytes, time_us: int) -> bytes:
    """An Event with its time."""
    return event + _TIME.pack(_TIME_KEY, time_us)


def done_row(digest: bytes, answer: bytes, token_hash: bytes) -> bytes:
    """A DoneRequest whose answer is remembered as it is."""
    row = wire.field(_DIGEST_KEY, digest) + wire.field(_PLAIN_KEY, answer)
    return row + wire.field(_TOKEN_HASH_KEY, token_hash) if token_hash else row
