"""The same operations applied to two shards: in the plain way where that will do, and never."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, groupby
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from statekeeper.v1.batch_pb2 import BatchRequest, BatchResponse
from statekeeper.v1.operation_pb2 import Operation, OperationResult
from statekeeper.v1.transaction_pb2 import TransactionRequest, TransactionResponse
from statekeeper_server import requests
from statekeeper_server.engine import Engine, Table, WriteTransaction
from statekeeper_server.engine.journaled import JournaledEngine
from statekeeper_server.errors import StateError
from statekeeper_server.keys import PauseNumber
from statekeeper_server.operations import plain
from statekeeper_server.operations.apply import apply
from statekeeper_server.operations.checkpoint import checkpoint
from statekeeper_server.operations.define_state import define_state
from statekeeper_server.operations.delete import delete
from statekeeper_server.operations.expiry import expire_due_executions
from statekeeper_server.operations.leases import settle
from statekeeper_server.operations.load import Load, load, load_plain
from statekeeper_server.operations.lock import lock, unlock
from statekeeper_server.operations.pause import pause
from statekeeper_server.operations.pause_expiry import EXECUTIONS_MAX, expire_due_pauses
from statekeeper_server.operations.plain import PlainWrite
from statekeeper_server.operations.restore import restore
from statekeeper_server.operations.resume import resume, waiting
from statekeeper_server.operations.save import save
from statekeeper_server.operations.transaction import transaction
from statekeeper_server.operations.update import update
from statekeeper_server.operations.write_state import write_state
from statekeeper_server.operations.writing import Done
from statekeeper_server.status import to_status
from statekeeper_server.storage.v1 import records_pb2 as records
from statekeeper_server.store.compact import Retention
from statekeeper_server.store.lock_table import LockChanges, LockTable
from statekeeper_server.store.prune import History
from statekeeper_server.store.writer import Rules, Writer
from tests.support.plain import LIMITS

_ROOM_BYTES = 64 * 1024 * 1024
_RULES = Rules(
    LIMITS,
    History(versions_kept=3, window_us=3600 * 1_000_000),
    Retention(log_window_us=2**60, log_events_kept=10**9, request_window_us=2**60),
)
_ROWS: dict[Table, type[Message]] = {
    Table.HEADS: records.Head,
    Table.ENTRIES: records.EntryVersion,
    Table.LOG: records.Event,
    Table.REQUESTS: records.DoneRequest,
}
_TOKENS = "statekeeper_server.operations.tokens.secrets.token_bytes"


class _Kind(NamedTuple):
    check: Callable[[Any], Any]
    apply: Callable[..., Any]
    read: Callable[[bytes], Any] | None = None


def _kinds() -> dict[str, _Kind]:
    within: dict[str, Any] = {"limits": LIMITS}
    check_save = partial(requests.check_save, **within)
    check_update = partial(requests.check_update, **within)
    check_resume = partial(requests.check_resume, **within, execution_of=_no_execution)
    return {
        "save": _Kind(check_save, partial(apply, save), requests.plain_save(check_save, **within)),
        "update": _Kind(
            check_update, partial(apply, update), requests.plain_update(check_update, **within)
        ),
        "delete": _Kind(requests.check_delete, partial(apply, delete)),
        "pause": _Kind(partial(requests.check_pause, **within), partial(apply, pause)),
        "resume": _Kind(check_resume, partial(apply, resume, first=waiting)),
        "checkpoint": _Kind(requests.check_checkpoint, partial(apply, checkpoint)),
        "restore": _Kind(requests.check_restore, partial(apply, restore)),
        "lock": _Kind(requests.check_lock, lock),
        "unlock": _Kind(requests.check_unlock, unlock),
        "define_state": _Kind(
            partial(requests.check_define_state, **within), partial(apply, define_state)
        ),
        "write_state": _Kind(
            partial(requests.check_write_state, **within), partial(apply, write_state)
        ),
        "transaction": _Kind(
            partial(requests.check_transaction, **within), partial(apply, transaction)
        ),
    }


def _no_execution(token: object) -> Any:
    raise AssertionError(f"pauses are resumed by their ids, not by {token}")


class Shard:
    """A shard in one transaction, which is never committed: what it has written is read in it."""

    def __init__(self, engine: Engine) -> None:
        self.txn: WriteTransaction = engine.write()
        self._locks = LockTable(())
        self.store: Writer

    def begin(self, now_us: int, *, tends: bool) -> None:
        """Begin a batch of writes, as the shard's committer does, with or without what is due."""
        before = getattr(self, "store", None)
        changes = LockChanges(self._locks, now_us)
        position = (1, 0) if before is None else (before.next_revision, before.log_time_us)
        self.store = Writer(self.txn, _RULES, changes, *position)
        if not tends:
            return
        for row in self._locks.due(now_us):
            settle(self.store, row, now_us)
        expire_due_pauses(self.store, now_us, EXECUTIONS_MAX)
        expire_due_executions(self.store, now_us, EXECUTIONS_MAX)

    def end(self) -> None:
        """End it."""
        self.store.locks.commit()

    def rows(self, table: Table) -> Iterator[tuple[bytes, object]]:
        """All rows of a table, as far as their parts have an order."""
        cursor = self.txn.cursor(table)
        row = cursor.seek(b"\0")
        while row is not None:
            yield row[0], _understood(table, row[1])
            row = cursor.next()


