"""What an operation makes of an execution, in memory; `storing` writes it down in the end.

Operations only ever change a draft. So a refused operation leaves no trace in the
transaction that it shares with others, and several operations on one execution become
one change of it by working on the same draft.
"""

from collections.abc import Callable, Iterable, Mapping

from statekeeper.v1.execution_pb2 import STATUS_PAUSED, ExecutionState
from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.pause_pb2 import PAUSE_STATUS_VOIDED, PauseStatus
from statekeeper_server.codec import EncodedEntry, decoded, holds, same_value
from statekeeper_server.documents import RESTORED_DOCUMENTS_END, STATE_DOCUMENTS_END
from statekeeper_server.errors import StateNotFoundError
from statekeeper_server.keys import (
    ExecutionKey,
    PauseNumber,
    document_of,
    document_prefix,
    entry_prefix,
)
from statekeeper_server.operations.events import Deed
from statekeeper_server.operations.writing import WriteOptions, living
from statekeeper_server.storage.v1.records_pb2 import (
    CheckpointRow,
    Head,
    OpenPause,
    PauseRow,
)
from statekeeper_server.store.reader import Entry, state_entries_count
from statekeeper_server.store.writer import EntryChange, Writer

Entries = Mapping[int, Mapping[str, EncodedEntry]]
"""Encoded values by document and entry."""


