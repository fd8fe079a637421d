"""Load: read an execution, as it is or as it was, whole or in parts."""

from dataclasses import dataclass, field

from statekeeper_server.errors import RevisionCompactedError, invalid
from statekeeper_server.keys import (
    ExecutionKey,
    document_prefix,
    entry_prefix,
    revision_key,
)
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Attributes, Head
from statekeeper_server.store.reader import Reader, StoredValue


@dataclass(frozen=True, slots=True)
class Selection:
    """What to read of a state; the id and the status always are."""

    attributes: frozenset[str] = frozenset()
    documents: frozenset[int] = frozenset()
    entries: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Load:
    """A checked LoadRequest."""

    key: ExecutionKey
    revision: int | None = None
    selection: Selection | None = None
    """None: everything."""


@dataclass(slots=True)
class Loaded:
    """An execution as read; its values come last."""

    key: ExecutionKey
    head: Head
    revision: int
    version: int
    update_time_us: int
    attributes: Attributes
    values: list[StoredValue] = field(default_factory=list)


def find(store: Reader, request: Load, now_us: int) -> Loaded | None:
    """The execution at the asked revision, without its values; None when there is none.

    Raises:
        InvalidRequestError: the revision is in the future.
        RevisionCompactedError: the state at the revision is no longer whole.
    """
    head = living(store.head(request.key), now_us)
    if request.revision is None or (head is not None and head.revision == request.revision):
        if head is None:
            return None
        return Loaded(
            request.key, head, head.revision, head.version, head.update_time_us, head.attributes
        )
    newest = store.last_revision()
    if request.revision > newest:
        raise invalid("revision", f"{request.revision} is in the future, the newest is {newest}")
    if head is None:
        return None
    return _find_past(store, request.key, head, request.revision)


def _find_past(store: Reader, key: ExecutionKey, head: Head, revision: int) -> Loaded:
    if revision < head.history_floor:
        raise RevisionCompactedError(revision, head.history_floor)
    at, previous = head.revision, head.revision
    while True:
        event = store.event(previous)
        if event is None:
            raise RevisionCompactedError(revision, at)
        at = previous
        if at <= revision:
            break
        previous = event.previous_revision
    return Loaded(key, head, at, event.version, event.time_us, event.attributes)


def read_values(store: Reader, loaded: Loaded, selection: Selection | None) -> None:
    """Read the values that were asked for."""
    uid, at, values = loaded.head.uid, loaded.revision, loaded.values
    if selection is None:
        values += store.values(uid, revision_key(uid), at)
        return
    for document in selection.documents:
        values += store.values(uid, document_prefix(uid, document), at)
    for document, name in selection.entries:
        if document not in selection.documents:
            entry = store.entry(entry_prefix(uid, document, name.encode()), at)
            value = None if entry is None else store.value(uid, entry)
            if value is not None:
                values.append((document, name, value))
