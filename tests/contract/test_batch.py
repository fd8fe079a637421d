"""Batch: many operations in one call, each for itself."""

from typing import Any

import pytest

from statekeeper.v1.checkpoint_pb2 import CheckpointRequest, RestoreRequest
from statekeeper.v1.execution_pb2 import STATUS_PAUSED
from statekeeper.v1.lock_pb2 import RenewLockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.pause_requests_pb2 import PauseRequest, ResumeRequest
from statekeeper.v1.state_requests_pb2 import DeleteRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.chance import chance
from tests.support.operations import (
    Pipeline,
    context_of,
    do,
    load,
    lock,
    method_of,
    request_of,
    save,
    unlock,
    update,
)
from tests.support.raw import DEADLINE_S, RawClient, key_of

LARGE = [70_000, 1_000_000]
UINT64_MAX = 2**64 - 1


def kinds(results: Any) -> list[str]:
    return [str(result.WhichOneof("response")) for result in results]


def test_many_executions_are_written_and_read_in_one_call(
    raw: RawClient, execution_id: str
) -> None:
    """B21: with results in the order of the operations."""
    names = [f"{execution_id}-{n}" for n in range(500)]
    saved = do(raw, *(save(name, n=str(n)) for n, name in enumerate(names)))
    found = do(raw, *map(load, names))

    assert [result.save.result.key.execution_id for result in saved] == names
    assert {result.save.result.version for result in saved} == {1}
    assert [context_of(result) for result in found] == [{"n": str(n)} for n in range(500)]


def test_every_result_has_the_tag_of_its_operation(raw: RawClient, execution_id: str) -> None:
    """B21: whatever the tags are, also those of what fails."""
    tags = [7, 0, UINT64_MAX, 7, 1]
    operations = [load(execution_id, tag=tag) for tag in tags]
    operations[3] = update(execution_id, tag=tags[3], a="1")
    operations[4] = Operation(tag=tags[4])
    results = do(raw, *operations)

    assert kinds(results) == ["load", "load", "load", "error", "error"]
    assert [result.tag for result in results] == tags


def test_every_kind_of_operation_does_what_its_rpc_does(raw: RawClient, execution_id: str) -> None:
    """B21: one after the other on one execution."""
    key = key_of(execution_id)
    first = do(
        raw,
        save(execution_id, a="1"),
        Operation(checkpoint=CheckpointRequest(key=key, name="before")),
        update(execution_id, b="2"),
        load(execution_id),
        Operation(pause=PauseRequest(key=key, member="m", reason="r")),
        load(execution_id),
        lock(execution_id, "me"),
        Operation(renew_lock=RenewLockRequest(key=key, owner="me")),
        unlock(execution_id, "me"),
    )
    assert kinds(first) == [
        "save",
        "checkpoint",
        "update",
        "load",
        "pause",
        "load",
        "lock",
        "renew_lock",
        "unlock",
    ]
    assert first[1].checkpoint.revision == first[0].save.result.revision
    assert context_of(first[3]) == {"a": "1", "b": "2"}
    assert first[5].load.execution.state.status == STATUS_PAUSED
    assert first[7].renew_lock.fencing_token == first[6].lock.fencing_token > 0
    assert first[8].unlock.released

    second = do(
        raw,
        Operation(resume=ResumeRequest(token=first[4].pause.token)),
        Operation(restore=RestoreRequest(key=key, name="before")),
        load(execution_id),
        Operation(delete=DeleteRequest(key=key)),
        load(execution_id),
    )
    assert kinds(second) == ["resume", "restore", "load", "delete", "load"]
    assert second[0].resume.pause_id == first[4].pause.pause_id
    assert context_of(second[2]) == {"a": "1"}
    assert not second[4].load.HasField("execution")


@pytest.mark.parametrize("size", [1, *LARGE])
def test_operations_on_one_execution_are_done_in_their_order(
    raw: RawClient, execution_id: str, size: int
) -> None:
    """B21: a read sees what those before it wrote and nothing of those after it."""
    big = bytes(size)
    results = do(
        raw,
        load(execution_id),
        save(execution_id, a="1", big=big),
        load(execution_id),
        update(execution_id, a="2"),
        update(execution_id, b="3"),
        load(execution_id),
        save(execution_id, c="4"),
        load(execution_id),
    )

    assert not results[0].load.HasField("execution")
    assert [context_of(results[n]) for n in (2, 5, 7)] == [
        {"a": "1", "big": big},
        {"a": "2", "big": big, "b": "3"},
        {"c": "4"},
    ]


