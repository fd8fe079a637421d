"""Plain writes: Saves and Updates that need nothing but the rows they change.

What most callers send most of the time goes this way, in native code: no message is made
of the request, of the rows, or of the answer. Whatever is not plain, in the request or in
what is stored, takes the general way, which alone knows every rule and every error; what
goes this way comes out as that would have it.
"""

from collections.abc import Callable
from typing import Any

from statekeeper_server.keys import ExecutionKey
from statekeeper_server.native_part import Write
from statekeeper_server.operations.writing import Done, WriteOptions, WriteRequest
from statekeeper_server.store.index import status_row
from statekeeper_server.store.writer import Writer, Written


class PlainWrite:
    """A write whose request is a plain one. Implements `WriteRequest`.

    Args:
        write: the request.
        check: makes of its bytes what the general way takes.
    """

    __slots__ = ("_check", "key", "stored_bytes", "write")

    return_execution = False

    def __init__(self, write: Write, check: Callable[[bytes], Any]) -> None:
        self.write = write
        self._check = check
        self.key = ExecutionKey.of_parts(write.namespace, write.execution_id, write.row)
        self.stored_bytes = write.stored_bytes

    @property
    def options(self) -> WriteOptions:
        """How to write it."""
        options: WriteOptions = self.general().options
        return options

    def general(self) -> Any:
        """The same for the general way."""
        return self._check(self.write.raw)


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
        if store.locks.grant(request.write.row) is None:
            revision = store.next_revision
            written = store.write_plain(request.write, now_us)
            if written is not None:
                _keep_found(store, request.key, written)
                return Done(written.response, revision)
        request = request.general()
    return general(store, request, now_us)


def _keep_found(store: Writer, key: ExecutionKey, written: Written) -> None:
    """Bring the rows up to date by which an execution is found, which seldom change."""
    if written.look_us:
        store.put_expiry(written.look_us, written.uid, key)
    before = written.status_before
    if before != written.status:
        store.reindex(
            frozenset((status_row(key, before),)) if before else frozenset(),
            frozenset((status_row(key, written.status),)),
        )
