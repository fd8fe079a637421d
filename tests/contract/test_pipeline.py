"""Pipeline: a stream of operations, answered as they are done."""

from typing import Any

import grpc
import pytest

from statekeeper.v1.state_requests_pb2 import LoadRequest
from tests.support.chance import chance
from tests.support.operations import Pipeline, context_of, do, load, lock, save, unlock, update
from tests.support.raw import DEADLINE_S, RawClient, key_of


def test_results_come_while_the_stream_is_open(raw: RawClient, execution_id: str) -> None:
    """B21: message after message, each answered before the next is sent."""
    with Pipeline(raw) as pipeline:
        for n in range(1, 20):
            (result,) = pipeline.do(save(execution_id, tag=1, n=str(n)))
            assert result.save.result.version == n
        pipeline.half_close()
        assert pipeline.rest() == []


def test_a_stream_without_operations_ends_with_success(raw: RawClient) -> None:
    with Pipeline(raw) as pipeline:
        pipeline.half_close()
        assert pipeline.rest() == []


def test_what_was_sent_is_answered_after_the_half_close(raw: RawClient, execution_id: str) -> None:
    """B20: small and large, and then the stream ends with success."""
    with Pipeline(raw) as pipeline:
        for n in range(300):
            big = bytes(70_000) if n % 50 == 0 else b"small"
            pipeline.send(save(f"{execution_id}-{n}", tag=n, big=big))
        pipeline.half_close()
        results = pipeline.rest()

    assert {result.tag for result in results} == set(range(300))
    assert {result.save.result.version for result in results} == {1}


def test_operations_on_one_execution_keep_their_order_over_messages(
    raw: RawClient, execution_id: str
) -> None:
    """B21: large ones among small ones, many executions interleaved."""
    dice = chance("pipelined")
    expected: dict[str, dict[str, Any]] = {f"{execution_id}-{n}": {} for n in range(8)}
    answers: dict[int, dict[str, Any]] = {}
    with Pipeline(raw) as pipeline:
        for tag in range(400):
            name = dice.choice(list(expected))
            if dice.random() < 0.4:
                answers[tag] = dict(expected[name])
                pipeline.send(load(name, tag))
            elif not expected[name] or dice.random() < 0.3:
                size = dice.choice([70_000, 1_000_000]) if dice.random() < 0.05 else 10
                expected[name] = {"first": f"{tag}:".encode().ljust(size, b"#")}
                pipeline.send(save(name, tag, **expected[name]))
            else:
                expected[name]["last"] = str(tag)
                wanted = dice.random() < 0.3
                pipeline.send(update(name, tag, return_execution=wanted, last=str(tag)))
        pipeline.half_close()
        results = {result.tag: result for result in pipeline.rest()}

    assert len(results) == 400
    assert not [result for result in results.values() if result.HasField("error")]
    for tag, answer in answers.items():
        assert context_of(results[tag]) == answer


def test_more_than_a_stream_holds_is_read_when_there_is_room(
    raw: RawClient, execution_id: str
) -> None:
    """B80: all of it is answered, though the server stops reading meanwhile."""
    with Pipeline(raw) as pipeline:
        for first in range(0, 9_000, 1_000):
            pipeline.send(
                *(save(f"{execution_id}-{n % 500}", tag=n) for n in range(first, first + 1_000))
            )
        results = pipeline.take(9_000)

    assert results.keys() == set(range(9_000))
    assert not [result for result in results.values() if result.HasField("error")]


def test_a_tag_can_be_used_again_once_its_result_is_there(
    raw: RawClient, execution_id: str
) -> None:
    with Pipeline(raw) as pipeline:
        for _ in range(3):
            (result,) = pipeline.do(load(execution_id, tag=2**64 - 1))
            assert result.tag == 2**64 - 1


def test_two_streams_do_not_wait_for_each_other(raw: RawClient, execution_id: str) -> None:
    """B80: one waits for a lock, the other goes on."""
    with Pipeline(raw) as one, Pipeline(raw) as other:
        one.do(lock(execution_id, "one", tag=1))
        other.send(lock(execution_id, "other", wait_s=DEADLINE_S, tag=1))
        for n in range(20):
            one.do(update(execution_id, tag=n), save(f"{execution_id}-1", tag=100))
        assert one.do(unlock(execution_id, "one", tag=1))[0].unlock.released
        assert other.take(1)[1].lock.acquired


def test_who_waits_for_a_lock_is_forgotten_when_its_stream_ends(
    raw: RawClient, execution_id: str
) -> None:
    """B61: the next in line gets it."""
    do(raw, lock(execution_id, "first"))
    with Pipeline(raw) as next_in_line:
        with Pipeline(raw) as gone:
            gone.send(lock(execution_id, "gone", DEADLINE_S, tag=1), load(execution_id, tag=2))
            assert list(gone.take(1)) == [2]
        with pytest.raises(grpc.RpcError):
            gone.take(1)
        next_in_line.send(lock(execution_id, "next", DEADLINE_S, tag=1))
        next_in_line.send(load(execution_id, tag=2))
        assert list(next_in_line.take(1)) == [2]
        do(raw, unlock(execution_id, "first"))
        assert next_in_line.take(1)[1].lock.acquired


def test_what_a_cancelled_stream_has_written_is_whole(raw: RawClient, execution_id: str) -> None:
    """B20: each write is there or not, and what follows on other calls is served."""
    with Pipeline(raw) as pipeline:
        pipeline.send(*(save(execution_id, tag=n, n=str(n), m=str(n)) for n in range(500)))
    found = raw.stub.Load(LoadRequest(key=key_of(execution_id)), timeout=DEADLINE_S)

    entries = found.execution.state.context.entries
    assert entries["n"].json == entries["m"].json
    assert len(do(raw, save(execution_id))) == 1
