"""How large what people are shown and what they answer may be, and what becomes of it."""

from collections.abc import Callable

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_pb2 import EXPIRY_ACTION_RESUME
from statekeeper.v1.pause_requests_pb2 import PauseRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper_server.engine import Table
from tests.support.chance import chance
from tests.support.checkpoints import checkpoint, delete_checkpoint, restore
from tests.support.pauses import (
    execution_of,
    from_now,
    get_pause,
    inbox,
    open_pause,
    pause_request,
    pauses_of,
    resume,
    resume_request,
)
from tests.support.raw import RawClient, document, key_of, save_request, update_request
from tests.support.tables import counts, rows, stored_bytes, wait_until

KB = 1024
MB = 1024 * KB


def noise(size: int) -> bytes:
    """What cannot be compressed."""
    return chance(size).randbytes(size)


KINDS: dict[str, Callable[[int], str | bytes]] = {
    "compressible": lambda size: '"' + "x" * (size - 2) + '"',
    "not compressible": noise,
}


@pytest.mark.parametrize("size", [MB, 9 * MB])
@pytest.mark.parametrize("kind", KINDS)
def test_large_documents_come_back_as_they_went_in(
    raw: RawClient, execution_id: str, kind: str, size: int
) -> None:
    """B25, B29, B75, B79: with a warning."""
    data = document(a=KINDS[kind](size - 100), small="1")
    answer = open_pause(raw, execution_id, data=data)
    assert len(answer.result.warnings) == 1
    assert get_pause(raw, token=answer.token).pause.data == data
    given = document(b=KINDS[kind](10 * MB - size - 1_000))
    answered = resume(raw, token=answer.token, input=given)
    assert len(answered.result.warnings) == 1

    (pause,) = pauses_of(raw, execution_id)
    assert (pause.data, pause.resumption.input) == (data, given)
    raw.delete(key_of(execution_id))


def test_they_count_as_part_of_the_state(raw: RawClient, execution_id: str) -> None:
    """B79: data, default input and input, together with the state's values, to the byte."""
    state = ExecutionState(status=STATUS_RUNNING, context=document(a=bytes(4 * MB)))
    raw.stub.Save(save_request(execution_id, state))
    asking = pause_request(
        execution_id,
        data=document(a=bytes(3 * MB)),
        default_input=document(b=bytes(3 * MB)),
        on_expiry=EXPIRY_ACTION_RESUME,
    )
    asking.data.entries["c"].binary = b"1"
    before = execution_of(raw, execution_id)
    refused = raw.refusal(raw.stub.Pause, asking)
    assert refused.reason == "STATE_TOO_LARGE"
    assert refused.metadata["size"] == str(10 * MB + 1)
    assert refused.metadata["limit"] == str(10 * MB)
    assert execution_of(raw, execution_id) == before
    assert execution_id not in {each.execution.key.execution_id for each in inbox(raw)}
    del asking.data.entries["c"]
    token = raw.stub.Pause(asking).token
    for method, request in (
        (raw.stub.Resume, resume_request(token=token, input=document(a=b"1"))),
        (
            raw.stub.Update,
            update_request(execution_id, ExecutionState(metadata=document(a="1"))),
        ),
    ):
        refused = raw.refusal(method, request)
        assert (refused.reason, refused.metadata["size"]) == ("STATE_TOO_LARGE", str(10 * MB + 1))
    resume(raw, token=token)
    raw.delete(key_of(execution_id))


@pytest.mark.parametrize("field", ["data", "default_input", "input"])
def test_a_document_above_the_limit_is_refused(
    raw: RawClient, execution_id: str, field: str
) -> None:
    """B79: before anything is looked at."""
    large = document(a=bytes(10 * MB), b="1")
    if field == "input":
        token = open_pause(raw, execution_id).token
        refused = raw.refusal(raw.stub.Resume, resume_request(token=token, input=large))
        assert pauses_of(raw, execution_id)[0].HasField("resumption") is False
    else:
        request = pause_request(execution_id, on_expiry=EXPIRY_ACTION_RESUME)
        getattr(request, field).CopyFrom(large)
        refused = raw.refusal(raw.stub.Pause, request)
        assert raw.load(key_of(execution_id)) is None

    assert (refused.reason, refused.metadata["size"]) == ("STATE_TOO_LARGE", str(10 * MB + 1))


@pytest.fixture(scope="module")
def empty_counts() -> dict[str, int]:
    """How many rows there are when there is nothing."""
    with TestServer(shards=2) as server:
        return counts(server)


def test_a_deleted_execution_leaves_no_rows(
    statekeeper_server: TestServer, empty_counts: dict[str, int]
) -> None:
    """B15: tokens, inbox, timers, documents and their pieces, checkpoints."""
    with RawClient(statekeeper_server.address) as raw:
        for name in ("exec_1", "exec_2"):
            for n in range(4):
                answer = open_pause(
                    raw,
                    name,
                    data=document(a=noise(300_000), n=str(n)),
                    default_input=document(a=noise(80_000)),
                    on_expiry=EXPIRY_ACTION_RESUME,
                )
                checkpoint(raw, name, f"c{n}")
                if n % 2:
                    resume(raw, token=answer.token, input=document(b=noise(100_000)))
            assert counts(statekeeper_server)["CHUNKS"] > 4 * 5
            raw.delete(key_of(name))
            wait_until(lambda: counts(statekeeper_server) == empty_counts)


