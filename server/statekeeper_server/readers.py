"""Who is reading a shard: none must be when its engine is closed."""

import threading
from types import TracebackType

from statekeeper_server.engine import EngineBrokenError, ReadTransaction
from statekeeper_server.errors import StorageError
from statekeeper_server.store.reader import Reader


class Readers:
    """Counts the readers of an engine, and keeps new ones out while it is not fit to read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = threading.Condition(self._lock)
        self._count = 0
        self.admitted = False

    def admit(self) -> None:
        """Let readers in."""
        self.admitted = True

    def dismiss(self) -> None:
        """Let no more readers in."""
        with self._lock:
            self.admitted = False

    def wait_until_gone(self) -> None:
        """Wait for those who are in, after `dismiss`."""
        with self._gone:
            self._gone.wait_for(lambda: self._count == 0)

    def enter(self) -> bool:
        """Begin to read; False when that is not allowed now."""
        with self._lock:
            if self.admitted:
                self._count += 1
            return self.admitted

    def leave(self) -> None:
        """End what a successful `enter` began."""
        with self._lock:
            self._count -= 1
            if not self.admitted:
                self._gone.notify_all()


class Reading:
    """One reader's snapshot, to be used in a `with`; a failure of the engine is StorageError."""

    __slots__ = ("_readers", "_txn")

    def __init__(self, txn: ReadTransaction, readers: Readers) -> None:
        self._txn = txn
        self._readers = readers

    def __enter__(self) -> Reader:
        return Reader(self._txn)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._txn.abort()
        self._readers.leave()
        if isinstance(error, EngineBrokenError):
            raise StorageError("the shard cannot be read") from error
