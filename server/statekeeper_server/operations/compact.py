"""Compact: doing at once, step by step, what housekeeping does in its own time.

Each step is an operation of its own, so it is committed with what others write, and they
wait for no more than one.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from statekeeper_server.engine import Table
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.expiry import expire_due_executions
from statekeeper_server.operations.writing import NO_OPTIONS, Done, WriteOptions
from statekeeper_server.store.compact import compact_log, forget_requests
from statekeeper_server.store.reclaim import reclaim
from statekeeper_server.store.sweep import Place, sweep
from statekeeper_server.store.writer import Writer

# What others wait for: a few milliseconds.
_ROWS_MAX = 256
_EXECUTIONS_MAX = 32


class Chore(enum.IntEnum):
    """What is done, in this order: the first leaves something to do for the second."""

    EXECUTIONS = 0
    GARBAGE = 1
    LOG = 2
    REQUESTS = 3
    HISTORY = 4


class CompactPlace(NamedTuple):
    """How far a shard is compacted.

    Attributes:
        chore: what is being done.
        history: of the last one, where.
    """

    chore: Chore = Chore.EXECUTIONS
    history: Place = Place()


@dataclass(slots=True)
class CompactStep:
    """One step, as it is asked for and, once it is done, what came of it.

    Attributes:
        place: where to go on.
        removed: how much of the chore's it has removed: executions, otherwise rows.
        next_place: where the next one goes on; None: there is nothing left.
    """

    place: CompactPlace
    removed: int = 0
    next_place: CompactPlace | None = None

    @property
    def key(self) -> ExecutionKey:
        """None in particular."""
        return ExecutionKey("", "")

    @property
    def options(self) -> WriteOptions:
        """None."""
        return NO_OPTIONS

    @property
    def stored_bytes(self) -> int:
        """It only removes."""
        return 0


def compact(store: Writer, request: CompactStep, now_us: int) -> Done:
    """Do a step."""
    place = request.place
    tables = _TABLES[place.chore]
    before = sum(map(store.txn.count, tables))
    again = _CHORES[place.chore](store, place, now_us)
    request.removed = before - sum(map(store.txn.count, tables))
    request.next_place = again
    if again is None and place.chore is not Chore.HISTORY:
        request.next_place = CompactPlace(Chore(place.chore + 1))
    return Done(b"", 0)


def _expire(store: Writer, place: CompactPlace, now_us: int) -> CompactPlace | None:
    expire_due_executions(store, now_us, _EXECUTIONS_MAX)
    due = store.next_expiry()
    return place if due is not None and due[0] <= now_us else None


def _reclaim(store: Writer, place: CompactPlace, now_us: int) -> CompactPlace | None:
    del now_us
    return place if reclaim(store.txn, _ROWS_MAX) else None


def _compact_log(store: Writer, place: CompactPlace, now_us: int) -> CompactPlace | None:
    before = store.compacted_revision()
    compact_log(store.txn, store, store.rules.retention, now_us, _ROWS_MAX)
    # What others add meanwhile is left to housekeeping: this comes to an end.
    return place if store.compacted_revision() - before >= _ROWS_MAX else None


def _forget_requests(store: Writer, place: CompactPlace, now_us: int) -> CompactPlace | None:
    before = store.txn.count(Table.REQUESTS)
    forget_requests(store.txn, store, store.rules.retention, now_us, _ROWS_MAX)
    return place if before - store.txn.count(Table.REQUESTS) >= _ROWS_MAX else None


def _sweep(store: Writer, place: CompactPlace, now_us: int) -> CompactPlace | None:
    history = sweep(store.txn, store, place.history, now_us, _ROWS_MAX)
    return None if history is None else place._replace(history=history)


_CHORES: Mapping[Chore, Callable[[Writer, CompactPlace, int], CompactPlace | None]] = {
    Chore.EXECUTIONS: _expire,
    Chore.GARBAGE: _reclaim,
    Chore.LOG: _compact_log,
    Chore.REQUESTS: _forget_requests,
    Chore.HISTORY: _sweep,
}
# Where what a chore removes is counted.
_TABLES: Mapping[Chore, tuple[Table, ...]] = {
    Chore.EXECUTIONS: (Table.HEADS,),
    Chore.GARBAGE: tuple(Table),
    Chore.LOG: (Table.LOG,),
    Chore.REQUESTS: (Table.REQUESTS,),
    Chore.HISTORY: (Table.ENTRIES, Table.CHUNKS),
}