def test_the_successor_of_an_expired_execution_finds_no_rows(
    statekeeper_server: TestServer,
) -> None:
    """B15, B17."""
    with RawClient(statekeeper_server.address) as raw:
        raw.stub.Save(save_request("exec_1"))
        bare = counts(statekeeper_server)
        raw.delete(key_of("exec_1"))
        now_us = statekeeper_server.clock.now_us()
        open_pause(raw, "exec_1", data=document(a=noise(300_000)), expire_time=from_now(60, now_us))
        open_pause(raw, "exec_1", data=document(a="1"), expire_time=from_now(90, now_us))
        statekeeper_server.clock.advance(3 * 24 * 3_600)
        raw.stub.Save(save_request("exec_1"))
        wait_until(lambda: counts(statekeeper_server) == bare)


def test_forgotten_pauses_leave_no_rows(statekeeper_server: TestServer) -> None:
    """B29: after sixty-four closed ones their number stays the same, and so does the size."""
    with RawClient(statekeeper_server.address) as raw:
        seen = []
        for n in range(100):
            answer = open_pause(
                raw,
                "exec_1",
                data=document(a=noise(100_000 + n)),
                default_input=document(n=str(n)),
                on_expiry=EXPIRY_ACTION_RESUME,
            )
            resume(raw, token=answer.token, input=document(b=str(n)))
            seen.append(counts(statekeeper_server))

    assert seen[63]["PAUSES"] == 64
    assert all(each == seen[63] for each in seen[64:])
    assert seen[63]["TOKENS"] == 64
    assert (seen[63]["INBOX"], seen[63]["TIMERS"]) == (0, 0)


def test_forgotten_pauses_no_longer_count(raw: RawClient, execution_id: str) -> None:
    """B79, B29: an execution can ask as often as it likes."""
    for _ in range(100):
        answer = open_pause(raw, execution_id, data=document(a=bytes(150 * KB)))
        resume(raw, token=answer.token)

    assert len(pauses_of(raw, execution_id)) == 64


def test_pauses_of_a_transaction_are_cleaned_up_too(statekeeper_server: TestServer) -> None:
    """B29, B66: more are opened and closed in one than are kept."""
    with RawClient(statekeeper_server.address) as raw:
        pausing = Operation(pause=PauseRequest(member="m", reason="r", data=document(a="1")))
        running = ExecutionState(status=STATUS_RUNNING)
        going = Operation(update=update_request("", running))
        going.update.ClearField("key")
        going.update.ClearField("options")
        raw.stub.Save(save_request("exec_1"))
        request = TransactionRequest(key=key_of("exec_1"), operations=[pausing, going] * 80)
        raw.stub.Transaction(request)

        found = counts(statekeeper_server)
        assert (found["PAUSES"], found["INBOX"], found["TIMERS"]) == (64, 0, 0)
        assert found["ENTRIES"] == 64
        assert len(pauses_of(raw, "exec_1")) == 64
        opened = TransactionRequest(key=key_of("exec_1"), operations=[pausing] * 64)
        answers = [each.pause for each in raw.stub.Transaction(opened).results]
        assert len({each.token for each in answers}) == 64
        for each in answers:
            assert resume(raw, token=each.token).pause_id == each.pause_id
        assert counts(statekeeper_server) | {"TOKENS": 0} == found | {"TOKENS": 0}
        raw.delete(key_of("exec_1"))
        wait_until(lambda: not counts(statekeeper_server)["TOKENS"])


def test_a_checkpoint_copies_no_values(statekeeper_server: TestServer) -> None:
    """B51: it takes the same for a few bytes as for five megabytes.

    Restoring takes no more than what differs.
    """
    values = (Table.ENTRIES, Table.CHUNKS)
    added = []
    with RawClient(statekeeper_server.address) as raw:
        for name, size in (("exec_1", 10), ("exec_2", 5 * MB)):
            state = ExecutionState(status=STATUS_RUNNING, context=document(a=noise(size), n="1"))
            raw.stub.Save(save_request(name, state))
            before = stored_bytes(statekeeper_server, *Table)
            rows_before = counts(statekeeper_server)
            kept = stored_bytes(statekeeper_server, *values)
            checkpoint(raw, name, "a")
            added.append(stored_bytes(statekeeper_server, *Table) - before)
            rows_after = counts(statekeeper_server)
            changed = {t: n - rows_before[t] for t, n in rows_after.items() if n != rows_before[t]}
            assert changed == {"CHECKPOINTS": 1, "PINS": 1}
            assert stored_bytes(statekeeper_server, *values) == kept
            raw.stub.Update(update_request(name, ExecutionState(context=document(n="2"))))
            restore(raw, name, "a")
            assert stored_bytes(statekeeper_server, *values) - kept < 1_000
            delete_checkpoint(raw, name, "a")
            assert not rows(statekeeper_server, Table.CHECKPOINTS)
            assert not rows(statekeeper_server, Table.PINS)

    assert max(added) < 2_000
    assert abs(added[0] - added[1]) < 100