class TwoWays:
    """Two shards that are to stay alike.

    Attributes:
        ways: how many requests of each kind took the plain way (`save`) and how many did
            not though it was tried (`save not`); and how often some of a message went the
            plain way (`together`).
    """

    def __init__(self, folder: Path) -> None:
        self._engines = []
        for name in ("plain", "general"):
            (folder / name).mkdir()
            self._engines.append(JournaledEngine(folder / name, map_size_bytes=_ROOM_BYTES))
        self._kinds = _kinds()
        save_kind, update_kind = self._kinds["save"], self._kinds["update"]
        self._read_writes: Any = requests.plain_writes(save_kind.check, update_kind.check, LIMITS)
        self.ways: Counter[str] = Counter()

    def begin(self, now_us: int) -> None:
        """Forget everything, and start a history."""
        self.now_us = now_us
        self._plain, self._general = self._shards = [Shard(each) for each in self._engines]
        self._begin_batch(tends=True)

    def end(self) -> None:
        """End the history."""
        for shard in self._shards:
            shard.txn.abort()

    def close(self) -> None:
        """Close the engines."""
        for engine in self._engines:
            engine.close()

    def pass_time(self, span_us: int, *, tends: bool) -> None:
        """Have time go by, or the clock step back, and begin another batch of writes.

        Args:
            span_us: how long.
            tends: whether what is due by then is done.
        """
        for shard in self._shards:
            shard.end()
        self.now_us += span_us
        self._begin_batch(tends=tends)
        self.compare()

    def do(self, operation: Operation | TransactionRequest, *, plainly: bool = True) -> Message:
        """Do it in both shards, and see that they answer alike and are alike after it.

        Args:
            operation: what to do.
            plainly: whether to try the plain way in the one shard.
        """
        if isinstance(operation, TransactionRequest):
            name, request = "transaction", operation
        else:
            name = operation.WhichOneof("operation") or ""
            request = getattr(operation, name)
        raw = request.SerializeToString()
        method = self._load if name == "load" else partial(self._write, self._kinds[name])
        answer = self._attempt(lambda: method(self._plain, request, raw, plainly=plainly))
        expected = self._attempt(lambda: method(self._general, request, raw, plainly=False))
        assert answer == expected
        self.compare()
        return expected

    def do_all(self, operations: list[Operation]) -> None:
        """Do Saves and Updates in both shards: in the one together, as one message.

        Args:
            operations: what to do; all of them are plain.
        """
        for tag, operation in enumerate(operations):
            operation.tag = tag
        writes = self._read_writes(BatchRequest(operations=operations).SerializeToString())
        assert writes is not None
        assert [write.tag for write in writes] == list(range(len(writes)))
        kinds = {kind: _Noted(self._kinds[kind].apply) for kind in ("save", "update")}
        done = plain.write_all(
            lambda write: partial(plain.write, kinds["update" if write.is_update else "save"]),
            self._plain.store,
            writes,
            self.now_us,
            is_late=None,
        )
        answers = [answer for part in done.parts for answer in _answers(part)]
        expected = []
        for operation in operations:
            name = operation.WhichOneof("operation") or ""
            request = getattr(operation, name)
            raw = request.SerializeToString()
            write = partial(self._write, self._kinds[name], self._general, request, raw)
            answer = self._attempt(partial(write, plainly=False))
            if isinstance(answer, OperationResult):
                answer.tag = operation.tag
            expected.append(answer)
        assert answers == expected
        self.ways["together"] += sum(isinstance(part, bytes) for part in done.parts)
        self.compare()

    def revision(self, row: bytes) -> int:
        """The revision of an execution, expired or not; 0: it is not there."""
        return self._head(row).execution.revision

    def open_pauses(self, row: bytes) -> list[str]:
        """The ids of its pauses that wait."""
        pauses = self._head(row).open_pauses
        return [PauseNumber(each.revision, each.ordinal).pause_id for each in pauses]

    def _head(self, row: bytes) -> records.Head:
        return records.Head.FromString(self._general.txn.get(Table.HEADS, row) or b"")

    def compare(self) -> None:
        """See that all rows are alike, and all that is noted for those who come after."""
        for table in Table:
            assert list(self._plain.rows(table)) == list(self._general.rows(table)), table.name
        left, right = self._plain.store, self._general.store
        assert left.next_revision == right.next_revision
        assert left.log_time_us == right.log_time_us
        assert left.rows_written == right.rows_written
        assert left.timers_moved == right.timers_moved
        assert left.has_garbage == right.has_garbage
        assert [at for at, _ in left.appended] == [at for at, _ in right.appended]

    def _begin_batch(self, *, tends: bool) -> None:
        for shard in self._shards:
            shard.begin(self.now_us, tends=tends)

    def _attempt(self, method: Callable[[], Message]) -> Message:
        # Tokens are random: here those of both shards are the same.
        numbers = count(self.now_us)

        def token_bytes(size: int) -> bytes:
            return next(numbers).to_bytes(size)

        with patch(_TOKENS, token_bytes):
            try:
                return method()
            except StateError as error:
                status: Message = to_status(error, None)
                return status

    def _write(
        self, kind: _Kind, shard: Shard, request: Message, raw: bytes, *, plainly: bool
    ) -> Message:
        name = type(request).__name__.removesuffix("Request")
        checked = kind.read(raw) if plainly and kind.read else None
        size_bytes = None if checked is None else checked.stored_bytes
        if checked is None:
            checked = kind.check(type(request).FromString(raw))
        else:
            assert size_bytes == kind.check(type(request).FromString(raw)).stored_bytes
        general = _Noted(kind.apply)
        done = plain.write(general, shard.store, checked, self.now_us)
        if plainly and kind.read:
            taken = isinstance(checked, PlainWrite) and not general.called
            self.ways[name if taken else f"{name} not"] += 1
        if not isinstance(done, Done):
            return Status(message="waits")
        assert done.unclaimed is None or not isinstance(checked, PlainWrite)
        return _response(name, done)

    def _load(self, shard: Shard, request: Any, raw: bytes, *, plainly: bool) -> Message:
        read = requests.plain_load() if plainly else None
        checked: Load | None = read(raw) if read else None
        if checked is None:
            checked = requests.check_load(request)
        answer = None
        if plainly and not checked.of_the_past:
            answer = load_plain(shard.store, checked, self.now_us)
            self.ways["Load not" if answer is None else "Load"] += 1
        if answer is None:
            answer = load(shard.store, checked, self.now_us).SerializeToString()
        result = OperationResult()
        result.load.ParseFromString(answer)
        return result


