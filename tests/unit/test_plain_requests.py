"""What native code reads of a request is what the general way makes of it."""

from collections import Counter
from functools import partial
from random import Random
from typing import Any

import pytest
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from statekeeper.v1.execution_pb2 import STATUS_WAITING, Execution, ExecutionState
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper_server.engine import Table
from statekeeper_server.errors import StateError
from statekeeper_server.keys import entry_prefix, revision_key, version_key
from statekeeper_server.native_part import absence, native
from statekeeper_server.operations.load import Load
from statekeeper_server.operations.plain import PlainWrite
from statekeeper_server.operations.save import Save
from statekeeper_server.operations.update import Update
from statekeeper_server.operations.writing import request_digest
from statekeeper_server.requests import (
    check_load,
    check_save,
    check_update,
    plain_load,
    plain_save,
    plain_update,
)
from statekeeper_server.storage.v1.records_pb2 import DoneRequest, EntryVersion, Event, Head
from tests.support import plain
from tests.support.plain import LIMITS
from tests.support.spelling import mutate, spell

pytestmark = pytest.mark.skipif(native is None, reason=f"no native part: {absence}")

REVISION, NOW_US = 7, 1_700_000_000_000_000
CHECKS: dict[type[Message], Any] = {
    SaveRequest: partial(check_save, limits=LIMITS),
    UpdateRequest: partial(check_update, limits=LIMITS),
    LoadRequest: check_load,
}
READS: dict[type[Message], Any] = {
    SaveRequest: plain_save(CHECKS[SaveRequest], LIMITS),
    UpdateRequest: plain_update(CHECKS[UpdateRequest], LIMITS),
    LoadRequest: plain_load(),
}
ALL = {SaveRequest: plain.saves, UpdateRequest: plain.updates, LoadRequest: plain.loads}


def requests_of(*, are_plain: bool) -> st.SearchStrategy[Message]:
    return st.one_of([strategy(plain=are_plain) for strategy in ALL.values()])


def checked(kind: type[Message], raw: bytes) -> Any:
    """What the general way makes of it; None: it is refused."""
    try:
        return CHECKS[kind](kind.FromString(raw))
    except (StateError, DecodeError):
        return None


def test_reading_a_request_in_any_spelling_comes_out_as_the_general_way_has_it() -> None:
    outcomes: Counter[str] = Counter()

    @settings(max_examples=400, derandomize=True)
    @given(requests_of(are_plain=False), st.randoms(use_true_random=False), st.integers(0, 3))
    def compare(request: Message, random: Random, way: int) -> None:
        raw = spell(request, random, oddly=way > 1)
        if way == 3:
            raw = mutate(raw, random)
        outcomes[check_reading(type(request), raw)] += 1

    compare()
    # So that neither side of it is hardly ever seen.
    assert min(outcomes["read"], outcomes["refused"], outcomes["left"]) > 20, outcomes


@settings(max_examples=150)
@given(requests_of(are_plain=True), st.randoms(use_true_random=False))
def test_plain_requests_are_read_whatever_the_order_of_their_fields(
    request: Message, random: Random
) -> None:
    assert check_reading(type(request), request.SerializeToString()) == "read"
    check_reading(type(request), spell(request, random))


def test_requests_of_any_size_are_remembered_as_the_general_way_does() -> None:
    """What they are known by is a hash, of blocks of 128 bytes."""
    for size in range(300):
        request = SaveRequest(options={"request_id": "r" * (1 + size % 200)})
        request.key.execution_id = "e" * (1 + size % 150)
        request.state.status = STATUS_WAITING
        request.state.context.entries["k"].binary = bytes(size)
        assert check_reading(SaveRequest, request.SerializeToString()) == "read"


def check_reading(kind: type[Message], raw: bytes) -> str:
    """See that both ways agree; whether it was read, left to the general way, or refused."""
    read, general = READS[kind](raw), checked(kind, raw)
    if read is None:
        return "refused" if general is None else "left"
    assert general is not None, "it was read, and the general way refuses it"
    assert read.key.row == general.key.row
    assert read.key.namespace == general.key.namespace
    assert read.key.execution_id == general.key.execution_id
    if isinstance(general, Load):
        assert general == Load(general.key)
        return "read"
    assert isinstance(read, PlainWrite)
    assert read.stored_bytes == general.stored_bytes
    assert read.return_execution is getattr(general, "return_execution", False)
    check_mark(kind, read, general)
    check_content(read, general)
    return "read"


