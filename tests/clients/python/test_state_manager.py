"""A handle over a fake server: what it gives back, and what it does to a saved state."""

import asyncio
import copy
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf import timestamp_pb2

from statekeeper import (
    AsyncClient,
    Client,
    EventKind,
    ExecutionState,
    InternalError,
    InvalidRequestError,
    SerializationError,
    StateTooLargeError,
    Status,
    WriteResult,
)
from statekeeper.v1 import execution_pb2, history_pb2, state_requests_pb2, write_pb2

from .answers import answer_with
from .conftest import MakeClient
from .fakes import FakeServer

STATE: dict[str, Any] = {"status": "running", "context": {"a": [1]}}


def test_a_handle_tells_what_it_is_about(client: Client) -> None:
    """B1, B2, B3."""
    sm = client.state_manager("e", namespace="orders", ttl=3600)
    assert (sm.execution_id, sm.namespace, sm.ttl) == ("e", "orders", timedelta(hours=1))

    sm = client.state_manager("e")
    assert (sm.namespace, sm.ttl) == ("execution-state", None)


def test_a_write_tells_what_it_did(fake: FakeServer, client: Client) -> None:
    """B1, B79."""
    result = write_pb2.WriteResult(
        key=execution_pb2.ExecutionKey(namespace="n", execution_id="e"),
        revision=9,
        version=3,
        update_time=timestamp_pb2.Timestamp(seconds=1, nanos=2_000),
        replayed=True,
        warnings=["large"],
        expire_time=timestamp_pb2.Timestamp(seconds=2),
    )
    fake.service.answers.append(answer_with(state_requests_pb2.SaveResponse(result=result)))

    assert client.state_manager("e", namespace="n").save(STATE) == WriteResult(
        namespace="n",
        execution_id="e",
        revision=9,
        version=3,
        update_time=datetime(1970, 1, 1, 0, 0, 1, 2, tzinfo=UTC),
        replayed=True,
        warnings=("large",),
        expire_time=datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC),
    )


def test_a_saved_state_is_moved_on(client: Client) -> None:
    """B64: it can be saved again and again."""
    sm = client.state_manager("e")
    state = ExecutionState(status=Status.RUNNING, context={})
    for version in (1, 2, 3):
        result = sm.save(state)
        assert (state.revision, state.version) == (result.revision, version)
        state.context = {"version": version}

    loaded = sm.load()
    assert loaded is not None
    loaded.start_time = state.start_time
    loaded.context = state.context
    assert vars(loaded) == vars(state)


def test_a_saved_mapping_is_left_alone(client: Client) -> None:
    """B64."""
    state = copy.deepcopy(STATE)
    client.state_manager("e").save(state)
    assert state == STATE


def test_a_refused_save_leaves_the_state_where_it_was(client: Client) -> None:
    """B64."""
    state = ExecutionState(status=Status.RUNNING, context={"a": {1}})
    with pytest.raises(SerializationError):
        client.state_manager("e").save(state)
    assert (state.revision, state.version, state.id) == (None, None, "")


def test_nothing_is_sent_of_what_is_refused_here(fake: FakeServer, client: Client) -> None:
    """B71, B74."""
    sm = client.state_manager("e", namespace="orders")
    for refused in (
        lambda: sm.save({"status": "running", "context": {"a": {1}}}),
        lambda: sm.save({"status": "done"}),
        lambda: sm.update(status=None),  # type: ignore[arg-type]  # wrong on purpose
        lambda: sm.load(revision=-1),
        lambda: sm.delete(expected_revision=-1),
        lambda: sm.list_revisions(page_size=0),
    ):
        with pytest.raises((SerializationError, InvalidRequestError)) as caught:
            refused()
        assert (caught.value.namespace, caught.value.execution_id) == ("orders", "e")
    assert not fake.service.requests


def test_a_message_above_its_limit_is_not_sent(fake: FakeServer, client: Client) -> None:
    """B79."""
    with pytest.raises(StateTooLargeError) as caught:
        client.state_manager("e").save({"status": "running", "context": {"a": "x" * 2**24}})

    assert caught.value.limit == 16 * 2**20
    assert caught.value.size > caught.value.limit
    assert caught.value.execution_id == "e"
    assert not fake.service.requests


def test_nothing_is_no_state(client: Client) -> None:
    """B9."""
    assert client.state_manager("e").load() is None


def test_deleting_tells_whether_there_was_anything(client: Client) -> None:
    """B16."""
    sm = client.state_manager("e")
    sm.save(STATE)
    assert sm.delete().existed
    assert not sm.delete().existed


