"""From what an operation has decided to rows: entries, the head, the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from statekeeper.v1.history_pb2 import EventKind
from statekeeper_server.codec import EncodedEntry, same_value
from statekeeper_server.documents import DOCUMENT_NAMES
from statekeeper_server.errors import StateTooLargeError
from statekeeper_server.keys import document_of, entry_prefix, read_entry_prefix
from statekeeper_server.limits import CHANGED_MAX, TTL_DEFAULT_US, StateLimits
from statekeeper_server.operations.writing import WriteRequest, Written, remember
from statekeeper_server.storage.v1.records_pb2 import Attributes, Event, Head
from statekeeper_server.store.reader import Entry
from statekeeper_server.store.writer import Writer

ATTRIBUTE_NAMES = ("status", "current_member", "start_time", "labels", "schema_version")
_OPTIONAL = frozenset(("current_member", "start_time", "schema_version"))

Entries = Mapping[int, Mapping[str, EncodedEntry]]
"""Encoded values by document and entry."""


class EntryChange(NamedTuple):
    """An entry that gets another value, or none; `old` is its newest version so far."""

    prefix: bytes
    value: EncodedEntry | None
    old: Entry | None


@dataclass(slots=True)
class Change:
    """A decided change: the attributes after it, and the entries that differ."""

    kind: EventKind
    attributes: Attributes
    entries: list[EntryChange] = field(default_factory=list)

    def replace(self, uid: int, stored: Iterable[Entry], wanted: Entries) -> None:
        """Make of the stored entries exactly the wanted ones."""
        olds = {entry.prefix: entry for entry in stored}
        for document, values in wanted.items():
            for name, value in values.items():
                prefix = entry_prefix(uid, document, name.encode())
                self.set(prefix, value, olds.pop(prefix, None))
        for prefix, old in olds.items():
            self.remove(prefix, old)

    def set(self, prefix: bytes, value: EncodedEntry, old: Entry | None) -> None:
        """Give an entry a value, unless it has it."""
        if old is None or not same_value(old.version, value.version):
            self.entries.append(EntryChange(prefix, value, old))

    def remove(self, prefix: bytes, old: Entry | None) -> None:
        """Take an entry away, if it is there."""
        if old is not None and not old.removed:
            self.entries.append(EntryChange(prefix, None, old))


def write_change(
    store: Writer,
    request: WriteRequest,
    *,
    stored: Head | None,
    old: Head | None,
    change: Change,
    limits: StateLimits,
    now_us: int,
) -> Written:
    """Write a change of an execution, or its first state.

    Args:
        store: the batch's transaction.
        request: who asked for it.
        stored: the head in the store, expired or not.
        old: the same if the execution lives, otherwise it is created anew. It becomes
            the next head in place: it was read for this operation alone.
        change: what was decided.
        limits: how large the state may be.
        now_us: the time of the batch.

    Raises:
        StateTooLargeError: before anything is written.
    """
    options = request.options
    event = Event()
    event.changed.extend(_changed(None if old is None else old.attributes, change))
    if old is None:
        head = _first_head(store.next_revision, now_us)
    else:
        head = old
        event.previous_revision = head.revision
        # A machine's clock may step back; an execution's history does not.
        now_us = max(now_us, head.update_time_us)
    head.revision = revision = store.next_revision
    head.version += 1
    head.update_time_us = now_us
    head.attributes.CopyFrom(change.attributes)
    if options.ttl_us is not None:
        head.ttl_us = options.ttl_us
    head.expire_time_us = now_us + head.ttl_us if head.ttl_us else 0
    if change.entries:
        _count(head, change.entries)
    warnings = _check_size(head, limits)

    if old is None and stored is not None:
        store.discard(stored.uid)
    for ordinal, (prefix, value, before) in enumerate(change.entries):
        store.put_entry(head, prefix, value, before, ordinal)
    store.put_head(request.key, head)
    store.append(_fill(event, request, head, change))
    written = Written(request.key, revision, head.version, now_us, warnings=warnings)
    return remember(store, request, written)


def _first_head(revision: int, now_us: int) -> Head:
    return Head(uid=revision, create_time_us=now_us, ttl_us=TTL_DEFAULT_US, history_floor=revision)


def _fill(event: Event, request: WriteRequest, head: Head, change: Change) -> Event:
    # Field by field: with so many, the constructor takes twice as long.
    event.namespace = request.key.namespace
    event.execution_id = request.key.execution_id
    event.uid = head.uid
    event.kind = change.kind
    event.version = head.version
    event.time_us = head.update_time_us
    event.actor = request.options.actor
    event.attributes.CopyFrom(change.attributes)
    return event


def _count(head: Head, changes: Iterable[EntryChange]) -> None:
    """Bring the head's counts of entries and bytes up to date."""
    sizes = {size.document: size for size in head.sizes}
    for prefix, value, old in changes:
        document = document_of(prefix)
        size = sizes.get(document)
        if size is None:
            size = sizes[document] = head.sizes.add(document=document)
        if old is not None and not old.removed:
            size.entries -= 1
            size.value_bytes -= old.version.value_bytes
        if value is not None:
            size.entries += 1
            size.value_bytes += value.version.value_bytes


def _check_size(head: Head, limits: StateLimits) -> tuple[str, ...]:
    size_bytes = 0
    for size in head.sizes:
        size_bytes += size.value_bytes
    if size_bytes <= limits.state_bytes_warn:
        return ()
    if size_bytes > limits.state_bytes_max:
        raise StateTooLargeError(size_bytes, limits.state_bytes_max)
    warning = (
        f"the state takes {size_bytes} bytes, more than the recommended "
        f"{limits.state_bytes_warn}: keep large values elsewhere and store references"
    )
    return (warning,)


def _changed(old: Attributes | None, change: Change) -> list[str]:
    """The names of what really changed, as the history shows them."""
    names: list[str] = []
    documents: set[int] = set()
    if old != change.attributes:
        names, documents = _changed_attributes(old or Attributes(), change.attributes)
    if len(change.entries) > CHANGED_MAX:
        documents.update(document_of(prefix) for prefix, _, _ in change.entries)
        return names + [DOCUMENT_NAMES[document] for document in sorted(documents)]
    entries = [read_entry_prefix(prefix) for prefix, _, _ in change.entries]
    # A document that came or went empty is named itself, the others by their entries.
    documents.difference_update(document for document, _ in entries)
    names += [DOCUMENT_NAMES[document] for document in sorted(documents)]
    return names + [f"{DOCUMENT_NAMES[document]}.{name}" for document, name in entries]


def _changed_attributes(old: Attributes, new: Attributes) -> tuple[list[str], set[int]]:
    """The attributes that differ, and the documents that came or went."""
    names = [
        name
        for name in ATTRIBUTE_NAMES
        if getattr(old, name) != getattr(new, name)
        or (name in _OPTIONAL and old.HasField(name) != new.HasField(name))
    ]
    return names, set(old.documents).symmetric_difference(new.documents)
