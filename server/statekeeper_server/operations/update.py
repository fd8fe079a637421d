"""Update: change what is named and nothing else."""

from dataclasses import dataclass

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import EVENT_KIND_UPDATED
from statekeeper.v1.state_requests_pb2 import UpdateResponse
from statekeeper_server.documents import DOCUMENT_NAMES, STATE_DOCUMENTS_END
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey, document_of, entry_prefix
from statekeeper_server.limits import LABELS_MAX
from statekeeper_server.operations.draft import Draft, Entries
from statekeeper_server.operations.writing import WriteOptions


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
    stored_bytes: int
    return_execution: bool


def update(draft: Draft, request: Update) -> UpdateResponse:
    """Merge the changes into the state.

    Raises:
        StateNotFoundError: there is none.
        InvalidRequestError: too many labels or entries after the merge.
    """
    draft.existing()
    merged = _merge(draft, request)
    draft.act(EVENT_KIND_UPDATED)
    _merge_entries(draft, request)
    _check_entries(draft)
    draft.put_state(merged)
    return UpdateResponse()


def _merge(draft: Draft, request: Update) -> ExecutionState:
    changes, removal = request.changes, request.removal
    merged = draft.edit_state()
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


def _merge_entries(draft: Draft, request: Update) -> None:
    uid = draft.uid
    for document in request.replaced_documents:
        draft.replace_document(document, request.entries.get(document, {}))
    for document, values in request.entries.items():
        if document in request.replaced_documents:
            continue
        for name, value in values.items():
            draft.set(entry_prefix(uid, document, name.encode()), value)
    for document in request.removal.documents:
        draft.replace_document(document, {})
    for document, name in request.removal.entries:
        draft.remove(entry_prefix(uid, document, name.encode()))


def _check_entries(draft: Draft) -> None:
    counts = {} if draft.old is None else {size.document: size.entries for size in draft.old.sizes}
    for prefix, value, before in draft.entries.values():
        document = document_of(prefix)
        was = before is not None and not before.removed
        counts[document] = counts.get(document, 0) + (value is not None) - was
    limit = draft.store.limits.entries_max
    for document, count in counts.items():
        if count > limit and document < STATE_DOCUMENTS_END:
            raise invalid(
                f"changes.{DOCUMENT_NAMES[document]}",
                f"would have {count} entries, the limit is {limit}",
            )
