"""From a draft to rows: entries, pauses, checkpoints, the head, the log."""

from collections.abc import Collection, Iterable

from statekeeper.v1.execution_pb2 import Execution, ExecutionState
from statekeeper.v1.history_pb2 import EVENT_KIND_CHECKPOINTED, EVENT_KIND_DELETED
from statekeeper.v1.write_pb2 import WriteResult
from statekeeper_server.documents import (
    DOCUMENT_NUMBERS,
    RESTORED_DOCUMENTS_END,
    changed_document,
    changed_entry,
)
from statekeeper_server.errors import StateTooLargeError
from statekeeper_server.keys import ExecutionKey, document_of, read_entry_prefix
from statekeeper_server.limits import CHANGED_MAX, TTL_DEFAULT_US, StateLimits
from statekeeper_server.operations import leases
from statekeeper_server.operations.accesses import log_accesses
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.events import acts, event_after
from statekeeper_server.operations.expiry import plan_expiry
from statekeeper_server.operations.pause_rows import drop_old_pauses, put_pauses
from statekeeper_server.operations.removal import remove
from statekeeper_server.operations.results import put_key, put_result
from statekeeper_server.operations.times import set_time, written_times
from statekeeper_server.storage.v1.records_pb2 import Act, DocumentSize, Event, Head
from statekeeper_server.store.index import INDEXED, IndexRow, index_rows
from statekeeper_server.store.rows import event_row
from statekeeper_server.store.writer import EntryChange

ATTRIBUTE_NAMES = ("status", "current_member", "start_time", "labels", "schema_version")
_EMPTY = ExecutionState()
_OPTIONAL = frozenset(("current_member", "start_time", "schema_version"))


def store_draft(draft: Draft, result: WriteResult) -> None:
    """Write down what was decided, and fill in what was done.

    Raises:
        StateTooLargeError, StateNotFoundError: before anything is written.
    """
    if draft.deleted:
        _store_deletion(draft, result)
    elif draft.writes:
        _store_change(draft, result)
    else:
        _store_checkpoints_alone(draft, result)


def _store_change(draft: Draft, result: WriteResult) -> None:
    store, entries = draft.store, draft.entries.values()
    before, after = _EMPTY, draft.existing()
    previous_revision = 0
    if draft.old is not None:
        execution = draft.old.execution
        before, previous_revision = execution.state, execution.revision
    state_differs = draft.old is None or before != after
    changed = _changed(before, after, entries, state_differs=state_differs)
    is_found_anew = draft.old is None or not INDEXED.isdisjoint(changed)
    found_before = _index_rows(draft) if is_found_anew else frozenset()
    head = _next_head(draft)
    if state_differs:
        head.execution.state.CopyFrom(after)
    warnings = _check_size(head, entries, store.limits)

    # Checkpoints show its times as well.
    _prolong(draft, head)
    if draft.checkpoints or draft.gone_checkpoints:
        # Before the entries: what they supersede may be needed by a checkpoint from now on.
        _put_checkpoints(draft, head)
    for number, entry in enumerate(entries):
        store.put_entry(head, entry, number, draft.now_us)
    if draft.pause_rows:
        put_pauses(draft, head)
        drop_old_pauses(draft, head)
    if is_found_anew:
        store.reindex(found_before, index_rows(draft.key, head.execution.state))
    store.put_head(draft.key, head)
    if draft.accesses:
        log_accesses(store, head, draft.accesses, draft.now_us)
    done = acts(tuple(draft.deeds), tuple(changed))
    if draft.checkpoints:
        done += Event(acts=_checkpointed(draft)).SerializeToString()
    execution_row = head.execution.SerializeToString()
    event = event_row(head.uid, previous_revision, execution_row, done, draft.options.actor)
    store.append(event, draft.now_us)
    put_result(result, draft.key, head, draft.now_us)
    if warnings:
        result.warnings.extend(warnings)


def _index_rows(draft: Draft) -> frozenset[IndexRow]:
    """By which rows the execution is found before the change."""
    old = draft.old
    return frozenset() if old is None else index_rows(draft.key, old.execution.state)


def _next_head(draft: Draft) -> Head:
    """The execution after the change, but for its state, its pauses and its times."""
    # In place: it was read for this draft alone.
    head = draft.old or _first_head(draft.key, draft.revision, draft.now_us)
    execution = head.execution
    execution.revision = draft.revision
    execution.version += 1
    head.update_time_us = draft.now_us
    if draft.entries:
        _count(head, draft.entries.values())
    return head


def _store_checkpoints_alone(draft: Draft, result: WriteResult) -> None:
    """The revision does not move; what is made takes a position of the log for its event."""
    store, head = draft.store, draft.living_head()
    _put_checkpoints(draft, head)
    _prolong(draft, head)
    store.put_head(draft.key, head)
    if draft.checkpoints:
        event = event_after(head, _checkpointed(draft), draft.options.actor)
        store.append(event.SerializeToString(), draft.now_us)
    put_result(result, draft.key, head, draft.now_us)


def _store_deletion(draft: Draft, result: WriteResult) -> None:
    store, key, old = draft.store, draft.key, draft.old
    put_result(result, key, None, draft.now_us)
    if old is not None:
        result.revision = remove(
            store, key, old, EVENT_KIND_DELETED, actor=draft.options.actor, now_us=draft.now_us
        )
    leases.release(store, key, draft.now_us, draft.options.actor)


