"""Rows that belong to nobody, and rows that lead to nobody."""

from collections.abc import Iterator

from statekeeper_server.engine import ReadTransaction, Table
from statekeeper_server.keys import after, read_revision_key, revision_key
from statekeeper_server.storage.v1.records_pb2 import DoneRequest, PauseRef, TokenRow
from statekeeper_server.store.soundness.rows import FIRST, UID_BYTES, parsed, rows

# The tables whose keys begin with the uid of an execution.
_OF_EXECUTIONS = (
    Table.ENTRIES,
    Table.CHUNKS,
    Table.CHECKPOINTS,
    Table.PINS,
    Table.UNPINNED,
    Table.PAUSES,
    Table.ACCESSES,
)
# The tables whose rows lead to a pause.
_LEADING = (Table.INBOX, Table.TIMERS)
_LEADS_NOWHERE = "the table {} has a row that leads to nobody"


def rows_of_nobody(txn: ReadTransaction, uids: dict[int, None]) -> Iterator[str]:
    """Rows of an execution that neither is there nor waits to be cleared away."""
    for table in _OF_EXECUTIONS:
        cursor = txn.cursor(table)
        row = cursor.seek(FIRST)
        while row is not None:
            uid = row[0][:UID_BYTES]
            if not _is_there(txn, read_revision_key(uid), uids):
                yield f"the table {table.name.lower()} has rows of nobody, with the uid {uid.hex()}"
            row = cursor.seek(after(uid))
    for table in _LEADING:
        for _, raw in rows(txn, table):
            ref = parsed(PauseRef, raw)
            if ref is None or not _is_there(txn, ref.uid, uids):
                yield _LEADS_NOWHERE.format(table.name.lower())


def tokens_and_requests(txn: ReadTransaction, uids: dict[int, None]) -> Iterator[str]:
    """A token leads to a pause, or to what is remembered of the answer to one."""
    astray: set[bytes] = set()
    for key, raw in rows(txn, Table.TOKENS):
        token = parsed(TokenRow, raw)
        if token is None:
            yield f"the row {key.hex()} of the table tokens cannot be read"
        elif not _is_there(txn, token.uid, uids):
            astray.add(key)
    for key, raw in rows(txn, Table.REQUESTS):
        done = parsed(DoneRequest, raw)
        if done is None:
            yield f"the row {key.hex()} of the table requests cannot be read"
        elif done.token_hash:
            if txn.get(Table.TOKENS, done.token_hash) is None:
                yield f"no token leads to the row {key.hex()} of the table requests any more"
            astray.discard(done.token_hash)
    yield from [_LEADS_NOWHERE.format("tokens")] * len(astray)


def _is_there(txn: ReadTransaction, uid: int, uids: dict[int, None]) -> bool:
    """Whether an execution is, or waits to be cleared away."""
    return uid in uids or txn.get(Table.GARBAGE, revision_key(uid)) is not None
