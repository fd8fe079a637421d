"""Plain writes: Saves and Updates that need nothing but the rows they change.

What most callers send most of the time goes this way, in native code: no message is made
of the request, of the rows, or of the answer. Whatever is not plain, in the request or in
what is stored, takes the general way, which alone knows every rule and every error; what
goes this way comes out as that would have it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from statekeeper_server.errors import StateError
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.native_part import Write
from statekeeper_server.operations.writing import Done, WriteOptions, WriteRequest
from statekeeper_server.store.index import status_row
from statekeeper_server.store.writer import Moved, Writer


class PlainWrite(Write):
    """A write whose request is a plain one, made by the native part. Implements `WriteRequest`."""

    __slots__ = ()

    return_execution = False

    @property
    def name(self) -> str:
        """Of its kind, in Operation."""
        return "update" if self.is_update else "save"

    @property
    def key(self) -> ExecutionKey:
        """The execution to write."""
        return ExecutionKey.of_parts(self.namespace, self.execution_id, self.row)

    @property
    def options(self) -> WriteOptions:
        """How to write it."""
        options: WriteOptions = self.general().options
        return options

    def general(self) -> Any:
        """The same for the general way."""
        return self.check(self.raw)


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
        if store.locks.grant(request.row) is None:
            revision = store.next_revision
            written = store.write_plain(request, now_us)
            if written is not None:
                response, moved = written
                if moved is not None:
                    _keep_found(store, request.key, moved)
                return Done(response, revision)
        request = request.general()
    return general(store, request, now_us)


class WritesDone(NamedTuple):
    """What became of the writes of a message.

    Attributes:
        parts: one after the other: the results of some, as fields of a BatchResponse; or one
            write and what became of it, where that did not go the plain way; None: its time
            was over.
    """

    parts: list[bytes | tuple[PlainWrite, Done | Exception | None]]


def write_all(
    operation_of: Callable[[PlainWrite], Callable[[Writer, Any, int], Done]],
    store: Writer,
    writes: Sequence[PlainWrite],
    now_us: int,
    *,
    is_late: Callable[[PlainWrite], bool] | None,
) -> WritesDone:
    """Apply writes one after the other, each as `write` would; what fails is its own failure.

    Args:
        operation_of: tells what applies one of them by itself.
        store: the batch's transaction.
        writes: what to apply.
        now_us: the time of the batch.
        is_late: whether the time of one is over, which then is not done; None: that of none is.
    """
    done = WritesDone([])
    at = 0
    while at < len(writes):
        if is_late is None and store.locks.none_held:
            count, results, moved = store.write_all_plain(writes, at, now_us)
            at += count
            if count:
                done.parts.append(results)
            if moved is not None:
                _keep_found(store, writes[at - 1].key, moved)
                continue
            if at == len(writes):
                break
        one = writes[at]
        outcome: Done | StateError | None = None
        if is_late is None or not is_late(one):
            try:
                outcome = operation_of(one)(store, one, now_us)
            except StateError as error:
                outcome = error
        done.parts.append((one, outcome))
        at += 1
    return done


def _keep_found(store: Writer, key: ExecutionKey, moved: Moved) -> None:
    """Bring the rows up to date by which an execution is found, which seldom change."""
    uid, look_us, before, status = moved
    if look_us:
        store.put_expiry(look_us, uid, key)
    if before != status:
        store.reindex(
            frozenset((status_row(key, before),)) if before else frozenset(),
            frozenset((status_row(key, status),)),
        )
