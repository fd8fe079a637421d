"""The tokens of pauses: secrets that work once, and are kept nowhere."""

import threading
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest
from statekeeper.v1.state_requests_pb2 import LoadRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.engine import Table
from tests.support.pauses import (
    execution_of,
    get_pause,
    open_pause,
    pause_request,
    pauses_of,
    resume,
    resume_request,
)
from tests.support.raw import DEADLINE_S, RawClient, Refusal, document, key_of, save_request
from tests.support.server_process import ServerProcess
from tests.support.tables import rows, wait_until

THREADS = 64


def test_a_repeated_pause_gives_the_same_token(raw: RawClient, execution_id: str) -> None:
    """B70, B31: also when it was answered meanwhile, and opens nothing."""
    request = pause_request(execution_id, request_id="r1", data=document(a="1"), actor="me")
    first, again = raw.stub.Pause(request), raw.stub.Pause(request)

    assert (first.result.replayed, again.result.replayed) == (False, True)
    assert (again.token, again.pause_id) == (first.token, first.pause_id)
    again.result.replayed = False
    assert again == first
    assert len(pauses_of(raw, execution_id)) == 1
    resume(raw, token=again.token)
    before = execution_of(raw, execution_id)
    assert raw.stub.Pause(request).token == first.token
    assert execution_of(raw, execution_id) == before


def _delete(server: TestServer, raw: RawClient) -> None:
    """Delete the execution, and wait until nothing is left of it."""
    raw.delete(key_of("exec_1"))
    wait_until(lambda: not rows(server, Table.GARBAGE))
    assert not rows(server, Table.PAUSES)


def _restart(server: TestServer, raw: RawClient) -> None:
    _delete(server, raw)
    server.restart()


def _create_anew(server: TestServer, raw: RawClient) -> None:
    _delete(server, raw)
    open_pause(raw, "exec_1")


def _forget_pause(server: TestServer, raw: RawClient) -> None:
    """Have so many pauses come after it that it is kept no longer."""
    first = pauses_of(raw, "exec_1")[0].pause_id
    for _ in range(64):
        resume(raw, token=open_pause(raw, "exec_1").token)
    assert pauses_of(raw, "exec_1")[0].pause_id != first
    assert len(rows(server, Table.TOKENS)) == 1 + 64


@pytest.mark.parametrize("then", [_delete, _restart, _create_anew, _forget_pause])
def test_a_repeated_answer_gets_the_first_answer_though_its_pause_is_gone(
    statekeeper_server: TestServer, then: Callable[[TestServer, RawClient], None]
) -> None:
    """B70, B31: by the token alone, which for everybody else is as void as before."""
    with RawClient(statekeeper_server.address) as raw:
        token = open_pause(raw, "exec_1").token
        request = resume_request(token=token, request_id="r1", input=document(a="1"))
        first = raw.stub.Resume(request)
        then(statekeeper_server, raw)
        load = LoadRequest(key=key_of("exec_1"))
        before = raw.stub.Load(load)
        again = raw.stub.Resume(request)
        assert again.result.replayed
        again.result.replayed = False
        assert again == first
        request.input.Clear()
        assert raw.refusal(raw.stub.Resume, request).reason == "REQUEST_ID_REUSED"
        for other in ("", "r2"):
            late = resume_request(token=token, request_id=other)
            assert raw.refusal(raw.stub.Resume, late).reason == "INVALID_TOKEN"
        looking = GetPauseRequest(token=token)
        assert raw.refusal(raw.stub.GetPause, looking).reason == "INVALID_TOKEN"
        assert raw.stub.Load(load) == before


def test_a_token_outlives_its_execution_only_for_a_repeated_answer(
    statekeeper_server: TestServer,
) -> None:
    """B15: one row for each answer that is remembered and names no execution."""
    with RawClient(statekeeper_server.address) as raw:
        for fields in ({}, {"request_id": "r1"}, {"request_id": "r2"}):
            resume(raw, token=open_pause(raw, "exec_1").token, **fields)
        resume(raw, "exec_1", token=open_pause(raw, "exec_1").token, request_id="r3")
        number = open_pause(raw, "exec_1").pause_id
        resume(raw, "exec_1", pause_id=number, request_id="r4")
        open_pause(raw, "exec_1")
        assert len(rows(statekeeper_server, Table.TOKENS)) == 6
        _delete(statekeeper_server, raw)

        assert len(rows(statekeeper_server, Table.TOKENS)) == 2


