"""What all writes have in common: options, compare-and-set, replay, remembering."""

from typing import NamedTuple, Protocol

from statekeeper_server.errors import ConflictError, RequestIdReusedError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.storage.v1.records_pb2 import DoneRequest, Head
from statekeeper_server.store.reader import Reader
from statekeeper_server.store.writer import Writer


class RequestMark(NamedTuple):
    """A request_id, as it is remembered."""

    row_key: bytes
    digest: bytes


class WriteOptions(NamedTuple):
    """Checked options of a write; None where the caller said nothing."""

    expected_revision: int | None = None
    ttl_us: int | None = None
    mark: RequestMark | None = None
    actor: str = ""


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


class Written(NamedTuple):
    """What a write did, as in the contract's WriteResult."""

    key: ExecutionKey
    revision: int
    version: int
    time_us: int
    replayed: bool = False
    warnings: tuple[str, ...] = ()
    existed: bool = True


def living(head: Head | None, now_us: int) -> Head | None:
    """The head, unless the execution has expired: then it reads as absent (B17)."""
    if head is not None and 0 < head.expire_time_us <= now_us:
        return None
    return head


def replay(store: Reader, request: WriteRequest) -> Written | None:
    """The first result, when this very request was done before (B70)."""
    mark = request.options.mark
    if mark is None:
        return None
    done = store.done_request(mark.row_key)
    if done is None:
        return None
    if done.digest != mark.digest:
        raise RequestIdReusedError
    return Written(
        request.key,
        done.revision,
        done.version,
        done.time_us,
        replayed=True,
        warnings=tuple(done.warnings),
        existed=done.existed,
    )


def expect(options: WriteOptions, head: Head | None) -> None:
    """Compare before setting (B65)."""
    expected = options.expected_revision
    current = 0 if head is None else head.execution.revision
    if expected is not None and expected != current:
        raise ConflictError(expected, current)


def remember(store: Writer, request: WriteRequest, written: Written) -> Written:
    """Remember the result under the request's id, if it has one."""
    mark = request.options.mark
    if mark is not None:
        done = DoneRequest(
            digest=mark.digest,
            revision=written.revision,
            version=written.version,
            time_us=written.time_us,
            warnings=written.warnings,
            existed=written.existed,
        )
        store.remember(mark.row_key, done)
    return written