def test_large_and_small_of_many_executions_keep_their_order(
    raw: RawClient, execution_id: str
) -> None:
    """B21: each execution its own, though they take turns in the message."""
    dice = chance("interleaved")
    expected: dict[str, dict[str, Any]] = {f"{execution_id}-{n}": {} for n in range(10)}
    operations, answers = [], []
    for number in range(200):
        name = dice.choice(list(expected))
        if dice.random() < 0.4:
            operations.append(load(name))
            answers.append(dict(expected[name]))
            continue
        size = dice.choice(LARGE) if dice.random() < 0.03 else dice.randint(1, 500)
        mark = f"{number}:".encode()
        if not expected[name] or dice.random() < 0.3:
            expected[name] = {"first": mark.ljust(size, b"#")}
            operations.append(save(name, **expected[name]))
        else:
            expected[name]["last"] = mark
            operations.append(update(name, return_execution=dice.random() < 0.3, last=mark))
        answers.append({})
    results = do(raw, *operations)

    for operation, result, answer in zip(operations, results, answers, strict=True):
        assert result.WhichOneof("response") == operation.WhichOneof("operation")
        if operation.HasField("load"):
            assert context_of(result) == answer


def test_an_update_gives_the_execution_right_after_it(raw: RawClient, execution_id: str) -> None:
    """B21: and not as a later operation of the same batch leaves it."""
    results = do(
        raw,
        save(execution_id, a="1"),
        update(execution_id, return_execution=True, b="2"),
        update(execution_id, c="3"),
        load(execution_id),
    )

    after = results[1].update
    assert set(after.execution.state.context.entries) == {"a", "b"}
    assert after.execution.revision == after.result.revision
    assert set(context_of(results[3])) == {"a", "b", "c"}


@pytest.mark.parametrize("size", [1, 70_000])
def test_a_request_id_is_the_same_in_a_batch_a_pipeline_and_a_call_of_its_own(
    raw: RawClient, execution_id: str, size: int
) -> None:
    """B70: whichever way a write goes first, it is done once."""
    operation = save(execution_id, tag=1, big=bytes(size), request_id="r1")
    (first,) = do(raw, operation)
    (again,) = do(raw, operation)
    with Pipeline(raw) as pipeline:
        (piped,) = pipeline.do(operation)
    alone: Any = method_of(raw, operation)(request_of(operation), timeout=DEADLINE_S)
    both = do(
        raw,
        *(save(f"{execution_id}-2", n="1", request_id="r1") for _ in range(2)),
    )

    assert not first.save.result.replayed
    for response in (again.save, piped.save, alone):
        assert response.result.replayed
        assert response.result.revision == first.save.result.revision
    assert [result.save.result.replayed for result in both] == [False, True]
    assert [result.save.result.version for result in both] == [1, 1]


def test_a_large_answer_to_a_pause_needs_no_more_than_its_token(
    raw: RawClient, execution_id: str
) -> None:
    """B21: as by the RPC of its own, which finds the execution by the token."""
    pause = PauseRequest(key=key_of(execution_id), member="m", reason="r")
    token = raw.stub.Pause(pause, timeout=DEADLINE_S).token
    resume = ResumeRequest(token=token)
    resume.input.entries["big"].binary = bytes(70_000)
    results = do(raw, Operation(resume=resume), update(execution_id, a="1"), load(execution_id))

    assert kinds(results) == ["resume", "update", "load"]
    assert results[2].load.execution.version == 3


def test_a_lock_that_is_waited_for_is_granted_by_another_caller(
    raw: RawClient, execution_id: str
) -> None:
    """B61: meanwhile the batch waits."""
    do(raw, lock(execution_id, "first"))
    with Pipeline(raw) as pipeline:
        pipeline.send(lock(execution_id, "second", wait_s=DEADLINE_S, tag=1))
        pipeline.send(load(execution_id, tag=2))
        assert list(pipeline.take(1)) == [2]
        do(raw, unlock(execution_id, "first"))
        granted = pipeline.take(1)[1].lock

    assert granted.acquired
    (late,) = do(raw, lock(execution_id, "third"))
    assert late.lock.holder.owner == "second"


def test_a_lock_that_waits_does_not_hold_up_what_would_free_it(
    raw: RawClient, execution_id: str
) -> None:
    """B61: it has had its turn; what comes after it goes on."""
    results = do(
        raw,
        lock(execution_id, "first"),
        lock(execution_id, "second", wait_s=DEADLINE_S),
        load(execution_id),
        save(execution_id, big=bytes(70_000)),
        unlock(execution_id, "first"),
    )

    assert kinds(results) == ["lock", "lock", "load", "save", "unlock"]
    assert results[1].lock.acquired
    assert results[1].lock.fencing_token > results[0].lock.fencing_token


def test_options_are_those_of_each_operation(raw: RawClient, execution_id: str) -> None:
    """B65: one that is refused changes nothing for those after it."""
    results = do(
        raw,
        save(execution_id, a="1", expected_revision=0),
        save(execution_id, a="2", expected_revision=0),
        update(execution_id, b="1"),
        Operation(
            delete=DeleteRequest(
                key=key_of(execution_id), options=WriteOptions(expected_revision=1_000_000)
            )
        ),
        load(execution_id),
    )

    assert kinds(results) == ["save", "error", "update", "error", "load"]
    assert context_of(results[4]) == {"a": "1", "b": "1"}
