"""What native code writes and loads is what the general way would have, row by row."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statekeeper.v1.execution_pb2 import (
    STATUS_RUNNING,
    STATUS_WAITING,
    ExecutionKey,
    ExecutionState,
)
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.native_part import absence, native
from tests.support.plain import LIMITS
from tests.support.plain_histories import Step, plain_steps, steps
from tests.support.two_ways import TwoWays

pytestmark = pytest.mark.skipif(native is None, reason=f"no native part: {absence}")

_BEGIN_US = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoWays]:
    """Two empty shards."""
    two = TwoWays(tmp_path_factory.mktemp("two"))
    yield two
    two.close()


def live(two: TwoWays, history: list[Step]) -> None:
    """Do all of a history, from nothing."""
    two.begin(_BEGIN_US)
    try:
        for step in history:
            step(two)
    finally:
        two.end()


def test_histories_leave_the_same_rows_in_both_ways(two: TwoWays) -> None:
    two.ways.clear()

    @settings(max_examples=60, derandomize=True)
    @given(st.lists(steps, min_size=20, max_size=30))
    def compare(history: list[Step]) -> None:
        # Sooner than usual, so that these histories are long enough.
        with patch("statekeeper_server.store.writer._PRUNE_EVERY", 4):
            live(two, history)

    compare()
    assert two.ways["Save"] + two.ways["Update"] > 50, two.ways
    assert two.ways["Load"] > 10, two.ways
    assert two.ways["together"] > 10, two.ways


def test_plain_histories_take_the_plain_way_mostly(two: TwoWays) -> None:
    two.ways.clear()

    @settings(max_examples=40, derandomize=True)
    @given(st.lists(plain_steps, min_size=20, max_size=30))
    def compare(history: list[Step]) -> None:
        live(two, history)

    compare()
    assert two.ways["Save"] + two.ways["Update"] > 50, two.ways


def test_the_history_of_a_workflow_takes_the_plain_way(two: TwoWays) -> None:
    two.ways.clear()
    live(two, [_work(number) for number in range(100)])

    # At every 16th version of an entry old ones are looked for, in the general way.
    assert two.ways.total() == 200
    assert two.ways["Save not"] + two.ways["Update not"] <= 10, two.ways
    assert two.ways["Load not"] == 0, two.ways


def test_entries_are_added_up_to_the_limit_and_not_beyond(two: TwoWays) -> None:
    two.ways.clear()
    live(two, [_add(number) for number in range(LIMITS.entries_max + 2)])

    assert two.ways == {"Save": 1, "Update": LIMITS.entries_max - 1}


def _add(number: int) -> Step:
    key = ExecutionKey(execution_id="e")
    state = ExecutionState(status=STATUS_RUNNING)
    state.context.entries[str(number)].json = "1"
    if number == 0:
        operation = Operation(save={"key": key, "state": state})
    else:
        operation = Operation(update={"key": key, "changes": state})
    return lambda two: two.do(operation)


def _work(number: int) -> Step:
    key = ExecutionKey(execution_id=f"e{number % 5}")
    status = STATUS_RUNNING if number % 2 else STATUS_WAITING
    state = ExecutionState(status=status, current_member=f"member {number // 3}")
    state.context.entries["number"].json = str(number)
    state.context.entries["bytes"].binary = bytes(number)
    options = WriteOptions(request_id=f"r{number}", actor="me")
    operation = Operation()
    if number >= 5 and number % 3 == 2:
        operation.update.key.CopyFrom(key)
        operation.update.options.CopyFrom(options)
        operation.update.changes.CopyFrom(state)
    else:
        operation.save.key.CopyFrom(key)
        operation.save.options.CopyFrom(options)
        operation.save.state.CopyFrom(state)

    def step(two: TwoWays) -> None:
        two.do(operation)
        two.do(Operation(load={"key": key}))

    return step
