"""Batches: many operations in few messages, against a fake server."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from statekeeper import (
    AsyncClient,
    CallCancelledError,
    Client,
    ConflictError,
    InvalidRequestError,
    SerializationError,
    StateError,
    StateTooLargeError,
    StorageError,
    UnavailableError,
    WriteResult,
)
from statekeeper.cache import Cache

from .answers import fail, refuse
from .fakes import Awaited, FakeServer

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
STATE: dict[str, Any] = {"status": "running", "start_time": datetime(2026, 11, 22, tzinfo=UTC)}
MB = 2**20


def of_size(size_bytes: int) -> dict[str, Any]:
    """A state of this size."""
    return {**STATE, "context": {"a": bytes(size_bytes)}}


def messages(fake: FakeServer) -> list[int]:
    """How many operations each message had."""
    return [len(request.operations) for name, request in fake.service.requests if name == "Batch"]


def written(fake: FakeServer, method: str = "Save") -> list[tuple[str, str]]:
    """The executions and request_ids of what was received."""
    return [
        (request.key.execution_id, request.options.request_id)
        for name, request in fake.service.requests
        if name == method
    ]


def calls_under_way(client: Client) -> int:
    """How many calls the cache waits for."""
    target = client._target if isinstance(client, Awaited) else client
    cache: Cache = target._cache  # type: ignore[attr-defined]  # of both kinds of client
    return len(cache._under_way)


def test_many_executions_are_saved_in_one_message(fake: FakeServer, client: Client) -> None:
    """B21: with results in the order of the operations."""
    names = [f"e{n}" for n in range(1_000)]
    results = client.batch([client.state_manager(name).operation.save(STATE) for name in names])

    assert messages(fake) == [1_000]
    assert [result.execution_id for result in results.raise_first()] == names
    assert results.errors == {}


def test_what_is_more_than_a_message_takes_goes_into_the_next(
    fake: FakeServer, client: Client
) -> None:
    """B21: in the same order."""
    names = [f"e{n}" for n in range(2_002)]
    results = client.batch(client.state_manager(name).operation.save(STATE) for name in names)

    assert messages(fake) == [1_000, 1_000, 2]
    assert [name for name, _ in written(fake)] == names
    assert [result.execution_id for result in results.raise_first()] == names


def test_a_message_is_not_larger_than_the_server_receives(fake: FakeServer, client: Client) -> None:
    """B21: the last one is alone, and is sent as the call that it is."""
    sizes = [8 * MB - 200, 8 * MB - 200, 8 * MB, 9 * MB, 100]
    results = client.batch(
        client.state_manager(f"e{n}").operation.save(of_size(size)) for n, size in enumerate(sizes)
    )

    assert messages(fake) == [2, 2]
    assert len(written(fake)) == len(results.raise_first()) == 5


def test_what_fits_in_no_message_is_refused_alone(fake: FakeServer, client: Client) -> None:
    """B21, B79."""
    states = [STATE, of_size(17 * MB), STATE]
    results = client.batch(
        client.state_manager(f"e{n}").operation.save(state) for n, state in enumerate(states)
    )

    error = results[1]
    assert isinstance(error, StateTooLargeError)
    assert (error.execution_id, error.limit) == ("e1", 16 * MB)
    assert list(results.errors) == [1]
    assert calls_under_way(client) == 0
    assert [name for name, _ in written(fake)] == ["e0", "e2"]


def test_no_operations_are_no_message(fake: FakeServer, client: Client) -> None:
    assert client.batch([]) == []
    assert fake.service.requests == []


def test_an_error_hides_no_result_and_can_be_raised(fake: FakeServer, client: Client) -> None:
    """B21, B71: it is the error of its own execution, with its facts."""
    facts = {"expected": "3", "current": "5"}
    fake.service.answers.append(refuse(grpc.StatusCode.ABORTED, "CONFLICT", metadata=facts))
    results = client.batch([client.state_manager(n).operation.save(STATE) for n in ("a", "b")])

    error, result = results
    assert isinstance(error, ConflictError)
    assert (error.execution_id, error.expected, error.current) == ("a", 3, 5)
    assert isinstance(result, WriteResult)
    assert results.errors == {0: error}
    with pytest.raises(ConflictError) as caught:
        results.raise_first()
    assert caught.value is error


def test_every_write_has_a_request_id_of_its_own(fake: FakeServer, client: Client) -> None:
    """B70: or the one that is given; what is described once and sent twice is done twice."""
    sm = client.state_manager("e")
    operations = [sm.operation.save(STATE), sm.operation.save(STATE, request_id="mine")]
    client.batch(operations)
    client.batch(operations)

    ids = [request_id for _, request_id in written(fake)]
    assert ids[1] == ids[3] == "mine"
    assert len({*ids}) == 3


def test_a_message_is_repeated_with_the_same_request_ids(fake: FakeServer, client: Client) -> None:
    """B70."""
    fake.service.answers += [fail(UNAVAILABLE), fail(UNAVAILABLE)]
    operations = [client.state_manager(f"e{n}").operation.save(STATE) for n in range(3)]
    assert client.batch(operations).errors == {}

    assert messages(fake) == [3, 3, 3]
    first, second, *third = written(fake)
    assert first == second == third[0]


def test_what_is_refused_for_now_is_sent_again_by_itself(fake: FakeServer, client: Client) -> None:
    """B70: as often as any other write, and with the same request_id."""
    refusal = refuse(UNAVAILABLE, "STORAGE_ERROR")
    fake.service.answers += [refusal, refusal]
    operations = [client.state_manager(f"e{n}").operation.save(STATE) for n in range(4)]
    assert client.batch(operations).errors == {}

    assert messages(fake) == [4, 2]
    assert written(fake)[:2] == written(fake)[4:]


def test_what_stays_refused_is_told(fake: FakeServer, client: Client) -> None:
    """B21: and the others are done."""
    fake.service.answers += [refuse(UNAVAILABLE, "STORAGE_ERROR")] * 10
    operations = [client.state_manager(f"e{n}").operation.save(STATE) for n in range(2)]
    results = client.batch(operations)

    assert messages(fake) == [2] * 5
    assert [type(result) for result in results] == [StorageError] * 2
    assert calls_under_way(client) == 0


def test_what_is_sent_again_is_never_done_after_what_came_later(
    fake: FakeServer, client: Client
) -> None:
    """B21: on the same execution; there the error is told instead."""
    one, other = client.state_manager("one").operation, client.state_manager("other").operation
    fake.service.answers += [refuse(UNAVAILABLE, "STORAGE_ERROR")] * 2
    results = client.batch(
        [one.save(STATE), other.save(STATE), one.save({"status": "waiting"}), one.load()]
    )

    assert list(results.errors) == [0]
    assert [name for name, _ in written(fake)] == ["one", "other", "one", "other"]
    assert results[3].status == "waiting"  # type: ignore[union-attr]  # it is a state


def test_several_that_are_refused_for_now_keep_their_order(
    fake: FakeServer, client: Client
) -> None:
    """B21."""
    one = client.state_manager("one").operation
    fake.service.answers += [refuse(UNAVAILABLE, "STORAGE_ERROR")] * 2
    results = client.batch([one.save(STATE), one.save({"status": "waiting"})])

    assert results.errors == {}
    assert written(fake)[:2] == written(fake)[2:]


def test_a_value_that_cannot_be_sent_is_told_before_anything_is(
    fake: FakeServer, client: Client
) -> None:
    """B74: with the position of the operation and the path of the value."""
    sm = client.state_manager("e")
    bad = {"status": "running", "context": {"user": {"tags": ["a", {1}]}}}

    with pytest.raises(SerializationError) as caught:
        client.batch([sm.operation.save(STATE), sm.operation.load(), sm.operation.save(bad)])

    assert caught.value.path == "operations[2].context.user.tags[1]"
    assert "operations[2].context.user.tags[1] cannot be saved" in str(caught.value)
    assert caught.value.execution_id == "e"
    assert fake.service.requests == []
    assert calls_under_way(client) == 0


def test_an_argument_of_no_use_is_told_with_its_position(fake: FakeServer, client: Client) -> None:
    """B7, B21: nothing is sent."""
    sm = client.state_manager("e")
    with pytest.raises(InvalidRequestError) as caught:
        client.batch([sm.operation.load(), sm.operation.save({"status": "done"})])

    assert caught.value.fields[0][0] == "operations[1].status"
    assert caught.value.message.startswith("operations[1].status: 'done' is none of")
    assert fake.service.requests == []


def test_only_operations_of_the_same_client_are_taken(fake: FakeServer, client: Client) -> None:
    """B21."""
    with Client(fake.address) as other:
        foreign = other.state_manager("e").operation.load()
    with pytest.raises(InvalidRequestError, match=r"operations\[0\].*of another client"):
        client.batch([foreign])
    with pytest.raises(InvalidRequestError, match=r"operations\[0\]: .* not NoneType"):
        client.batch([None])  # type: ignore[arg-type]  # what a handle's load may give

    assert fake.service.requests == []


def test_an_operation_shows_what_it_does_and_no_values(client: Client) -> None:
    operation = client.state_manager("e", namespace="n").operation.save({"status": "secret"})
    assert repr(operation) == "Operation(method='Save', namespace='n', execution_id='e')"


def test_a_loaded_state_is_saved_by_comparing_and_moves_on(client: Client) -> None:
    """B64, B65."""
    sms = [client.state_manager(name) for name in ("a", "b")]
    client.batch(sm.operation.save(STATE) for sm in sms)
    states = client.batch(sm.operation.load() for sm in sms).raise_first()
    for state in states:
        assert state is not None
        state.metadata = {"n": 1}
    pairs = list(zip(sms, states, strict=True))
    results = client.batch(sm.operation.save(state) for sm, state in pairs if state).raise_first()

    assert [state.revision for state in states if state] == [each.revision for each in results]
    assert client.batch(sm.operation.save(s) for sm, s in pairs if s).errors == {}
    loaded = sms[0].load()
    assert loaded is not None
    assert vars(loaded) == vars(states[0])


def test_the_cache_has_what_a_batch_has_written_or_read(fake: FakeServer, client: Client) -> None:
    """B76."""
    saved, read, changed, gone, failed = (
        client.state_manager(name, cache_ttl=60)
        for name in ("saved", "read", "changed", "gone", "failed")
    )
    for sm in (read, changed, gone, failed):
        client.state_manager(sm.execution_id).save(STATE)
    for sm in (changed, gone, failed):
        sm.load()
    fake.service.answers.append(fail(grpc.StatusCode.INTERNAL))
    with pytest.raises(StateError):
        client.batch([failed.operation.update(status="failed")]).raise_first()
    client.batch(
        [
            saved.operation.save(STATE),
            read.operation.load(),
            changed.operation.update(status="waiting"),
            gone.operation.delete(),
        ]
    ).raise_first()
    asked = fake.service.count("Load")

    states = [sm.load() for sm in (saved, read, changed)]
    assert [state.status for state in states if state] == ["running", "running", "waiting"]
    assert fake.service.count("Load") == asked
    assert gone.load() is None
    assert failed.load() is not None
    assert fake.service.count("Load") == asked + 2
    assert calls_under_way(client) == 0


def test_the_cache_has_nothing_older_than_the_last_write_of_a_batch(client: Client) -> None:
    """B76: whatever the same batch has read or written before it."""
    sm = client.state_manager("e", cache_ttl=60)
    sm.save(STATE)
    for status in ("waiting", "failed"):
        client.batch(
            [
                sm.operation.load(),
                sm.operation.save(STATE),
                sm.operation.load(),
                sm.operation.update(status=status),
            ]
        ).raise_first()
        state = sm.load()
        assert state is not None
        assert state.status == status


def test_a_batch_without_an_answer_ends(fake: FakeServer, client: Client) -> None:
    """B21: what was not sent has the error of what was, each with its own execution."""
    fake.stop()
    operations = [client.state_manager(f"e{n}").operation.save(STATE) for n in range(2_500)]
    results = client.batch(operations)

    assert {type(result) for result in results} == {UnavailableError}
    assert [results.errors[n].execution_id for n in (0, 2_499)] == ["e0", "e2499"]
    assert calls_under_way(client) == 0


def test_an_overload_of_a_whole_message_is_waited_for(fake: FakeServer, client: Client) -> None:
    """B21: gRPC does that, as for all calls; when it lasts, the batch ends."""
    fake.service.answers += [fail(grpc.StatusCode.RESOURCE_EXHAUSTED)] * 5
    operations = [client.state_manager(f"e{n}").operation.save(STATE) for n in range(1_002)]
    results = client.batch(operations)

    assert messages(fake) == [1_000] * 5
    assert len(results.errors) == 1_002


def test_closing_ends_a_batch(fake: FakeServer, client: Client) -> None:
    fake.hold()
    operations = [client.state_manager(f"e{n}").operation.save(STATE) for n in range(1_002)]
    with ThreadPoolExecutor() as pool:
        batch = pool.submit(client.batch, operations)
        assert fake.arrived.wait(10)
        client.close()
        results = batch.result(timeout=10)

    assert {type(result) for result in results} == {CallCancelledError}
    assert calls_under_way(client) == 0


def test_a_closed_client_says_so(client: Client) -> None:
    operation = client.state_manager("e").operation.load()
    client.close()
    with pytest.raises(RuntimeError, match="this client is closed"):
        client.batch([operation, operation])
    assert calls_under_way(client) == 0


async def test_a_task_that_is_cancelled_leaves_nothing_behind(fake: FakeServer) -> None:
    """B76: the cache waits for none of its calls."""
    fake.hold()
    async with AsyncClient(fake.address) as client:
        sm = client.state_manager("e", cache_ttl=60)
        batch = asyncio.create_task(client.batch([sm.operation.save(STATE), sm.operation.load()]))
        await asyncio.to_thread(fake.arrived.wait, 10)
        batch.cancel()
        with pytest.raises(asyncio.CancelledError):
            await batch
        assert len(client._cache._under_way) == 0


def test_what_is_written_under_a_lock_carries_its_token(fake: FakeServer, client: Client) -> None:
    """B59: the lock under which the batch is sent."""
    sm = client.state_manager("e")
    operations = [sm.operation.save(STATE), sm.operation.update(status="waiting")]
    with sm.lock() as lock:
        token = lock.fencing_token
        client.batch(operations).raise_first()

    tokens = [request.options.fencing_token for name, request in fake.service.requests[2:4]]
    assert tokens == [token, token]
