"""Plain writes: Saves and Updates that need nothing but the rows they change.

What most callers send most of the time goes this way, in native code: no message is made
of the request, of the rows, or of the answer. Whatever is not plain, in the request or in
what is stored, takes the general way, which alone knows every rule and every error; what
goes this way comes out as that would have it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from statekeeper_server.keys import ExecutionKey
from statekeeper_server.native_part import Write
from statekeeper_server.operations.writing import Done, WriteOptions, WriteRequest, request_digest
from statekeeper_server.store.index import status_row
from statekeeper_server.store.rows import done_row
from statekeeper_server.store.writer import Writer


class PlainKind(NamedTuple):
    """What plain writes of one kind have in common.

    Attributes:
        name: of their message.
        check: makes of the bytes of a request what the general way takes.
    """

    name: str
    check: Callable[[bytes], Any]


class PlainWrite:
    """A write whose request is a plain one. Implements `WriteRequest`."""

    __slots__ = ("key", "kind", "stored_bytes", "write")

    return_execution = False

    def __init__(self, write: Write, kind: PlainKind) -> None:
        self.write = write
        self.kind = kind
        self.key = ExecutionKey.of_parts(write.namespace, write.execution_id, write.row)
        self.stored_bytes = write.stored_bytes

    @property
    def options(self) -> WriteOptions:
        """How to write it."""
        options: WriteOptions = self.general().options
        return options

    def general(self) -> Any:
        """The same for the general way."""
        return self.kind.check(self.write.raw)


def write(
    general: Callable[[Writer, Any, int], Done],
    store: Writer,
    request: WriteRequest | PlainWrite,
    now_us: int,
) -> Done:
    """Apply a write in the plain way where that will do, otherwise in the general one.

    Raises:
        StateError: nothing was changed.
    """
    if isinstance(request, PlainWrite):
        done = _write_plain(store, request, now_us)
        if done is not None:
            return done
        request = request.general()
    return general(store, request, now_us)


def _write_plain(store: Writer, request: PlainWrite, now_us: int) -> Done | None:
    key, write, mark = request.key, request.write, None
    if write.request_id is not None:
        mark = key.request(write.request_id)
        if store.has_done(mark):
            return None
    if store.locks.grant(key.row) is not None:
        return None
    revision = store.next_revision
    written = store.write_plain(write, now_us)
    if written is None:
        return None
    if written.look_us:
        store.put_expiry(written.look_us, written.uid, key)
    if written.status_before != written.status:
        before = written.status_before
        store.reindex(
            frozenset((status_row(key, before),)) if before else frozenset(),
            frozenset((status_row(key, written.status),)),
        )
    if mark is not None and write.canonical is not None:
        digest = request_digest(request.kind.name, write.canonical)
        store.remember(mark, done_row(digest, written.response, b""))
    return Done(written.response, revision)
