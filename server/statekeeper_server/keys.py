"""The keys of all tables: bytes whose order is the order in which rows are read.

Integers are 8 bytes, big-endian. An entry's versions are in the order of their
revisions, so a new one goes behind the others: a B-tree fills its pages then, where it
would leave them half empty if each came in front.
"""

import re
import struct
from hashlib import blake2b
from typing import NamedTuple, Self

from statekeeper_server.documents import RESTORED_DOCUMENTS_END, STATE_DOCUMENTS_END

_REVISION = struct.Struct(">Q")
_ENTRY_HEAD = struct.Struct(">QBB")
_CHUNK = struct.Struct(">QQII")
_PAUSE_ID = re.compile(r"p([0-9]{1,18})(?:\.([0-9]{1,4}))?", re.ASCII).fullmatch
_GENERATION = struct.Struct(">I")
_EXPIRY = struct.Struct(">QQ")
_PAUSE = struct.Struct(">QQI")
ORDINAL_MAX = 0xFFFF_FFFF
# Of the table meta: up to where the log is not kept, where it has gaps, and which generation
# requests are in.
COMPACTED_KEY = b"compacted"
GAPS_KEY = b"gaps"
GENERATION_KEY = b"requests"
_VERSION_BYTES = _REVISION.size
# Of the hash of an execution, where its requests lie.
_PLACE_BYTES = 8


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

    @classmethod
    def of_parts(cls, namespace: str, execution_id: str, row: bytes) -> Self:
        """The identity that has this row, which was made of it elsewhere."""
        key = cls.__new__(cls)
        key.namespace = namespace
        key.execution_id = execution_id
        key.row = row
        return key

    @classmethod
    def of_row(cls, row: bytes) -> Self:
        """The execution of a row's key."""
        namespace, _, execution_id = row.decode().partition("\0")
        return cls(namespace, execution_id)

    @property
    def id_bytes(self) -> bytes:
        """The execution id as it stands in keys."""
        return self.execution_id.encode()

    def request(self, request_id: str) -> bytes:
        """What a done request is known by: hashes, as the three may be longer than a key.

        Those of an execution lie together: of one that is written often, few pages change. It
        outlives the execution, so that a delete that is sent twice stays one delete.
        """
        return _hash(self.row)[:_PLACE_BYTES] + _hash(self.row + b"\0" + request_id.encode())


def request_key(generation: int, request: bytes = b"") -> bytes:
    """Key of a done request; those of a generation lie together, and the oldest first."""
    return _GENERATION.pack(generation) + request


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


def state_end(uid: int) -> bytes:
    """What the keys of all entries of an execution's state are smaller than."""
    return revision_key(uid) + bytes((STATE_DOCUMENTS_END,))


def restored_end(uid: int) -> bytes:
    """The same for all entries that restoring brings back."""
    return revision_key(uid) + bytes((RESTORED_DOCUMENTS_END,))


def access_key(uid: int, name: str) -> bytes:
    """Key of who has accessed a key of the shared state."""
    return revision_key(uid) + name.encode()


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


class PauseNumber(NamedTuple):
    """Which pause of an execution, or of a shard: the revision that opened it, and which of it."""

    revision: int
    ordinal: int

    @property
    def pause_id(self) -> str:
        """As callers know it."""
        return f"p{self.revision}" + (f".{self.ordinal}" if self.ordinal else "")

    @classmethod
    def parse(cls, pause_id: str) -> Self | None:
        """The other way round; None when it cannot be one."""
        match = _PAUSE_ID(pause_id)
        if match is None:
            return None
        number = cls(int(match[1]), int(match[2] or 0))
        return number if number.pause_id == pause_id else None


def pause_key(uid: int, number: PauseNumber) -> bytes:
    """Key of a pause: those of an execution lie together, the oldest first."""
    return _PAUSE.pack(uid, *number)


def timer_key(due_us: int, number: PauseNumber) -> bytes:
    """Key of what is to happen to a pause at a time."""
    return _PAUSE.pack(due_us, *number)


def read_timer_key(key: bytes) -> tuple[int, PauseNumber]:
    """The time and the pause of a timer's key."""
    due_us, revision, ordinal = _PAUSE.unpack(key)
    return due_us, PauseNumber(revision, ordinal)


def expiry_key(due_us: int, uid: int) -> bytes:
    """Key of when to look whether an execution has expired."""
    return _EXPIRY.pack(due_us, uid)


def read_expiry_key(key: bytes) -> tuple[int, int]:
    """The time and the uid of such a key."""
    due_us, uid = _EXPIRY.unpack(key)
    return due_us, uid


def namespace_prefix(namespace: str) -> bytes:
    """What the keys of a namespace's heads begin with, before the id, and of its waiting pauses."""
    return namespace.encode() + b"\0"


def inbox_key(namespace: str, create_time_us: int, number: PauseNumber) -> bytes:
    """Key of a waiting pause: those of a namespace lie together, the oldest first."""
    return namespace_prefix(namespace) + _PAUSE.pack(create_time_us, *number)


def read_inbox_key(key: bytes) -> tuple[int, PauseNumber]:
    """The time and the pause of a waiting pause's key."""
    return read_timer_key(key[-_PAUSE.size :])


def status_prefix(namespace: str, status: int) -> bytes:
    """What the keys of all executions of a status begin with, before the execution id."""
    return namespace_prefix(namespace) + bytes((status,))


def label_prefix(namespace: str, name: str, text: str) -> bytes:
    """The same of a label: a hash, because all together may be longer than a key can be."""
    label = f"{len(namespace)} {namespace}{len(name)} {name}{text}".encode()
    return _hash(label)


def checkpoint_key(uid: int, name: str) -> bytes:
    """Key of a checkpoint."""
    return revision_key(uid) + name.encode()


def pin_key(uid: int, revision: int, name: str = "") -> bytes:
    """Key that says that a checkpoint needs the state at a revision."""
    return revision_key(uid) + revision_key(revision) + name.encode()


def read_pin_key(key: bytes) -> tuple[int, str]:
    """The revision and the checkpoint of such a key."""
    at = _REVISION.size
    return int.from_bytes(key[at : 2 * at]), key[2 * at :].decode()


def _hash(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()
