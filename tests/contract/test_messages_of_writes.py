"""Messages that have nothing but writes: begun together, and each still for itself.

What they do is compared with what the same operations do in messages that have a read, too,
which are begun one by one.
"""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from google.rpc.error_details_pb2 import ErrorInfo

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper.v1.operation_pb2 import Operation, OperationResult
from tests.support.chance import chance
from tests.support.operations import Pipeline, context_of, do, load, lock, save, seconds, update
from tests.support.raw import DEADLINE_S, RawClient, key_of
from tests.support.ways import WAYS, Way

_NAMES = ("a", "b", "c", "d")
Fact = tuple[str, ...]


def exclusive_lock(execution_id: str) -> Operation:
    """Keeps out whoever has no fencing token."""
    operation = lock(execution_id, "somebody")
    operation.lock.exclusive = True
    return operation


@pytest.fixture(scope="module", params=[1, 3])
def raw(request: pytest.FixtureRequest) -> Iterator[RawClient]:
    """A client of a server of so many shards."""
    with TestServer(shards=request.param) as server, RawClient(server.address) as raw:
        yield raw


def _write(dice: Random, name: str, tag: int) -> Operation:
    """A write that may be refused, or repeat another one."""
    options: dict[str, object] = {}
    if dice.random() < 0.5:
        options["request_id"] = f"{name}-{dice.randrange(25)}"
    if dice.random() < 0.3:
        # That there is none, or one that is nobody's: all others differ from shard to shard.
        options["expected_revision"] = dice.choice([0, 10**12])
    timeout = dice.choice([None, seconds(60), seconds(0)]) if dice.random() < 0.3 else None
    # Few values, so that requests of the same id are often the same.
    values: dict[str, object] = {"x": str(dice.randrange(2))}
    if dice.random() < 0.05:
        values["x"] = "not JSON"
    if dice.random() < 0.05:
        values["y"] = bytes(20_000)
    make: Any = save if dice.random() < 0.5 else update
    operation: Operation = make(name, tag, timeout, **options, **values)
    return operation


def _fact(result: OperationResult, prefix: str) -> Fact:
    """What is to be the same in both ways: not the revisions, nor the times."""
    kind = result.WhichOneof("response")
    if kind == "error":
        reasons = []
        for detail in result.error.details:
            info = ErrorInfo()
            if detail.Unpack(info):
                known = info.metadata.get("execution_id", "").removeprefix(prefix)
                reasons.append(f"{info.reason} {known}")
        return str(result.tag), "error", str(result.error.code), *reasons
    answer = result.save.result if kind == "save" else result.update.result
    name = answer.key.execution_id.removeprefix(prefix)
    return str(result.tag), str(kind), name, str(answer.version), str(answer.replayed)


@WAYS
@pytest.mark.parametrize("seed", range(4))
def test_they_do_what_each_would_do_by_itself(
    raw: RawClient, execution_id: str, way: Way, seed: int
) -> None:
    """B80: conflicts, repeated requests, locks, timeouts, and what is not plain among them."""
    found: Counter[str] = Counter()
    dice = chance(f"messages of writes {seed}")
    for number in range(60):
        if number == 40:
            # While nobody holds any, locks are not even looked for.
            for prefix in ("together", "alone"):
                do(raw, exclusive_lock(f"{prefix}-{execution_id}-d"))
        size = dice.choice([1, 2, 5, 20])
        writes = [
            (dice.choice(_NAMES), str(dice.getrandbits(32)), tag) for tag in range(1, size + 1)
        ]
        facts = []
        for prefix in (f"together-{execution_id}-", f"alone-{execution_id}-"):
            operations = [_write(chance(seed), prefix + name, tag) for name, seed, tag in writes]
            if prefix.startswith("alone"):
                operations.append(load(prefix, tag=size + 1))
            facts.append([_fact(each, prefix) for each in way(raw, operations)[:size]])
        assert facts[0] == facts[1]
        found.update(" ".join(fact) for fact in facts[0])

    for name in _NAMES[:-1]:
        states = [
            context_of(do(raw, load(f"{prefix}-{execution_id}-{name}"))[0])
            for prefix in ("together", "alone")
        ]
        assert states[0] == states[1]
    told = [
        "error 4",
        "CONFLICT",
        "NOT_FOUND",
        "REUSED",
        "SERIALIZATION",
        "LOCKED",
        "save",
        "update",
        "True",
    ]
    counts = {each: sum(found[fact] for fact in found if each in fact) for each in told}
    assert all(counts.values()), found


def test_reads_see_the_writes_that_were_sent_before_them(raw: RawClient, execution_id: str) -> None:
    """B21: messages of writes, of reads, and of both, none of which is waited for."""
    dice = chance("writes and reads")
    expected: dict[str, str] = {}
    answers: dict[int, str | None] = {}
    tag = 0
    with Pipeline(raw) as pipeline:
        for _ in range(300):
            operations = []
            kind = dice.choice(["writes", "reads", "both"])
            for _ in range(dice.choice([1, 3, 10])):
                tag += 1
                name = f"{execution_id}-{dice.randrange(5)}"
                if kind == "reads" or (kind == "both" and dice.random() < 0.5):
                    answers[tag] = expected.get(name)
                    operations.append(load(name, tag))
                else:
                    expected[name] = str(tag)
                    big = bytes(70_000) if dice.random() < 0.01 else b""
                    operations.append(save(name, tag, n=str(tag), big=big))
            pipeline.send(*operations)
        pipeline.half_close()
        results = {result.tag: result for result in pipeline.rest()}

    assert len(results) == tag
    for number, answer in answers.items():
        assert context_of(results[number]).get("n") == answer


@WAYS
def test_writes_on_one_execution_keep_their_order(
    raw: RawClient, execution_id: str, way: Way
) -> None:
    """B21: the last one of the message stands, however many there are."""
    writes = [save(execution_id, tag=n, n=str(n)) for n in range(1, 1_001)]
    results = way(raw, writes)

    assert [result.save.result.version for result in results] == list(range(1, 1_001))
    assert context_of(do(raw, load(execution_id))[0]) == {"n": "1000"}


@WAYS
def test_new_executions_among_them_are_listed(raw: RawClient, execution_id: str, way: Way) -> None:
    """B21: each is found by its status, too."""
    names = [f"{execution_id}-{n}" for n in range(30)]
    way(raw, [save(name, tag=n, a="1") for n, name in enumerate(names, 1)])
    request = ListRequest(id_prefix=f"{execution_id}-", statuses=[STATUS_RUNNING])

    found = raw.stub.List(request, timeout=DEADLINE_S).executions
    assert sorted(each.key.execution_id for each in found) == sorted(names)


@WAYS
def test_locked_executions_among_them_are_left_alone(
    raw: RawClient, execution_id: str, way: Way
) -> None:
    """B59: and all others are written."""
    do(raw, exclusive_lock(f"{execution_id}-5"))
    results = way(raw, [save(f"{execution_id}-{n}", tag=n) for n in range(1, 10)])

    assert [result.tag for result in results if result.HasField("error")] == [5]
    assert raw.load(key_of(f"{execution_id}-5")) is None