def _first_head(key: ExecutionKey, revision: int, now_us: int) -> Head:
    head = Head(uid=revision, history_floor=revision)
    execution = head.execution
    put_key(execution.key, key)
    set_time(execution.create_time, now_us)
    return head


def _prolong(draft: Draft, head: Head) -> None:
    """Every write renews the time to live (B18); an execution outlives its open pauses (B38)."""
    expire_us = expire_time_us(draft)
    head.ttl_us = _ttl_us(draft)
    head.expire_time_us = expire_us
    execution = head.execution
    if not expire_us:
        execution.ClearField("expire_time")
    execution.MergeFromString(written_times(Execution, head.update_time_us, expire_us))
    plan_expiry(draft.store, draft.key, head)


def expire_time_us(draft: Draft) -> int:
    """Until when an execution lives that is written as it is now; 0: for ever."""
    ttl_us = _ttl_us(draft)
    if not ttl_us:
        return 0
    since_us = draft.now_us
    for pause in draft.open_pauses.values():
        since_us = max(since_us, pause.expire_time_us)
    return since_us + ttl_us


def _ttl_us(draft: Draft) -> int:
    if draft.options.ttl_us is not None:
        return draft.options.ttl_us
    return TTL_DEFAULT_US if draft.old is None else draft.old.ttl_us


def _put_checkpoints(draft: Draft, head: Head) -> None:
    for name, gone in draft.gone_checkpoints.items():
        draft.store.remove_checkpoint(head, name, gone)
    for ordinal, (name, row) in enumerate(draft.checkpoints.items()):
        row.position, row.ordinal = draft.store.next_revision, ordinal
        if not row.HasField("execution"):
            row.execution.CopyFrom(head.execution)
        draft.store.put_checkpoint(head.uid, name, row)
    head.checkpoints += len(draft.checkpoints) - len(draft.gone_checkpoints)


def _checkpointed(draft: Draft) -> list[Act]:
    return [Act(kind=EVENT_KIND_CHECKPOINTED, checkpoint=name) for name in draft.checkpoints]


def _count(head: Head, changes: Iterable[EntryChange]) -> None:
    """Bring the head's counts of entries and bytes up to date."""
    sizes: dict[int, DocumentSize] = {}
    for prefix, value, old in changes:
        entries = value_bytes = 0
        if old is not None and not old.removed:
            entries -= 1
            value_bytes -= old.version.value_bytes
        if value is not None:
            entries += 1
            value_bytes += value.value_bytes
        if not entries and not value_bytes:
            # As most writes leave them.
            continue
        sizes = sizes or {size.document: size for size in head.sizes}
        document = document_of(prefix)
        size = sizes.get(document)
        if size is None:
            size = sizes[document] = head.sizes.add(document=document)
        size.entries += entries
        size.value_bytes += value_bytes


def _check_size(
    head: Head, entries: Collection[EntryChange], limits: StateLimits
) -> tuple[str, ...]:
    size_bytes = 0
    for size in head.sizes:
        size_bytes += size.value_bytes
    if size_bytes <= limits.state_bytes_warn:
        return ()
    # Where the limit was lowered, what is too large can still become smaller.
    if size_bytes > limits.state_bytes_max and _growth(entries) > 0:
        raise StateTooLargeError(size_bytes, limits.state_bytes_max)
    start, end = limits.warning
    return (f"{start}{size_bytes}{end}",)


def _growth(entries: Iterable[EntryChange]) -> int:
    growth_bytes = 0
    for _, value, old in entries:
        growth_bytes += 0 if value is None else value.value_bytes
        growth_bytes -= 0 if old is None else old.version.value_bytes
    return growth_bytes


def _changed(
    before: ExecutionState,
    after: ExecutionState,
    entries: Collection[EntryChange],
    *,
    state_differs: bool,
) -> list[str]:
    """The names of what really changed, as the history shows them."""
    names: list[str] = []
    documents: set[int] = set()
    if state_differs:
        names = [name for name in ATTRIBUTE_NAMES if _differs(name, before, after)]
        documents = {
            document
            for name, document in DOCUMENT_NUMBERS.items()
            if before.HasField(name) != after.HasField(name)
        }
    if len(entries) > CHANGED_MAX:
        documents.update(document_of(prefix) for prefix, _, _ in entries)
        return names + [
            changed_document(document)
            for document in sorted(documents)
            if document < RESTORED_DOCUMENTS_END
        ]
    changed = [read_entry_prefix(prefix) for prefix, _, _ in entries]
    # A document that came or went empty is named itself, the others by their entries.
    documents.difference_update(document for document, _ in changed)
    names += [changed_document(document) for document in sorted(documents)]
    return names + [
        changed_entry(document, name)
        for document, name in changed
        if document < RESTORED_DOCUMENTS_END
    ]


def _differs(attribute: str, left: ExecutionState, right: ExecutionState) -> bool:
    return getattr(left, attribute) != getattr(right, attribute) or (
        attribute in _OPTIONAL and left.HasField(attribute) != right.HasField(attribute)
    )
