"""An exception that nobody expected is that of one operation, not of its message."""

from collections.abc import Iterator
from typing import Any

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.operation_pb2 import Operation
from statekeeper_server import requests, service, snapshots
from statekeeper_server.status import INTERNAL_STATUS
from tests.support.operations import context_of, do, load, save, update
from tests.support.raw import RawClient, key_of
from tests.support.ways import WAYS, Way

BAD = "exec_bad"
LARGE = bytes(70_000)
# Where a step is called from; all others are checks of requests.
OWNERS = {"apply_save": service, "find": snapshots, "load_plain": snapshots}


@pytest.fixture
def raw() -> Iterator[RawClient]:
    """A client of a server of one shard; what is to be broken is broken before it."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        yield raw


@pytest.fixture
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A step of the server that fails for `exec_bad`."""
    step = str(request.param)
    owner: Any = OWNERS.get(step, requests)
    working = getattr(owner, step)

    def work_or_crash(*arguments: Any, **options: Any) -> Any:
        if any(_is_bad(argument) for argument in arguments):
            raise RuntimeError("what must not be told")
        return working(*arguments, **options)

    monkeypatch.setattr(owner, step, work_or_crash)
    return step


def _is_bad(argument: object) -> bool:
    key = getattr(argument, "key", None)
    return getattr(key, "execution_id", "") == BAD


# Requests that are not plain, so that they are checked and applied by these.
CASES: dict[str, Operation] = {
    "check_save": save(BAD, tag=50, big=LARGE),
    "check_load": load(BAD, tag=50, fields=["context"]),
    "check_update": update(BAD, tag=50, big=LARGE),
    "apply_save": save(BAD, tag=50, expected_revision=7),
    "find": load(BAD, tag=50, fields=["context"]),
    "load_plain": load(BAD, tag=50),
}


@WAYS
@pytest.mark.parametrize(("broken", "bad"), CASES.items(), indirect=["broken"])
def test_the_other_operations_of_the_message_notice_nothing(
    broken: str, raw: RawClient, way: Way, bad: Operation
) -> None:
    """B80: whether it fails when it is checked, applied or read."""
    operations = [save(f"exec_{n}", tag=n, n=str(n)) for n in range(1, 100) if n != 50]
    operations.insert(49, bad)
    results = way(raw, operations)

    assert [result.tag for result in results if result.HasField("error")] == [50], broken
    assert results[49].error == INTERNAL_STATUS
    assert context_of(do(raw, load("exec_99"))[0]) == {"n": "99"}


@WAYS
@pytest.mark.parametrize("broken", ["load_plain"], indirect=True)
@pytest.mark.parametrize("size", [1, 70_000])
def test_a_read_that_fails_after_a_write_does_not_harm_the_shard(
    broken: str, raw: RawClient, way: Way, size: int
) -> None:
    """B80: it is begun by whoever answers the write, and that goes on."""
    results = way(
        raw,
        [
            save(BAD, tag=1, big=bytes(size)),
            load(BAD, tag=2),
            update(BAD, tag=3, a="1"),
            save("exec_good", tag=4, a="1"),
        ],
    )

    assert [result.WhichOneof("response") for result in results] == (
        ["save", "error", "update", "save"]
    ), broken
    assert results[1].error == INTERNAL_STATUS
    assert results[2].update.result.version == 2
    assert raw.load(key_of("exec_good")) is not None
