"""Tokens to resume a watch from: a place in each shard, of one data folder, of one watch.

    version, folder, watch | for each shard: revision, reached | CRC-32

The parts before the bar are hashes, so that a token is of one length and nobody reads in it
what is watched; the check at the end tells what was cut or mistyped. It is no secret and
no permission: whoever may watch may begin anywhere.
"""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from statekeeper.v1.history_pb2 import EventKind
from statekeeper_server.errors import invalid
from statekeeper_server.operations.watch import Place, Scope

_VERSION = b"\x01"
_HASH_BYTES = 8
_HEAD_BYTES = 1 + 2 * _HASH_BYTES
_PLACE = struct.Struct(">QH")
_CHECK = struct.Struct(">I")
# No execution id is as long.
_NO_SNAPSHOT = 0xFFFF
_FIELD = "resume_token"


class ResumeTokens:
    """Makes and reads the tokens of one watch.

    Args:
        folder_id: the data folder's name.
        scope: what is watched.
        kinds: which events of it are told.
        shards: in how many shards it has a place.
    """

    def __init__(
        self, folder_id: str, scope: Scope, kinds: frozenset[EventKind], shards: int
    ) -> None:
        watched = b"\0".join((scope.key.row, b"1" if scope.single else b"", bytes(sorted(kinds))))
        self._head = _VERSION + _hash(folder_id.encode()) + _hash(watched)
        self._shards = shards

    def token(self, places: Sequence[Place]) -> str:
        """The token of a place in each shard."""
        parts = [self._head]
        for revision, reached in places:
            if reached is None:
                parts.append(_PLACE.pack(revision, _NO_SNAPSHOT))
            else:
                name = reached.encode()
                parts += (_PLACE.pack(revision, len(name)), name)
        raw = b"".join(parts)
        return urlsafe_b64encode(raw + _CHECK.pack(binascii.crc32(raw))).decode()

    def places(self, token: str) -> tuple[Place, ...]:
        """The places of a token.

        Raises:
            InvalidRequestError: it is none, or of another server or watch.
        """
        raw = _checked(token)
        folder, watched = raw[1 : 1 + _HASH_BYTES], raw[1 + _HASH_BYTES : _HEAD_BYTES]
        if folder != self._head[1 : 1 + _HASH_BYTES]:
            raise invalid(_FIELD, "is of another server")
        if watched != self._head[1 + _HASH_BYTES :]:
            raise invalid(_FIELD, "is of another watch: of another key, namespace, prefix or kinds")
        try:
            return _read_places(raw[_HEAD_BYTES:], self._shards)
        except (ValueError, struct.error):
            raise _garbled() from None


def _checked(token: str) -> bytes:
    try:
        raw = urlsafe_b64decode(token.encode())
        (check,) = _CHECK.unpack(raw[-_CHECK.size :])
    except (ValueError, struct.error):
        raise _garbled() from None
    if urlsafe_b64encode(raw).decode() != token:
        # The decoder steps over what is no part of it.
        raise _garbled()
    raw = raw[: -_CHECK.size]
    if check != binascii.crc32(raw) or not raw.startswith(_VERSION) or len(raw) < _HEAD_BYTES:
        raise _garbled()
    return raw


def _read_places(raw: bytes, shards: int) -> tuple[Place, ...]:
    places, at = [], 0
    for _ in range(shards):
        revision, size = _PLACE.unpack_from(raw, at)
        at += _PLACE.size
        if size == _NO_SNAPSHOT:
            places.append(Place(revision))
        else:
            places.append(Place(revision, raw[at : at + size].decode()))
            at += size
    if at != len(raw):
        raise ValueError
    return tuple(places)


def _garbled() -> Exception:
    return invalid(_FIELD, "is not a token that this service gave")


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=_HASH_BYTES).digest()