@pytest.mark.parametrize("named", [True, False], ids=["named", "by the token alone"])
def test_a_repeated_answer_gets_the_first_answer(
    raw: RawClient, execution_id: str, *, named: bool
) -> None:
    """B31, B70: though the token is spent, and another pause has been opened since."""
    token = open_pause(raw, execution_id).token
    request = resume_request(
        execution_id if named else "", token=token, request_id="r1", input=document(a="1")
    )
    first = raw.stub.Resume(request)
    open_pause(raw, execution_id)
    before = execution_of(raw, execution_id)
    again = raw.stub.Resume(request)

    assert (first.result.replayed, again.result.replayed) == (False, True)
    again.result.replayed = False
    assert again == first
    assert execution_of(raw, execution_id) == before
    unmarked = resume_request(execution_id, token=token)
    assert raw.refusal(raw.stub.Resume, unmarked).reason == "INVALID_TOKEN"


def test_a_request_id_is_refused_for_another_pause_or_answer(
    raw: RawClient, execution_id: str
) -> None:
    """B70."""
    answer = open_pause(raw, execution_id, request_id="r1")
    before = execution_of(raw, execution_id)
    for request in (
        pause_request(execution_id, request_id="r1", reason="another"),
        pause_request(execution_id, request_id="r1", data=document(a="1")),
        pause_request(execution_id, request_id="r1", actor="another"),
    ):
        assert raw.refusal(raw.stub.Pause, request).reason == "REQUEST_ID_REUSED"
    for answering in (
        resume_request(execution_id, token=answer.token, request_id="r1"),
        resume_request(token=answer.token, request_id="r1"),
    ):
        assert raw.refusal(raw.stub.Resume, answering).reason == "REQUEST_ID_REUSED"
    assert execution_of(raw, execution_id) == before


def test_an_answer_after_a_refusal_is_not_remembered(raw: RawClient, execution_id: str) -> None:
    """B70: only what was done is answered from memory."""
    answer = open_pause(raw, execution_id)
    request = resume_request(
        execution_id, token=answer.token, request_id="r1", expected_revision=2**40
    )
    assert raw.refusal(raw.stub.Resume, request).reason == "CONFLICT"
    assert raw.refusal(raw.stub.Resume, request).reason == "CONFLICT"
    request.options.ClearField("expected_revision")

    assert not raw.stub.Resume(request).result.replayed


def test_repetitions_at_once_open_one_pause(raw: RawClient, execution_id: str) -> None:
    """B70: all of them get its token, also when they are in one commit."""
    request = pause_request(execution_id, request_id="r1")
    calls = [raw.stub.Pause.future(request, timeout=DEADLINE_S) for _ in range(32)]
    answers = [call.result() for call in calls]

    assert len({answer.token for answer in answers}) == 1
    assert sorted(answer.result.replayed for answer in answers) == [False] + [True] * 31
    assert len(pauses_of(raw, execution_id)) == 1


def _race(raw: RawClient, execution_id: str, pool: ThreadPoolExecutor) -> None:
    """Answer one pause from many threads at once; half of them name the execution."""
    answer = open_pause(raw, execution_id)
    line = threading.Barrier(THREADS)

    def answer_it(n: int) -> str:
        request = resume_request(
            execution_id if n % 2 else "",
            token=answer.token,
            input=document(n=str(n)),
            actor=f"person {n}",
        )
        line.wait()
        try:
            raw.stub.Resume(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            return Refusal.of(error).reason
        return f"person {n}"

    told = list(pool.map(answer_it, range(THREADS)))
    winners = [each for each in told if each.startswith("person")]
    assert len(winners) == 1
    assert told.count("INVALID_TOKEN") == THREADS - 1
    execution = execution_of(raw, execution_id)
    pause = execution.pauses[-1]
    assert pause.pause_id == answer.pause_id
    assert pause.resumption.actor == winners[0]
    assert pause.resumption.input == document(n=winners[0].removeprefix("person "))
    assert execution.state.status == STATUS_RUNNING


@pytest.mark.parametrize(
    "rounds", [5, pytest.param(1_000, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])]
)
def test_of_many_who_answer_at_once_one_wins(
    raw: RawClient, execution_id: str, rounds: int
) -> None:
    """B32: the other sixty-three are told that the token is void."""
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(rounds):
            _race(raw, execution_id, pool)


