"""Engines that fail when they are told to."""

import threading
from contextlib import nullcontext
from typing import Protocol

import pytest

from statekeeper_server.engine import (
    Copy,
    Cursor,
    Engine,
    EngineBrokenError,
    ReadTransaction,
    Table,
    Undisturbed,
    Usage,
    WriteTransaction,
)
from statekeeper_server.folder import ShardFolder

_DEADLINE_S = 30.0


class Opening(Protocol):
    """What opens and verifies an engine."""

    def open(self) -> Engine: ...
    def verify(self) -> str: ...


class Breaker:
    """When a shard's engine fails, and how; shared by all that are opened for it.

    Attributes:
        before_commit: which commit from now on fails and keeps nothing: 1 is the next.
        after_commit: which commit from now on fails but keeps everything.
        at_put: which put from now on fails.
        sound: verification may begin; cleared, it waits until it is set.
        problem: what verification finds.
        unopenable: opening fails.
    """

    def __init__(self) -> None:
        self.before_commit = 0
        self.after_commit = 0
        self.at_put = 0
        self.sound = threading.Event()
        self.sound.set()
        self.problem = ""
        self.unopenable = False
        self.verifications = threading.Semaphore(0)

    def take(self, name: str) -> bool:
        """Whether to fail now; counts."""
        left: int = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return left == 1

    def open(self, medium: Opening) -> Engine:
        """Open a medium's engine so that it fails when told."""
        if self.unopenable:
            raise EngineBrokenError("the medium cannot be opened")
        return BreakableEngine(medium.open(), self)

    def verify(self, medium: Opening) -> str:
        """Verify a medium, or find the problem that was told."""
        assert self.sound.wait(_DEADLINE_S)
        self.verifications.release()
        return self.problem or medium.verify()


class BreakableEngine:
    """Implements `Engine` on another one."""

    def __init__(self, engine: Engine, breaker: Breaker) -> None:
        self._engine = engine
        self._breaker = breaker

    def read(self) -> ReadTransaction:
        return self._engine.read()

    def write(self) -> WriteTransaction:
        return BreakableTransaction(self._engine.write(), self._breaker)

    def copy(self) -> Copy:
        return self._engine.copy()

    def usage(self) -> Usage:
        return self._engine.usage()

    def has_room(self, size_bytes: int) -> bool:
        return self._engine.has_room(size_bytes)

    def flush(self) -> None:
        self._engine.flush()

    def idle_s(self) -> float | None:
        return self._engine.idle_s()

    def close(self) -> None:
        self._engine.close()


class BreakableTransaction:
    """Implements `WriteTransaction` on another one."""

    def __init__(self, txn: WriteTransaction, breaker: Breaker) -> None:
        self._txn = txn
        self._breaker = breaker

    def get(self, table: Table, key: bytes) -> bytes | None:
        return self._txn.get(table, key)

    def newest(self, table: Table, start: bytes) -> tuple[bytes, bytes] | None:
        return self._txn.newest(table, start)

    def cursor(self, table: Table) -> Cursor:
        return self._txn.cursor(table)

    def last_key(self, table: Table) -> bytes | None:
        return self._txn.last_key(table)

    def count(self, table: Table) -> int:
        return self._txn.count(table)

    def put(self, table: Table, key: bytes, value: bytes) -> None:
        if self._breaker.take("at_put"):
            raise EngineBrokenError("the medium failed in a put")
        self._txn.put(table, key, value)

    def delete(self, table: Table, key: bytes) -> None:
        self._txn.delete(table, key)

    def prepare(self) -> None:
        self._txn.prepare()

    def commit(self) -> None:
        if self._breaker.take("before_commit"):
            raise EngineBrokenError("the medium failed before the commit")
        self._txn.commit()
        if self._breaker.take("after_commit"):
            raise EngineBrokenError("the medium failed after the commit")

    def abort(self) -> None:
        self._txn.abort()


def break_shard(monkeypatch: pytest.MonkeyPatch, number: int) -> Breaker:
    """Let one shard of the servers that are started from now on fail when told."""
    breaker = Breaker()
    real_open, real_verify = ShardFolder.open, ShardFolder.verify

    class Real:
        def __init__(self, folder: ShardFolder) -> None:
            self._folder = folder

        def open(self) -> Engine:
            return real_open(self._folder)

        def verify(self) -> str:
            return real_verify(self._folder)

    def chosen(folder: ShardFolder) -> bool:
        return folder.path.name == f"shard-{number:03d}"

    def open_(folder: ShardFolder, undisturbed: Undisturbed = nullcontext) -> Engine:
        if chosen(folder):
            return breaker.open(Real(folder))
        return real_open(folder, undisturbed)

    def verify(folder: ShardFolder) -> str:
        return breaker.verify(Real(folder)) if chosen(folder) else real_verify(folder)

    monkeypatch.setattr(ShardFolder, "open", open_)
    monkeypatch.setattr(ShardFolder, "verify", verify)
    return breaker
