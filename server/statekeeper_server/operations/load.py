"""Load: read an execution, as it is or as it was, whole or in parts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from statekeeper.v1.execution_pb2 import Execution
from statekeeper_server.errors import RevisionCompactedError, invalid
from statekeeper_server.keys import (
    ExecutionKey,
    document_prefix,
    entry_prefix,
    revision_key,
)
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.reader import Reader, StoredValue


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read of a state; the id and the status always are."""

    attributes: frozenset[str] = frozenset()
    documents: frozenset[int] = frozenset()
    entries: frozenset[tuple[int, str]] = frozenset()


class Load(NamedTuple):
    """A checked LoadRequest."""

    key: ExecutionKey
    revision: int | None = None
    selection: Selection | None = None
    """None: everything."""


class Loaded(NamedTuple):
    """An execution as read, without its values."""

    head: Head
    execution: Execution


def find(store: Reader, request: Load, now_us: int) -> Loaded | None:
    """The execution at the asked revision, without its values; None when there is none.

    Raises:
        InvalidRequestError: the revision is in the future.
        RevisionCompactedError: the state at the revision is no longer whole.
    """
    head = living(store.head(request.key), now_us)
    revision = request.revision
    if revision is None or (head is not None and head.execution.revision == revision):
        return None if head is None else Loaded(head, head.execution)
    newest = store.last_revision()
    if revision > newest:
        raise invalid("revision", f"{revision} is in the future, the newest is {newest}")
    return None if head is None else Loaded(head, _find_past(store, head, revision))


def _find_past(store: Reader, head: Head, revision: int) -> Execution:
    if revision < head.history_floor:
        raise RevisionCompactedError(revision, head.history_floor)
    at = previous = head.execution.revision
    while True:
        event = store.event(previous)
        if event is None:
            raise RevisionCompactedError(revision, at)
        at = previous
        if at <= revision:
            break
        previous = event.previous_revision
    past = event.execution
    # When it will be gone is not a thing of the past.
    past.ClearField("expire_time")
    past.expire_time.MergeFrom(head.execution.expire_time)
    return past


def read_values(
    store: Reader, loaded: Loaded, selection: Selection | None
) -> Iterable[StoredValue]:
    """The values that were asked for."""
    head = loaded.head
    uid, at = head.uid, loaded.execution.revision
    if selection is None:
        is_latest = at == head.execution.revision
        count = sum([size.entries for size in head.sizes]) if is_latest else None
        return store.values(uid, revision_key(uid), at, count)
    values: list[StoredValue] = []
    for document in selection.documents:
        values += store.values(uid, document_prefix(uid, document), at)
    for document, name in selection.entries:
        if document not in selection.documents:
            entry = store.entry(entry_prefix(uid, document, name.encode()), at)
            value = None if entry is None else store.value(uid, entry)
            if value is not None:
                values.append((document, name, value))
    return values
