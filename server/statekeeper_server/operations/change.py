"""From what an operation has decided to rows: entries, the head, the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import EventKind
from statekeeper_server.codec import EncodedEntry, same_value
from statekeeper_server.documents import DOCUMENT_NAMES, DOCUMENT_NUMBERS
from statekeeper_server.errors import StateTooLargeError
from statekeeper_server.keys import ExecutionKey, document_of, entry_prefix, read_entry_prefix
from statekeeper_server.limits import CHANGED_MAX, TTL_DEFAULT_US, StateLimits
from statekeeper_server.operations.writing import WriteRequest, Written, remember
from statekeeper_server.storage.v1.records_pb2 import Event, Head
from statekeeper_server.store.reader import Entry
from statekeeper_server.store.writer import EntryChange, Writer

ATTRIBUTE_NAMES = ("status", "current_member", "start_time", "labels", "schema_version")
_OPTIONAL = frozenset(("current_member", "start_time", "schema_version"))

Entries = Mapping[int, Mapping[str, EncodedEntry]]
"""Encoded values by document and entry."""


@dataclass(slots=True)
class Change:
    """A decided change: the state after it without its values, and the entries that differ."""

    kind: EventKind
    state: ExecutionState
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
    options, revision = request.options, store.next_revision
    event = Event()
    event.changed.extend(_changed(old, change))
    if old is None:
        head = _first_head(request.key, revision, now_us)
    else:
        head = old
        event.previous_revision = head.execution.revision
        # A machine's clock may step back; an execution's history does not.
        now_us = max(now_us, head.execution.update_time.ToMicroseconds())
    _stamp(head, revision, now_us, options.ttl_us)
    head.execution.state.CopyFrom(change.state)
    if change.entries:
        _count(head, change.entries)
    warnings = _check_size(head, limits)

    if old is None and stored is not None:
        store.discard(stored.uid)
    for ordinal, entry in enumerate(change.entries):
        store.put_entry(head, entry, ordinal, now_us)
    store.put_head(request.key, head)
    event.uid = head.uid
    event.kind = change.kind
    event.execution.CopyFrom(head.execution)
    event.actor = options.actor
    store.append(event)
    written = Written(request.key, revision, head.execution.version, now_us, warnings=warnings)
    return remember(store, request, written)


def _first_head(key: ExecutionKey, revision: int, now_us: int) -> Head:
    head = Head(uid=revision, ttl_us=TTL_DEFAULT_US, history_floor=revision)
    execution = head.execution
    execution.key.namespace, execution.key.execution_id = key.namespace, key.execution_id
    execution.create_time.FromMicroseconds(now_us)
    return head


def _stamp(head: Head, revision: int, now_us: int, ttl_us: int | None) -> None:
    execution = head.execution
    execution.revision = revision
    execution.version += 1
    execution.update_time.FromMicroseconds(now_us)
    if ttl_us is not None:
        head.ttl_us = ttl_us
    if head.ttl_us:
        head.expire_time_us = now_us + head.ttl_us
        execution.expire_time.FromMicroseconds(head.expire_time_us)
    else:
        head.expire_time_us = 0
        execution.ClearField("expire_time")


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
            size.value_bytes += value.value_bytes


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


def _changed(old: Head | None, change: Change) -> list[str]:
    """The names of what really changed, as the history shows them."""
    names: list[str] = []
    documents: set[int] = set()
    before = ExecutionState() if old is None else old.execution.state
    if before != change.state:
        names = [name for name in ATTRIBUTE_NAMES if _differs(name, before, change.state)]
        documents = {
            document
            for name, document in DOCUMENT_NUMBERS.items()
            if before.HasField(name) != change.state.HasField(name)
        }
    if len(change.entries) > CHANGED_MAX:
        documents.update(document_of(prefix) for prefix, _, _ in change.entries)
        return names + [DOCUMENT_NAMES[document] for document in sorted(documents)]
    entries = [read_entry_prefix(prefix) for prefix, _, _ in change.entries]
    # A document that came or went empty is named itself, the others by their entries.
    documents.difference_update(document for document, _ in entries)
    names += [DOCUMENT_NAMES[document] for document in sorted(documents)]
    return names + [f"{DOCUMENT_NAMES[document]}.{name}" for document, name in entries]


def _differs(attribute: str, left: ExecutionState, right: ExecutionState) -> bool:
    return getattr(left, attribute) != getattr(right, attribute) or (
        attribute in _OPTIONAL and left.HasField(attribute) != right.HasField(attribute)
    )