def test_a_state_loaded_by_its_fields_is_partial(fake: FakeServer, client: Client) -> None:
    sm = client.state_manager("e")
    sm.save(STATE)
    state = sm.load(fields=["context.a"])

    assert list(fake.service.requests[-1][1].fields) == ["context.a"]
    assert state is not None
    assert state.partial
    with pytest.raises(InvalidRequestError):
        sm.save(state)


@pytest.mark.parametrize(("page_size", "pages"), [(1, 5), (2, 3), (5, 1), (100, 1)])
def test_all_revisions_are_listed_page_by_page(
    fake: FakeServer, client: Client, page_size: int, pages: int
) -> None:
    """B52."""
    revisions = client.state_manager("e").list_revisions(page_size=page_size)

    assert [each.revision for each in revisions] == [5, 4, 3, 2, 1]
    assert fake.service.count("ListRevisions") == pages


def test_a_revision_of_the_future_can_be_listed(fake: FakeServer, client: Client) -> None:
    """B52: a newer server has more kinds of change."""
    answer = state_requests_pb2.ListRevisionsResponse()
    answer.revisions.add(revision=2, kind=99, changed=["status"], actor="ann", status=5)
    answer.revisions.add(revision=1, kind=history_pb2.EVENT_KIND_DELETED)
    fake.service.answers.append(answer_with(answer))

    newer, older = client.state_manager("e").list_revisions()

    assert (newer.kind, newer.changed, newer.actor) == (EventKind.UNKNOWN, ("status",), "ann")
    assert newer.status is Status.FAILED
    assert (older.kind, older.status) == ("deleted", None)


def test_a_status_of_the_future_is_an_error_of_ours(fake: FakeServer, client: Client) -> None:
    """B7."""
    answer = state_requests_pb2.LoadResponse()
    answer.execution.state.status = 99  # type: ignore[assignment]  # proto3 enums are open
    fake.service.answers.append(answer_with(answer))

    with pytest.raises(InternalError, match="status 99") as caught:
        client.state_manager("e").load()
    assert caught.value.execution_id == "e"


@pytest.mark.parametrize("timeout", [0, -1, "10", timedelta(0), float("inf")])
def test_a_timeout_that_is_no_time_is_refused(make_client: MakeClient, timeout: Any) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        make_client("127.0.0.1:1", timeout=timeout)
    assert caught.value.fields[0][0] == "timeout"


def test_an_actor_that_is_no_text_is_refused(make_client: MakeClient) -> None:
    with pytest.raises(InvalidRequestError):
        make_client("127.0.0.1:1", actor=3)


def test_threads_share_a_client(fake: FakeServer) -> None:
    """B21."""
    with Client(fake.address) as client:
        threads = [
            threading.Thread(target=client.state_manager(f"e{n}").save, args=(STATE,))
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(fake.service.executions) == 20


async def test_tasks_share_a_client(fake: FakeServer) -> None:
    """B21."""
    async with AsyncClient(fake.address) as client:
        saves = [client.state_manager(f"e{n}").save(STATE) for n in range(50)]
        await asyncio.gather(*saves)

    assert len(fake.service.executions) == 50


async def test_revisions_are_listed_as_they_are_asked_for(fake: FakeServer) -> None:
    """B52."""
    async with AsyncClient(fake.address) as client:
        async for revision in client.state_manager("e").list_revisions(page_size=2):
            assert revision.revision == 5
            break
        assert fake.service.count("ListRevisions") == 1


async def test_a_cancelled_call_is_cancelled(fake: FakeServer) -> None:
    """B76: and what it may have done is not forgotten."""
    start_time = datetime.now(UTC)
    async with AsyncClient(fake.address) as client:
        sm = client.state_manager("e", cache_ttl=60)
        await sm.save({**STATE, "start_time": start_time})
        fake.hold()
        save = asyncio.create_task(sm.save({"status": "failed"}))
        await asyncio.to_thread(fake.arrived.wait, 10)
        save.cancel()
        with pytest.raises(asyncio.CancelledError):
            await save
        fake.release.set()

        await sm.load()
        assert fake.service.count("Load") == 1


def test_an_async_client_may_be_made_where_no_loop_runs(fake: FakeServer) -> None:
    client = AsyncClient(fake.address)

    async def load_and_close() -> None:
        assert await client.state_manager("e").load() is None
        await client.close()

    asyncio.run(load_and_close())


async def test_an_async_client_belongs_to_one_loop(fake: FakeServer) -> None:
    async with AsyncClient(fake.address) as client:
        sm = client.state_manager("e")
        await sm.load()
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(lambda: asyncio.run(sm.load()))