class Draft:
    """An execution, read for one operation or transaction, and changed by it.

    Attributes:
        store: the batch's transaction; only read from here.
        key: the execution.
        options: how it is written.
        now_us: the time of the write. A machine's clock may step back; an execution's
            history does not.
        old: its head, if the execution lives; otherwise it may be created anew.
        expired: its head, if its time to live is over.
        revision: the revision that the change will have.
        uid: the execution's name in the tables.
        state: the state as it is now, without its values; None while there is none.
        entries: the entries that differ from what is stored, by their prefixes.
        deeds: what was done to the state or a pause, each kind of it once.
        changes: how many things were done.
        open_pauses: the pauses that wait.
        pause_rows: the pauses that were opened or changed.
        checkpoints: the checkpoints that were made, by name; those that name what this
            draft itself writes have no execution yet.
        accesses: to keys of the shared state: the key, the member, and whether it wrote.
        gone_checkpoints: those that were removed or replaced, as they are stored.
        deleted: whether the execution goes.
    """

    __slots__ = (
        "accesses",
        "changes",
        "checkpoints",
        "deeds",
        "deleted",
        "entries",
        "expired",
        "gone_checkpoints",
        "key",
        "now_us",
        "old",
        "open_pauses",
        "options",
        "pause_rows",
        "revision",
        "state",
        "store",
        "uid",
    )

    def __init__(
        self, store: Writer, key: ExecutionKey, options: WriteOptions, now_us: int
    ) -> None:
        stored = store.head(key)
        old = living(stored, now_us)
        self.store = store
        self.key = key
        self.options = options
        self.expired = stored if old is None else None
        self.old = old
        self.revision = store.next_revision
        self.entries: dict[bytes, EntryChange] = {}
        self.deeds: list[Deed] = []
        self.changes = 0
        self.open_pauses: dict[PauseNumber, OpenPause] = {}
        self.pause_rows: dict[PauseNumber, PauseRow] = {}
        self.checkpoints: dict[str, CheckpointRow] = {}
        self.gone_checkpoints: dict[str, CheckpointRow] = {}
        self.accesses: list[tuple[str, str, bool]] = []
        self.deleted = False
        if old is None:
            self.state: ExecutionState | None = None
            self.uid = self.revision
            self.now_us = now_us
            return
        self.state = old.execution.state
        self.uid = old.uid
        self.now_us = max(now_us, old.update_time_us)
        if old.pauses:
            self.open_pauses = {number_of(pause): pause for pause in old.open_pauses}

    def existing(self) -> ExecutionState:
        """The state, without its values. Raises StateNotFoundError when there is none."""
        if self.state is None:
            raise StateNotFoundError
        return self.state

    def living_head(self) -> Head:
        """The head of what was there before. Raises StateNotFoundError."""
        if self.old is None:
            raise StateNotFoundError
        return self.old

    @property
    def writes(self) -> bool:
        """Whether the execution's revision will move."""
        return self.changes > 0

    def act(self, kind: EventKind, *, pause_id: str = "", checkpoint: str = "") -> None:
        """Note what is done, for the history and for watchers."""
        self.changes += 1
        deed = Deed(kind, pause_id, checkpoint)
        if deed not in self.deeds:
            self.deeds.append(deed)

    def edit_state(self) -> ExecutionState:
        """A copy of the state to change and put back."""
        copy = ExecutionState()
        if self.state is not None:
            copy.CopyFrom(self.state)
        return copy

    def put_state(self, state: ExecutionState) -> None:
        """Make this the state, and void the pauses that it leaves behind (B44)."""
        self.state = state
        if self.open_pauses and state.status != STATUS_PAUSED:
            self.void_pauses()

    def entry(self, prefix: bytes) -> Entry | None:
        """The stored entry that a change of it has to differ from."""
        change = self.entries.get(prefix)
        return self.store.entry(prefix) if change is None else change.old

    def value(self, prefix: bytes) -> bytes | None:
        """The value of an entry as it is now."""
        change = self.entries.get(prefix)
        if change is None:
            entry = self.store.entry(prefix)
            return None if entry is None else self.store.value(self.uid, entry)
        return None if change.value is None else decoded(change.value)

    def set(self, prefix: bytes, value: EncodedEntry) -> None:
        """Give an entry a value."""
        self._change(prefix, value, self.entry(prefix))

    def remove(self, prefix: bytes) -> None:
        """Take an entry away, if it is there."""
        self._change(prefix, None, self.entry(prefix))

    def replace_state(self, wanted: Entries) -> None:
        """Make of the state's entries exactly the wanted ones."""
        self._forget_state()
        if self.old is None:
            self._replace((), wanted)
        elif not self._replace_same(self.old, wanted):
            self._replace(self.store.live_state_entries(self.old), wanted)

    def replace_document(self, document: int, wanted: Mapping[str, EncodedEntry]) -> None:
        """Make of a document's entries exactly the wanted ones."""
        if self.entries:
            self._forget(lambda prefix: document_of(prefix) == document)
        stored = self.store.entries(document_prefix(self.uid, document))
        live = () if self.old is None else (entry for entry in stored if not entry.removed)
        self._replace(live, {document: wanted})

    def restore_entries(self, revision: int) -> None:
        """Make of the state's entries, and the shared state's, what they were after a revision."""
        self._forget(lambda prefix: document_of(prefix) < RESTORED_DOCUMENTS_END)
        store, uid = self.store, self.uid
        pasts = {
            entry.prefix: entry
            for entry in store.restored_entries(uid, revision)
            if not entry.removed
        }
        for entry in store.restored_entries(uid):
            past = pasts.get(entry.prefix)
            if past is None:
                self._change(entry.prefix, None, entry)
            elif not same_value(past.version, entry.version):
                self.entries[entry.prefix] = EntryChange(
                    entry.prefix, store.encoded(uid, past), entry
                )

    def _forget_state(self) -> None:
        if self.entries:
            self._forget(lambda prefix: document_of(prefix) < STATE_DOCUMENTS_END)

    def _forget(self, gone: Callable[[bytes], bool]) -> None:
        kept = {prefix: change for prefix, change in self.entries.items() if not gone(prefix)}
        self.entries = kept

    def _replace_same(self, old: Head, wanted: Entries) -> bool:
        """Replace the entries if they are the same ones as before, as they mostly are.

        Then there is nothing to be removed, and nothing to be searched.
        """
        count = sum([len(values) for values in wanted.values()])
        if count != state_entries_count(old):
            return False
        found: list[EntryChange] = []
        for document, values in wanted.items():
            for name, value in values.items():
                prefix = entry_prefix(old.uid, document, name.encode())
                entry = self.store.entry(prefix)
                if entry is None or entry.removed:
                    return False
                found.append(EntryChange(prefix, value, entry))
        for change in found:
            self._change(*change)
        return True

    def _replace(self, stored: Iterable[Entry], wanted: Entries) -> None:
        olds = {entry.prefix: entry for entry in stored}
        uid = self.uid
        for document, values in wanted.items():
            for name, value in values.items():
                prefix = entry_prefix(uid, document, name.encode())
                old = olds.pop(prefix, None)
                if old is None and self.old is not None:
                    # It may have been there before, and have been removed.
                    old = self.store.entry(prefix)
                self._change(prefix, value, old)
        for prefix, old in olds.items():
            self._change(prefix, None, old)

    def _change(self, prefix: bytes, value: EncodedEntry | None, old: Entry | None) -> None:
        if value is None:
            same = old is None or old.removed
        else:
            same = old is not None and holds(old.version, value)
        if not same:
            self.entries[prefix] = EntryChange(prefix, value, old)
        elif self.entries:
            self.entries.pop(prefix, None)

    def pause_row(self, number: PauseNumber) -> PauseRow:
        """A pause that waits, to be changed."""
        row = self.pause_rows.get(number)
        if row is None:
            row = self.store.pause(self.uid, number)
            assert row is not None, "an open pause has no row"  # noqa: S101 - a broken store
            self.pause_rows[number] = row
        return row

    def close_pause(self, number: PauseNumber, status: PauseStatus) -> PauseRow:
        """End a pause; its token is void from now on."""
        row = self.pause_row(number)
        row.pause.status = status
        row.closed_revision = self.revision
        del self.open_pauses[number]
        return row

    def void_pauses(self) -> None:
        """End all pauses without an answer."""
        for number in tuple(self.open_pauses):
            self.close_pause(number, PAUSE_STATUS_VOIDED)


def number_of(pause: OpenPause) -> PauseNumber:
    """Which pause it is."""
    return PauseNumber(pause.revision, pause.ordinal)
