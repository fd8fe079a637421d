"""The tokens that answer pauses: random, kept as a hash, and leading to their shard.

A token is `hitl_` and 32 characters of base64url: 160 random bits, then 32 bits of the
execution's hash. They tell nobody which execution it is, but which shard to look in.
"""

import binascii
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

from statekeeper_server.keys import ExecutionKey

_PREFIX = "hitl_"
_RANDOM_BYTES = 20
_HASH_BYTES = 4
_FORM = re.compile(r"hitl_[A-Za-z0-9_-]{32}", re.ASCII).fullmatch


class Token(NamedTuple):
    """A token: its text is a secret, its hash is not."""

    text: str
    hash: bytes

    @classmethod
    def new(cls, key: ExecutionKey) -> "Token":
        """A token that nobody has seen yet, for a pause of an execution."""
        raw = secrets.token_bytes(_RANDOM_BYTES) + crc32(key.row).to_bytes(_HASH_BYTES)
        return cls.of(_PREFIX + urlsafe_b64encode(raw).decode())

    @classmethod
    def of(cls, text: str) -> "Token":
        """A token as a caller gives it; it may be none of ours."""
        return cls(text, sha256(text.encode()).digest())

    @property
    def placement(self) -> int | None:
        """The hash of the execution, which says where it lives; None: it is no token."""
        if _FORM(self.text) is None:
            return None
        try:
            raw = urlsafe_b64decode(self.text.removeprefix(_PREFIX))
        except binascii.Error:
            return None
        return int.from_bytes(raw[_RANDOM_BYTES:])
