"""Many callers at once: nobody gets in another's way."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.protobuf.message import Message

from statekeeper import AsyncClient, Client, ConflictError, StateError
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.state_requests_pb2 import SaveRequest
from tests.contract.conftest import Service
from tests.support.chance import chance
from tests.support.raw import DEADLINE_S, RawClient, Refusal, document, key_of, save_request
from tests.support.states import loaded


async def test_many_executions_can_be_saved_in_parallel(
    service: Service, execution_id: str
) -> None:
    """B21."""
    async with AsyncClient(service.address, timeout=30) as client:
        handles = [client.state_manager(f"{execution_id}-{n}") for n in range(300)]
        results = await asyncio.gather(
            *(sm.save({"status": "running", "context": {"n": n}}) for n, sm in enumerate(handles))
        )
        states = await asyncio.gather(*(sm.load() for sm in handles))

    assert len({(result.execution_id, result.revision) for result in results}) == 300
    for n, (result, state) in enumerate(zip(results, states, strict=True)):
        assert state is not None
        assert (state.context, state.revision) == ({"n": n}, result.revision)


def test_of_many_callers_in_a_batch_only_those_that_err_are_refused(
    raw: RawClient, execution_id: str
) -> None:
    """B80: refusals of every kind among writes that share their commits."""
    raw.stub.Save(save_request(f"{execution_id}-taken", request_id="taken"))
    requests: list[tuple[SaveRequest, str]] = []
    for n in range(60):
        name = f"{execution_id}-{n}"
        good = ExecutionState(status=STATUS_RUNNING, context=document(n=str(n)))
        bad_json = ExecutionState(status=STATUS_RUNNING, context=document(a="1", b="{"))
        requests += [
            (save_request(name, good), ""),
            (save_request(f"{name}-x", good, expected_revision=n + 1), "CONFLICT"),
            (save_request(f"{name}-x", bad_json), "SERIALIZATION_ERROR"),
            (save_request(f"{name}-x", ExecutionState()), "INVALID_REQUEST"),
            (
                save_request(f"{execution_id}-taken", good, request_id="taken"),
                "REQUEST_ID_REUSED",
            ),
        ]
    calls = [raw.stub.Save.future(request, timeout=DEADLINE_S) for request, _ in requests]
    reasons = [
        "" if (error := call.exception()) is None else Refusal.of(error).reason for call in calls
    ]

    assert reasons == [reason for _, reason in requests]
    for n in range(60):
        execution = raw.load(key_of(f"{execution_id}-{n}"))
        assert execution is not None
        assert execution.state.context == document(n=str(n))
        assert raw.load(key_of(f"{execution_id}-{n}-x")) is None


def test_one_execution_written_by_many_keeps_every_write(client: Client, execution_id: str) -> None:
    """B13, B21: unconditional updates of different keys never lose one another."""
    client.state_manager(execution_id).save({"status": "running"})

    def write(n: int) -> int:
        return client.state_manager(execution_id).update(context={f"k{n}": n}).version

    with ThreadPoolExecutor(16) as pool:
        versions = list(pool.map(write, range(200)))

    assert sorted(versions) == list(range(2, 202))
    assert loaded(client.state_manager(execution_id)).context == {f"k{n}": n for n in range(200)}


def test_a_state_is_read_whole_while_it_is_written(client: Client, execution_id: str) -> None:
    """B5: no reader sees half of a save."""
    sm = client.state_manager(execution_id)

    def whole(n: int) -> dict[str, Any]:
        big = f"{n}-" * 30_000 if n % 3 == 0 else n
        return {
            "status": "running",
            "context": {f"k{k}": n for k in range(20)} | {"big": big},
            "input": {"n": n},
        }

    sm.save(whole(0))

    def read(_: int) -> None:
        state = loaded(client.state_manager(execution_id))
        assert state.input is not None
        wanted = whole(state.input["n"])
        assert (state.context, state.input) == (wanted["context"], wanted["input"])

    with ThreadPoolExecutor(4) as pool:
        readings = [pool.submit(read, n) for n in range(200)]
        for n in range(1, 50):
            sm.save(whole(n))
        for reading in readings:
            reading.result()


def test_writers_and_deleters_of_one_execution_agree_on_an_order(
    client: Client, execution_id: str
) -> None:
    """B65, B69: every accepted write has its own revision, and the last one is what is there."""

    def write(n: int) -> tuple[int, int] | None:
        sm = client.state_manager(execution_id)
        try:
            result = (
                sm.delete()
                if n % 5 == 0
                else sm.save({"status": "running", "context": {"n": n}})
                if n % 2
                else sm.update(context={"n": n})
            )
        except StateError as error:
            assert error.code == "STATE_NOT_FOUND"  # noqa: PT017 - some are refused, some not
            return None
        return (result.revision, n) if result.revision else None

    with ThreadPoolExecutor(8) as pool:
        done = sorted(each for each in pool.map(write, range(120)) if each is not None)

    revisions = [revision for revision, _ in done]
    assert len(set(revisions)) == len(revisions)
    state = client.state_manager(execution_id).load()
    last = done[-1][1]
    assert (None if state is None else state.context) == (None if last % 5 == 0 else {"n": last})


@pytest.mark.parametrize("rpc", ["Save", "Load", "Update", "Delete", "ListRevisions"])
def test_no_bytes_can_crash_the_server(raw: RawClient, client: Client, rpc: str) -> None:
    """B80: cut, bent and made-up messages are refused or understood, and others unharmed."""
    dice = chance(rpc)
    witness = client.state_manager(f"witness-{rpc}")
    revision = witness.save({"status": "running", "context": {"n": 1}}).revision
    sound = save_request(
        f"victim-{rpc}",
        ExecutionState(status=STATUS_RUNNING, context=document(a='{"b": [1]}', c=b"raw")),
        actor="me",
        request_id="r1",
        expected_revision=3,
    ).SerializeToString()
    calls = []
    for n in range(150):
        bent = bytearray(sound)
        for _ in range(dice.randint(1, 4)):
            bent[dice.randrange(len(bent))] = dice.randrange(256)
        kinds = (bytes(bent), sound[: dice.randrange(len(sound))], dice.randbytes(n))
        calls.append(raw.method(rpc).future(kinds[n % 3], timeout=DEADLINE_S))
    for call in calls:
        if (error := call.exception()) is not None:
            assert Refusal.of(error).reason in {
                *("INVALID_REQUEST", "SERIALIZATION_ERROR", "CONFLICT"),
                *("STATE_NOT_FOUND", "REVISION_COMPACTED", "REQUEST_ID_REUSED"),
            }

    assert loaded(witness).revision == revision
    with pytest.raises(ConflictError):
        witness.save({"status": "running"}, expected_revision=0)


def test_the_whole_request_is_read_before_anything_is_written(
    raw: RawClient, execution_id: str
) -> None:
    """B80: what is wrong in the last entry refuses the first as well."""
    raw.stub.Save(save_request(execution_id))
    before: Message | None = raw.load(key_of(execution_id))
    entries = {f"k{n}": "1" for n in range(100)}
    state = ExecutionState(
        status=STATUS_RUNNING, context=document(**entries), metadata=document(last="nope")
    )
    refusal = raw.refusal(raw.stub.Save, save_request(execution_id, state))

    assert refusal.reason == "SERIALIZATION_ERROR"
    assert raw.load(key_of(execution_id)) == before
