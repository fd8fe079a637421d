"""How the value of an entry becomes bytes on disk and comes back.

A value is a serialised `statekeeper.v1.Value`: kept plain up to 10 KB, compressed by
zstd above that where it helps, and cut into chunks where the result is large. Chunks
have one size, because large values of many sizes leave holes in the file that no other
value fits into; the size fills LMDB's pages without a rest.
"""

import threading
from hashlib import blake2b
from typing import NamedTuple, cast

import zstandard

from statekeeper_server.storage.v1.records_pb2 import Chunks, EntryVersion

CHUNK_BYTES = 64 * 1024 - 16
COMPRESS_ABOVE_BYTES = 10 * 1024
_DIGEST_BYTES = 16
_zstd = threading.local()


class PayloadError(Exception):
    """What is stored cannot be decompressed."""


class EncodedEntry(NamedTuple):
    """A value ready to be written: its row, its sizes, its pieces when it has chunks."""

    version: EntryVersion
    value_bytes: int
    stored_bytes: int
    pieces: tuple[bytes, ...] = ()


def encode(value: bytes, value_bytes: int) -> EncodedEntry:
    """Prepare a serialised Value; `value_bytes` is the size of its JSON text or binary."""
    payload, compressed = _compress(value) if len(value) > COMPRESS_ABOVE_BYTES else (value, False)
    if len(payload) > CHUNK_BYTES:
        pieces = tuple(payload[at : at + CHUNK_BYTES] for at in range(0, len(payload), CHUNK_BYTES))
        chunks = Chunks(count=len(pieces), zstd=compressed, digest=digest(payload))
        version = EntryVersion(value_bytes=value_bytes, chunks=chunks)
        return EncodedEntry(version, value_bytes, len(payload), pieces)
    version = EntryVersion(value_bytes=value_bytes)
    if compressed:
        version.zstd = payload
    else:
        version.plain = payload
    return EncodedEntry(version, value_bytes, len(payload))


def digest(payload: bytes) -> bytes:
    """What tells the pieces of a value from those of another one."""
    return blake2b(payload, digest_size=_DIGEST_BYTES).digest()


def decoded(entry: EncodedEntry) -> bytes:
    """The value that was encoded."""
    version = entry.version
    form = version.WhichOneof("form")
    if form == "chunks":
        payload = b"".join(entry.pieces)
        return decompress(payload) if version.chunks.zstd else payload
    return decompress(version.zstd) if form == "zstd" else version.plain


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
