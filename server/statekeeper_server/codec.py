"""How the value of an entry becomes bytes on disk and comes back.

A value is a serialised `statekeeper.v1.Value`: kept plain up to 10 KB, compressed by
zstd above that where it helps, and cut into chunks where the result is large. Chunks
have one size, because large values of many sizes leave holes in the file that no other
value fits into; the size fills LMDB's pages without a rest.
"""

import threading
from hashlib import blake2b
from typing import Literal, NamedTuple, cast

import zstandard

from statekeeper_server.storage.v1.records_pb2 import Chunks, EntryVersion

CHUNK_BYTES = 64 * 1024 - 16
COMPRESS_ABOVE_BYTES = 10 * 1024
_DIGEST_BYTES = 16
_zstd = threading.local()


class PayloadError(Exception):
    """What is stored cannot be decompressed."""


class EncodedEntry(NamedTuple):
    """A value ready to be written.

    Attributes:
        form: how it is kept: the field of its EntryVersion that tells it.
        content: what is in that field; of chunks, serialised and without their ordinal.
        value_bytes: its size before compression.
        stored_bytes: what it takes.
        pieces: the chunks.
    """

    form: Literal["plain", "zstd", "chunks"]
    content: bytes
    value_bytes: int
    stored_bytes: int
    pieces: tuple[bytes, ...] = ()


def encode(value: bytes, value_bytes: int) -> EncodedEntry:
    """Prepare a serialised Value; `value_bytes` is the size of its JSON text or binary."""
    if len(value) <= COMPRESS_ABOVE_BYTES:
        return EncodedEntry("plain", value, value_bytes, len(value))
    payload, compressed = _compress(value)
    if len(payload) > CHUNK_BYTES:
        pieces = tuple(payload[at : at + CHUNK_BYTES] for at in range(0, len(payload), CHUNK_BYTES))
        chunks = Chunks(count=len(pieces), zstd=compressed, digest=digest(payload))
        content = chunks.SerializeToString()
        return EncodedEntry("chunks", content, value_bytes, len(payload), pieces)
    return EncodedEntry("zstd" if compressed else "plain", payload, value_bytes, len(payload))


def digest(payload: bytes) -> bytes:
    """What tells the pieces of a value from those of another one."""
    return blake2b(payload, digest_size=_DIGEST_BYTES).digest()


def decoded(entry: EncodedEntry) -> bytes:
    """The value that was encoded."""
    if entry.form == "chunks":
        payload = b"".join(entry.pieces)
        return decompress(payload) if Chunks.FromString(entry.content).zstd else payload
    return decompress(entry.content) if entry.form == "zstd" else entry.content


def holds(version: EntryVersion, value: EncodedEntry) -> bool:
    """Whether a version of an entry has this value."""
    form = version.WhichOneof("form")
    if form != value.form or version.value_bytes != value.value_bytes:
        return False
    if form == "chunks":
        return version.chunks.digest == Chunks.FromString(value.content).digest
    return bool(getattr(version, value.form) == value.content)


def same_value(left: EntryVersion, right: EntryVersion) -> bool:
    """Whether two versions of an entry hold the same value."""
    form = left.WhichOneof("form")
    if form != right.WhichOneof("form") or left.value_bytes != right.value_bytes:
        return False
    if form == "chunks":
        return left.chunks.digest == right.chunks.digest
    return form is None or getattr(left, form) == getattr(right, form)


def _compress(value: bytes) -> tuple[bytes, bool]:
    # A compressor serves one thread at a time and is dear to make.
    compressor = getattr(_zstd, "compressor", None)
    if compressor is None:
        compressor = _zstd.compressor = zstandard.ZstdCompressor(level=1)
    compressed = cast("bytes", compressor.compress(value))
    return (compressed, True) if len(compressed) < len(value) else (value, False)


def decompress(payload: bytes) -> bytes:
    """Undo the compression of a payload. Raises PayloadError."""
    decompressor = getattr(_zstd, "decompressor", None)
    if decompressor is None:
        decompressor = _zstd.decompressor = zstandard.ZstdDecompressor()
    try:
        return cast("bytes", decompressor.decompress(payload))
    except zstandard.ZstdError as error:
        raise PayloadError(str(error)) from error
