"""The keys of all tables: bytes whose order is the order in which rows are read.

Integers are 8 bytes, big-endian. An entry's versions are in the order of their
revisions, so a new one goes behind the others: a B-tree fills its pages then, where it
would leave them half empty if each came in front.
"""

import struct
from hashlib import blake2b

_REVISION = struct.Struct(">Q")
_ENTRY_HEAD = struct.Struct(">QBB")
_CHUNK = struct.Struct(">QQII")
_VERSION_BYTES = _REVISION.size


class ExecutionKey:
    """The identity of an execution.

    Attributes:
        namespace, execution_id: as in the contract.
        row: key of its head; a namespace has no NUL, so none can reach into another.
    """

    __slots__ = ("execution_id", "namespace", "row")

    def __init__(self, namespace: str, execution_id: str) -> None:
        self.namespace = namespace
        self.execution_id = execution_id
        self.row = f"{namespace}\0{execution_id}".encode()

    def request(self, request_id: str) -> bytes:
        """Key of a done request: a hash, because the three may be longer than a key can be.

        It outlives the execution, so that a delete that is sent twice stays one delete.
        """
        return blake2b(self.row + b"\0" + request_id.encode(), digest_size=16).digest()


def revision_key(revision: int) -> bytes:
    """Key of a log row, and of an execution's row in the table garbage."""
    return _REVISION.pack(revision)


def read_revision_key(key: bytes) -> int:
    """The revision of a log row's key."""
    return int(_REVISION.unpack(key)[0])


def entry_prefix(uid: int, document: int, entry: bytes) -> bytes:
    """What the keys of all versions of one entry begin with, and no others.

    The entry's length stands before it: were "a" and "ab" only strung together with
    their revisions, their versions could be mixed.
    """
    return _ENTRY_HEAD.pack(uid, document, len(entry) - 1) + entry


def version_key(prefix: bytes, revision: int) -> bytes:
    """Key of the version of an entry that was written at a revision."""
    return prefix + _REVISION.pack(revision)


def document_prefix(uid: int, document: int) -> bytes:
    """What the keys of all entries of one document begin with."""
    return revision_key(uid) + bytes((document,))


def split_version_key(key: bytes) -> tuple[bytes, int]:
    """The entry's prefix and the revision of a version's key."""
    return key[:-_VERSION_BYTES], int.from_bytes(key[-_VERSION_BYTES:])


def document_of(prefix: bytes) -> int:
    """The document of an entry's prefix."""
    return prefix[_REVISION.size]


def read_entry_prefix(prefix: bytes) -> tuple[int, str]:
    """The document and the entry of an entry's prefix."""
    return prefix[_REVISION.size], prefix[_ENTRY_HEAD.size :].decode()


def after(prefix: bytes) -> bytes:
    """The smallest key after all that begin with the prefix."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,))


def chunk_key(uid: int, revision: int, ordinal: int, number: int) -> bytes:
    """Key of one piece of a value: the number-th of the ordinal-th at the revision."""
    return _CHUNK.pack(uid, revision, ordinal, number)