def check_mark(kind: type[Message], read: PlainWrite, general: Save | Update) -> None:
    options, write = general.options, read
    assert (options.ttl_us, options.fencing_token) == (None, 0)
    if options.mark is None:
        assert (write.request_id, write.canonical) == (None, None)
        return
    assert write.request_id == options.mark.request_id
    assert write.canonical is not None
    assert read.key.request(write.request_id) == options.mark.row
    assert request_digest(kind.__name__, write.canonical) == options.mark.digest


def check_content(read: PlainWrite, general: Save | Update) -> None:
    """See what it writes: of a Save where nothing was, of an Update where there were no entries."""
    assert native
    expected = general.options.expected_revision
    head, state = None, ExecutionState()
    if isinstance(general, Update):
        head = empty_head(general, expected)
        state.CopyFrom(head.execution.state)
        if general.changes.HasField("start_time"):
            state.ClearField("start_time")
    rows: dict[tuple[Table, bytes], bytes] = {}
    if head is not None:
        rows[Table.HEADS, general.key.row] = head.SerializeToString()
    writer = native.Writer(
        native.Write,
        lambda table, key: rows.get((table, key)),
        lambda *_: None,
        lambda _: pytest.fail("nothing is old"),
        lambda table, key, value: rows.update({(table, key): value}),
        lambda *_: pytest.fail("nothing is old"),
        lambda *_: pytest.fail("nothing is old"),
        Table.HEADS,
        Table.ENTRIES,
        Table.LOG,
        Table.REQUESTS,
        (b"now ", b"before "),
        LIMITS.entries_max,
        LIMITS.state_bytes_warn,
        LIMITS.warning[0].encode(),
        LIMITS.warning[1].encode(),
        LIMITS.state_bytes_max,
        16,
        64,
        10**12,
        0,
    )
    written = writer.write(read, REVISION, NOW_US - 1, NOW_US)
    is_expected = expected is None or (expected > 0) == (head is not None)
    if not is_expected or (isinstance(general, Save) and general.state.labels):
        assert written is None
        return
    assert written is not None
    state.MergeFrom(general.state if isinstance(general, Save) else general.changes)
    if not state.HasField("start_time"):
        state.start_time.FromMicroseconds(NOW_US)
    stored = Head.FromString(rows.pop((Table.HEADS, general.key.row)))
    assert stored.execution.state == state
    event = Event.FromString(rows.pop((Table.LOG, revision_key(REVISION))))
    assert (event.actor, event.time_us) == (general.options.actor, NOW_US)
    assert Event.FromString(written[1]) == event
    if general.options.mark is not None:
        mark = general.options.mark
        done = DoneRequest.FromString(rows.pop((Table.REQUESTS, b"now " + mark.row)))
        assert done == DoneRequest(digest=mark.digest, plain=written[0])
        for generation in (b"now ", b"before "):
            # It was done before: the general way tells what was answered.
            rows[Table.REQUESTS, generation + mark.row] = b""
            assert writer.write(read, REVISION, NOW_US - 1, NOW_US) is None
            del rows[Table.REQUESTS, generation + mark.row]
    uid = REVISION if head is None else head.uid
    assert {key: EntryVersion.FromString(row) for (_, key), row in rows.items()} == {
        version_key(entry_prefix(uid, document, name.encode()), REVISION): EntryVersion(
            ordinal=1, time_us=NOW_US, value_bytes=value.value_bytes, plain=value.content
        )
        for document, values in general.entries.items()
        for name, value in values.items()
    }


def empty_head(update: Update, expected: int | None) -> Head:
    """An execution without entries, at the revision that an update expects."""
    execution = Execution(
        revision=expected or 3,
        version=2,
        create_time=Timestamp(seconds=1),
        state=ExecutionState(status=STATUS_WAITING, start_time=Timestamp(seconds=1)),
    )
    # Other labels would be found by other rows.
    execution.state.labels.update(update.changes.labels)
    execution.key.namespace = update.key.namespace
    execution.key.execution_id = execution.state.id = update.key.execution_id
    return Head(uid=3, execution=execution)


@pytest.mark.parametrize(
    "arguments",
    [
        (object, str, 1, 1, b""),
        ("PlainWrite", str, 1, 1, b""),
        (PlainWrite, str, 1, 1, "text"),
        (PlainWrite, str, "1", 1, b""),
        (PlainWrite, str, 1, 1),
    ],
)
def test_native_code_makes_plain_writes_of_bytes_alone(arguments: tuple[object, ...]) -> None:
    assert native
    for read in (native.read_save, native.read_update):
        with pytest.raises(TypeError):
            read(*arguments)  # type: ignore[arg-type]


def test_plain_writes_are_made_by_native_code_alone() -> None:
    with pytest.raises(TypeError):
        PlainWrite()
