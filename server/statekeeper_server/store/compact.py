"""Forgetting what is too old: events of the log, and requests that were done.

The log is whole from some position on, and that moves up here. Of what is before it, each
execution keeps one event, that of its state as it was at that position: a state that was
there then or later can still be loaded, however long ago it was written. That event goes
when its successor is passed as well.

Requests are forgotten a generation at a time. A new one begins when the last has been
there for as long as requests are to be remembered, and then the one before is still: so
each is remembered for that long at least, and its row is found by two looks and removed in
the order in which the rows lie.
"""

from dataclasses import dataclass

from statekeeper.v1.history_pb2 import EVENT_KIND_DELETED, EVENT_KIND_EXPIRED
from statekeeper_server.engine import Table, WriteTransaction
from statekeeper_server.keys import COMPACTED_KEY, GENERATION_KEY, request_key, revision_key
from statekeeper_server.storage.v1.records_pb2 import DoneRequest, Event, RequestGeneration
from statekeeper_server.store.reader import Reader

_ENDS = frozenset((EVENT_KIND_DELETED, EVENT_KIND_EXPIRED))


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the log and requests are kept: an event goes when either is exceeded."""

    log_window_us: int
    log_events_kept: int
    request_window_us: int


def compact_log(
    txn: WriteTransaction, store: Reader, retention: Retention, now_us: int, rows_max: int
) -> int:
    """Forget up to so many events; when there will be more to forget by their age."""
    compacted = store.compacted_revision()
    too_many = store.positions().count() - retention.log_events_kept
    due_us = now_us + retention.log_window_us
    passed: list[tuple[int, Event]] = []
    for revision, row in store.log(compacted):
        if len(passed) == rows_max:
            due_us = now_us
            break
        event = Event.FromString(row)
        if len(passed) >= too_many and event.time_us + retention.log_window_us > now_us:
            due_us = event.time_us + retention.log_window_us
            break
        passed.append((revision, event))
    for revision, event in passed:
        _pass(txn, revision, event)
    if passed:
        txn.put(Table.META, COMPACTED_KEY, revision_key(passed[-1][0]))
    return due_us


def _pass(txn: WriteTransaction, revision: int, event: Event) -> None:
    """Remove what nobody needs any more once the log begins behind this event."""
    if event.execution.revision != revision:
        # Of a lock or a checkpoint: no state came of it.
        txn.delete(Table.LOG, revision_key(revision))
        return
    if event.previous_revision:
        txn.delete(Table.LOG, revision_key(event.previous_revision))
    if not _ENDS.isdisjoint(act.kind for act in event.acts):
        txn.delete(Table.LOG, revision_key(revision))


def forget_requests(
    txn: WriteTransaction, store: Reader, retention: Retention, now_us: int, rows_max: int
) -> int:
    """Forget up to so many requests; when there will be more to forget."""
    current = store.request_generation()
    if now_us - current.began_us >= retention.request_window_us:
        current = RequestGeneration(generation=current.generation + 1, began_us=now_us)
        txn.put(Table.META, GENERATION_KEY, current.SerializeToString())
    kept = request_key(max(current.generation - 1, 0))
    cursor = txn.cursor(Table.REQUESTS)
    row = cursor.seek(request_key(0))
    gone: list[tuple[bytes, bytes]] = []
    while row is not None and row[0] < kept and len(gone) < rows_max:
        gone.append(row)
        row = cursor.next()
    for key, raw in gone:
        txn.delete(Table.REQUESTS, key)
        token_hash = DoneRequest.FromString(raw).token_hash
        if token_hash:
            txn.delete(Table.TOKENS, token_hash)
    if row is not None and row[0] < kept:
        return now_us
    return current.began_us + retention.request_window_us
