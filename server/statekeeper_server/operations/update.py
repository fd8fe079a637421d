"""Update: change what is named and nothing else."""

from dataclasses import dataclass

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import EVENT_KIND_UPDATED
from statekeeper_server.documents import DOCUMENT_NAMES
from statekeeper_server.errors import StateNotFoundError, invalid
from statekeeper_server.keys import ExecutionKey, document_of, document_prefix, entry_prefix
from statekeeper_server.limits import LABELS_MAX, StateLimits
from statekeeper_server.operations.change import Change, Entries, write_change
from statekeeper_server.operations.writing import WriteOptions, Written, expect, living, replay
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.writer import Writer


@dataclass(frozen=True, slots=True)
class Removal:
    """What an update takes away."""

    entries: tuple[tuple[int, str], ...] = ()
    documents: frozenset[int] = frozenset()
    labels: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """A checked UpdateRequest; its values have been taken out of `changes`."""

    key: ExecutionKey
    options: WriteOptions
    changes: ExecutionState
    entries: Entries
    replaced_documents: frozenset[int]
    labels_replaced: bool
    removal: Removal
    limits: StateLimits
    stored_bytes: int
    return_execution: bool


def update(store: Writer, request: Update, now_us: int) -> Written:
    """Merge the changes into the stored state.

    Raises:
        StateNotFoundError, ConflictError, RequestIdReusedError, StateTooLargeError.
        InvalidRequestError: too many labels or entries after the merge.
    """
    if (first := replay(store, request)) is not None:
        return first
    stored = store.head(request.key)
    old = living(stored, now_us)
    if old is None:
        raise StateNotFoundError
    expect(request.options, old)

    change = Change(EVENT_KIND_UPDATED, _merge(old.execution.state, request))
    _merge_entries(store, old, request, change)
    _check_entries(old, request, change)
    return write_change(
        store,
        request,
        stored=stored,
        old=old,
        change=change,
        limits=request.limits,
        now_us=now_us,
    )


def _merge(old: ExecutionState, request: Update) -> ExecutionState:
    changes, removal = request.changes, request.removal
    merged = ExecutionState()
    merged.CopyFrom(old)
    if request.labels_replaced:
        merged.labels.clear()
    for name in removal.labels:
        merged.labels.pop(name, None)
    for name in removal.fields:
        merged.ClearField(name)
    for document in removal.documents:
        merged.ClearField(DOCUMENT_NAMES[document])
    if changes.HasField("start_time"):
        merged.ClearField("start_time")
    # Set fields replace, labels join.
    merged.MergeFrom(changes)
    if len(merged.labels) > LABELS_MAX:
        raise invalid("changes.labels", f"would be {len(merged.labels)}, the limit is {LABELS_MAX}")
    return merged


def _merge_entries(store: Writer, old: Head, request: Update, change: Change) -> None:
    for document in request.replaced_documents:
        stored = store.entries(document_prefix(old.uid, document))
        change.replace(old.uid, stored, {document: request.entries.get(document, {})})
    for document, values in request.entries.items():
        if document in request.replaced_documents:
            continue
        for name, value in values.items():
            prefix = entry_prefix(old.uid, document, name.encode())
            change.set(prefix, value, store.entry(prefix))
    for document in request.removal.documents:
        change.replace(old.uid, store.entries(document_prefix(old.uid, document)), {})
    for document, name in request.removal.entries:
        prefix = entry_prefix(old.uid, document, name.encode())
        change.remove(prefix, store.entry(prefix))


def _check_entries(old: Head, request: Update, change: Change) -> None:
    counts = {size.document: size.entries for size in old.sizes}
    for prefix, value, before in change.entries:
        document = document_of(prefix)
        was = before is not None and not before.removed
        counts[document] = counts.get(document, 0) + (value is not None) - was
    for document, count in counts.items():
        if count > request.limits.entries_max:
            raise invalid(
                f"changes.{DOCUMENT_NAMES[document]}",
                f"would have {count} entries, the limit is {request.limits.entries_max}",
            )