def test_an_answer_races_a_write_of_another_status(raw: RawClient, execution_id: str) -> None:
    """B32, B44: either the answer was first and is kept, or it was refused."""
    for n in range(20):
        answer = open_pause(raw, execution_id)
        resuming = raw.stub.Resume.future(resume_request(token=answer.token), timeout=DEADLINE_S)
        raw.stub.Save(save_request(execution_id), timeout=DEADLINE_S)
        refused = resuming.exception()
        pause = pauses_of(raw, execution_id)[-1]
        assert pause.pause_id == answer.pause_id
        assert pause.HasField("resumption") == (refused is None), n


def _traces(token: str) -> Iterator[bytes]:
    """A token as it may stand somewhere: whole, in part, decoded or as hex."""
    text = token.removeprefix("hitl_")
    raw = urlsafe_b64decode(text)
    yield token.encode()
    for part in (text[:12], text[8:20], text[16:28]):
        yield part.encode()
        yield part.encode().hex().encode()
    for piece in (raw[:8], raw[6:14], raw[12:20]):
        yield piece
        yield piece.hex().encode()


def _bytes_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_token_is_on_disk_or_in_the_log(tmp_path: Path) -> None:
    """B35, B70: open or spent, with a request_id or without, alone or in a transaction.

    After `kill -9` a repeated request still gets its token.
    """
    process = ServerProcess(tmp_path / "data", "--log-level=debug")
    parts = [Operation(pause=pause_request("exec_2", member=f"m{n}")) for n in range(2)]
    together = TransactionRequest(
        key=key_of("exec_2"), operations=parts, options=WriteOptions(request_id="secret-2")
    )
    repeated = pause_request("exec_1", request_id="secret-1", data=document(a="1"))
    with process, RawClient(process.address) as raw:
        tokens = [raw.stub.Pause(repeated).token, open_pause(raw, "exec_1").token]
        tokens += [each.pause.token for each in raw.stub.Transaction(together).results]
        tokens.append(open_pause(raw, "exec_3").token)
        resume(raw, token=tokens[-1], request_id="secret-3")
        raw.refusal(raw.stub.Resume, resume_request("exec_2", token=tokens[0]))
        raw.refusal(raw.stub.Resume, resume_request(token=tokens[-1]))
        get_pause(raw, token=tokens[1])
        assert len(set(tokens)) == 5
        kept = _bytes_below(tmp_path)
        assert b"approver" in kept, "the folder was not read where it is written"
        for token in tokens:
            for trace in _traces(token):
                assert trace not in kept
        assert b"secret-" not in kept
        process.kill()
        process.start()
        again = [raw.stub.Pause(repeated, wait_for_ready=True, timeout=DEADLINE_S)]
        again += [each.pause for each in raw.stub.Transaction(together).results]
        assert [answer.token for answer in again] == [tokens[0], *tokens[2:4]]
        for token in (tokens[0], *tokens[2:4]):
            resume(raw, token=token)
        kept = _bytes_below(tmp_path)
        assert not any(trace in kept for token in tokens for trace in _traces(token))


def test_a_repeated_pause_gives_its_token_after_a_restart(statekeeper_server: TestServer) -> None:
    """B70, B20: and the token is good."""
    with RawClient(statekeeper_server.address) as raw:
        request = pause_request("exec_1", request_id="r1")
        first = raw.stub.Pause(request)
        statekeeper_server.restart()
        again = raw.stub.Pause(request, wait_for_ready=True, timeout=DEADLINE_S)

        assert (again.token, again.result.replayed) == (first.token, True)
        assert resume(raw, token=first.token).pause_id == first.pause_id


def test_tokens_lead_to_their_executions_whatever_their_shard() -> None:
    """B33: without naming the execution."""
    with TestServer(shards=4) as server, RawClient(server.address) as raw:
        tokens = {f"exec_{n}": open_pause(raw, f"exec_{n}").token for n in range(40)}
        for execution_id, token in tokens.items():
            assert get_pause(raw, token=token).execution.key.execution_id == execution_id
            assert resume(raw, token=token).result.key.execution_id == execution_id
