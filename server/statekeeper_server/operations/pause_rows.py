"""The rows of pauses: each has its own, and those that wait stand in three indexes as well."""

from collections.abc import Iterable

from statekeeper_server.codec import EncodedEntry
from statekeeper_server.documents import PAUSE_DATA, PAUSE_DEFAULT_INPUT, PAUSE_INPUT
from statekeeper_server.keys import ExecutionKey, PauseNumber, entry_prefix
from statekeeper_server.limits import PAUSES_KEPT
from statekeeper_server.operations.draft import Draft, number_of
from statekeeper_server.storage.v1.records_pb2 import Head, OpenPause, PauseRef, TokenRow
from statekeeper_server.store.writer import Writer

_DOCUMENTS = (PAUSE_DATA, PAUSE_DEFAULT_INPUT, PAUSE_INPUT)


def document_entry(uid: int, document: int, number: PauseNumber) -> bytes:
    """Where a document of a pause is among the execution's entries."""
    return entry_prefix(uid, document, number.pause_id.encode())


def put_document(
    draft: Draft, document: int, number: PauseNumber, value: EncodedEntry | None
) -> None:
    """Keep a document of a pause, if it has it."""
    if value is not None:
        draft.set(document_entry(draft.uid, document, number), value)


def put_pauses(draft: Draft, head: Head) -> None:
    """Write the pauses that were opened or changed, and bring the indexes up to date."""
    store, key = draft.store, draft.key
    before = {number_of(pause): pause for pause in head.open_pauses}
    # Copies: those of the head are gone once it is given the new ones.
    waiting = [OpenPause.FromString(p.SerializeToString()) for p in draft.open_pauses.values()]
    unlist_pauses(
        store, key, (pause for number, pause in before.items() if number not in draft.open_pauses)
    )
    for number, row in draft.pause_rows.items():
        store.put_pause(head.uid, number, row)
        head.pauses += number not in before and number.revision == draft.revision
    for pause in waiting:
        number = number_of(pause)
        ref = PauseRef(uid=head.uid)
        ref.key.CopyFrom(head.execution.key)
        if number not in before:
            token = TokenRow(key=ref.key, uid=head.uid, revision=number.revision)
            token.ordinal = number.ordinal
            store.put_token(pause.token_hash, token)
            store.put_waiting(key.namespace, pause.create_time_us, number, ref)
            store.put_timer(pause.expire_time_us, number, ref)
        elif before[number].expire_time_us != pause.expire_time_us:
            store.remove_timer(before[number].expire_time_us, number)
    del head.open_pauses[:]
    head.open_pauses.extend(waiting)


def unlist_pauses(store: Writer, key: ExecutionKey, pauses: Iterable[OpenPause]) -> None:
    """Take pauses out of the inbox, and have nothing happen to them any more."""
    for pause in pauses:
        number = number_of(pause)
        store.remove_waiting(key.namespace, pause.create_time_us, number)
        if pause.expire_time_us:
            store.remove_timer(pause.expire_time_us, number)


def drop_old_pauses(draft: Draft, head: Head) -> None:
    """Forget the oldest of the pauses that are over, when they are too many."""
    store, uid = draft.store, head.uid
    excess = head.pauses - len(head.open_pauses) - PAUSES_KEPT
    if excess <= 0:
        return
    sizes = {size.document: size for size in head.sizes}
    closed = (row for row in store.pauses(uid) if row.closed_revision)
    for row in [row for row, _ in zip(closed, range(excess), strict=False)]:
        number = PauseNumber.parse(row.pause.pause_id)
        assert number is not None  # noqa: S101 - it was made here
        store.remove_pause(uid, number)
        if row.token_hash:
            store.remove_token(row.token_hash)
        for document in _DOCUMENTS:
            entry = store.entry(document_entry(uid, document, number))
            if entry is not None:
                store.drop_entry(uid, entry)
                sizes[document].entries -= 1
                sizes[document].value_bytes -= entry.version.value_bytes
        head.pauses -= 1