class _Noted:
    """Calls a function, and notes that."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.called = False

    def __call__(self, *arguments: object) -> Any:
        self.called = True
        return self._function(*arguments)


def _response(name: str, done: Done) -> Message:
    if name == "Transaction":
        return TransactionResponse.FromString(done.response)
    result = OperationResult(tag=done.revision)
    fields = {
        field.message_type.name: field.name
        for field in OperationResult.DESCRIPTOR.fields
        if field.message_type is not None
    }
    getattr(result, fields[f"{name}Response"]).ParseFromString(done.response)
    return result


def _answers(part: bytes | tuple[PlainWrite, Done | Exception | None]) -> list[Message]:
    """What is told of a part of a message."""
    if isinstance(part, bytes):
        return list(BatchResponse.FromString(part).results)
    write, outcome = part
    if isinstance(outcome, StateError):
        return [to_status(outcome, None)]
    assert isinstance(outcome, Done)
    answer = _response("Update" if write.is_update else "Save", outcome)
    assert isinstance(answer, OperationResult)
    answer.tag = write.tag
    return [answer]


def _understood(table: Table, row: bytes) -> object:
    kind = _ROWS.get(table)
    if kind is None:
        return row
    message = kind.FromString(row)
    if isinstance(message, records.Event):
        # In what order the entries of a document were found is not defined.
        for act in message.acts:
            documents = groupby(act.changed, lambda name: name.partition(".")[:2])
            act.changed[:] = [name for _, names in documents for name in sorted(names)]
    if isinstance(message, records.Head):
        # Nor which document got its first entry first.
        sizes = sorted(message.sizes, key=lambda size: size.document)
        del message.sizes[:]
        message.sizes.extend(sizes)
    return message
