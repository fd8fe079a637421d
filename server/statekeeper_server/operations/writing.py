"""What all writes have in common: options, and the rules that come before anything is done."""

from hashlib import blake2b
from typing import NamedTuple, Protocol

from statekeeper_server.errors import ConflictError, FencedError, LockedError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.writer import Writer


class RequestMark(NamedTuple):
    """A request_id, and what it stands for.

    Attributes:
        request_id: as the caller has chosen it.
        row: what it is known by in the shard; see `ExecutionKey.request`.
        digest: a hash of the request.
        token_hash: the hash of the token that alone leads from the request to its
            execution; empty when the request names that.
    """

    request_id: str
    row: bytes
    digest: bytes
    token_hash: bytes = b""


def request_digest(kind: str, content: bytes) -> bytes:
    """The digest of a request.

    Args:
        kind: the name of its message.
        content: the request with its namespace, serialised in the one deterministic way.
    """
    return blake2b(content, digest_size=16, person=kind.encode()[:16]).digest()


class WriteOptions(NamedTuple):
    """Checked options of a write; None where the caller said nothing."""

    expected_revision: int | None = None
    ttl_us: int | None = None
    mark: RequestMark | None = None
    actor: str = ""
    fencing_token: int = 0


NO_OPTIONS = WriteOptions()


class WriteRequest(Protocol):
    """What every writing operation is given."""

    @property
    def key(self) -> ExecutionKey:
        """The execution to write."""
        ...

    @property
    def options(self) -> WriteOptions:
        """How to write it."""
        ...

    @property
    def stored_bytes(self) -> int:
        """What it will add to the shard, about; 0 when it only removes."""
        ...


class Unclaimed(NamedTuple):
    """A lock that was granted to a caller who was gone before it could hear of it."""

    key: ExecutionKey
    options: WriteOptions
    fencing_token: int
    stored_bytes: int = 0


class Done(NamedTuple):
    """What a write gave.

    Attributes:
        response: what its caller is told, serialised.
        revision: the execution's revision after it.
        unclaimed: what to take back when the caller is not there any more to hear of it.
    """

    response: bytes
    revision: int
    unclaimed: Unclaimed | None = None


def living(head: Head | None, now_us: int) -> Head | None:
    """The head, unless the execution has expired: then it reads as absent (B17)."""
    if head is not None and 0 < head.expire_time_us <= now_us:
        return None
    return head


def expect(options: WriteOptions, head: Head | None) -> None:
    """Compare before setting (B65)."""
    expected = options.expected_revision
    if expected is None:
        return
    current = 0 if head is None else head.execution.revision
    if expected != current:
        raise ConflictError(expected, current)


def guard(store: Writer, key: ExecutionKey, options: WriteOptions) -> None:
    """Keep out whom a lock keeps out (B59, B63)."""
    grant = store.locks.grant(key.row)
    if options.fencing_token:
        if grant is None or grant.fencing_token != options.fencing_token:
            raise FencedError
    elif grant is not None and grant.exclusive:
        raise LockedError(grant.owner, grant.expire_time_us)
