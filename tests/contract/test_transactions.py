"""Transactions: several operations, one after the other, as one change."""

import re

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_PAUSED,
    STATUS_RUNNING,
    STATUS_WAITING,
    Execution,
    ExecutionState,
)
from statekeeper.v1.history_pb2 import (
    EVENT_KIND_PAUSED,
    EVENT_KIND_RESTORED,
    EVENT_KIND_RESUMED,
    EVENT_KIND_SAVED,
    EVENT_KIND_UPDATED,
    EventKind,
    Revision,
)
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest, UpdateRequest
from statekeeper.v1.transaction_pb2 import TransactionResponse
from tests.support.raw import RawClient, document, key_of, save_request
from tests.support.transactions import (
    checkpoint_op,
    delete_op,
    load_op,
    pause_op,
    restore_op,
    resume_op,
    save_op,
    transact,
    transaction_request,
    update_op,
)


def history(raw: RawClient, execution_id: str) -> list[Revision]:
    request = ListRevisionsRequest(key=key_of(execution_id), page_size=1_000)
    return list(raw.stub.ListRevisions(request).revisions)


def found(raw: RawClient, execution_id: str) -> Execution:
    execution = raw.load(key_of(execution_id))
    assert execution is not None
    return execution


def context_of(execution: Execution) -> dict[str, str]:
    return {name: value.json for name, value in execution.state.context.entries.items()}


def kinds_of(response: TransactionResponse) -> list[str | None]:
    return [result.WhichOneof("response") for result in response.results]


def without_results(response: TransactionResponse) -> bool:
    """Whether no operation has a result of its own."""
    answers = [getattr(result, result.WhichOneof("response") or "") for result in response.results]
    return not any(
        answer.HasField("result")
        for answer in answers
        if "result" in answer.DESCRIPTOR.fields_by_name
    )


@pytest.mark.parametrize("exists", [False, True])
def test_a_save(raw: RawClient, execution_id: str, *, exists: bool) -> None:
    """B66, B67."""
    if exists:
        raw.stub.Save(save_request(execution_id))
    response = transact(raw, execution_id, save_op(a="1"))

    assert kinds_of(response) == ["save"]
    execution = found(raw, execution_id)
    assert context_of(execution) == {"a": "1"}
    assert (response.result.revision, response.result.version) == (
        execution.revision,
        2 if exists else 1,
    )
    assert response.result.key == execution.key
    assert response.result.update_time == execution.update_time


def test_an_update_of_what_the_state_did_not_have(raw: RawClient, execution_id: str) -> None:
    """B67."""
    raw.stub.Save(save_request(execution_id))
    changes = ExecutionState(metadata=document(m="1"), member_outputs=document(o="2"))
    transact(raw, execution_id, Operation(update=UpdateRequest(changes=changes)))

    state = found(raw, execution_id).state
    assert (state.metadata, state.member_outputs) == (document(m="1"), document(o="2"))


def test_an_update_gives_the_execution_when_asked(raw: RawClient, execution_id: str) -> None:
    """B66: as the RPC does."""
    raw.stub.Save(save_request(execution_id))
    operation = update_op(a="1")
    operation.update.return_execution = True
    request = transaction_request(execution_id, operation)
    response = raw.stub.Transaction(request)

    assert response.results[0].update.execution == found(raw, execution_id)


def test_a_delete(raw: RawClient, execution_id: str) -> None:
    """B66: of what is there, of what is not, and of what the transaction has made."""
    assert not transact(raw, execution_id, delete_op()).results[0].delete.existed
    saved = transact(raw, execution_id, save_op(a="1"))
    response = transact(raw, execution_id, update_op(a="2"), delete_op())
    assert kinds_of(response) == ["update", "delete"]
    assert response.results[1].delete.existed
    assert response.result.revision > saved.result.revision
    assert response.result.version == 0
    assert raw.load(key_of(execution_id)) is None

    response = transact(raw, execution_id, save_op(a="1"), pause_op(), delete_op())
    assert response.results[2].delete.existed
    assert raw.load(key_of(execution_id)) is None
    assert transact(raw, execution_id, save_op(a="1")).result.version == 1


def test_a_pause_and_its_resume(raw: RawClient, execution_id: str) -> None:
    """B66: in two transactions, and in one, where the pause is named by nobody yet."""
    response = transact(raw, execution_id, pause_op("m1"), pause_op("m2"))
    first, second = (result.pause for result in response.results)
    assert first.token.startswith("hitl_")
    assert len({first.token, second.token}) == len({first.pause_id, second.pause_id}) == 2
    assert found(raw, execution_id).state.status == STATUS_PAUSED

    response = transact(
        raw, execution_id, resume_op(token=first.token), resume_op(pause_id=second.pause_id)
    )
    assert [result.resume.member for result in response.results] == ["m1", "m2"]
    assert found(raw, execution_id).state.status == STATUS_RUNNING
    spent = transaction_request(execution_id, resume_op(token=first.token))
    assert raw.refusal(raw.stub.Transaction, spent).reason == "INVALID_TOKEN"


def test_a_checkpoint_and_its_restore(raw: RawClient, execution_id: str) -> None:
    """B49, B66."""
    saved = transact(raw, execution_id, save_op(a="1"), checkpoint_op("c")).result
    transact(raw, execution_id, update_op(a="2"))
    response = transact(raw, execution_id, restore_op(name="c"), update_op(b="3"))
    assert kinds_of(response) == ["restore", "update"]
    assert context_of(found(raw, execution_id)) == {"a": "1", "b": "3"}

    transact(raw, execution_id, update_op(c="4"), restore_op(revision=saved.revision))
    assert context_of(found(raw, execution_id)) == {"a": "1"}


def test_all_operations_make_one_revision_and_one_version(
    raw: RawClient, execution_id: str
) -> None:
    """B66: and a row of the history for each kind of thing that was done."""
    saved = raw.stub.Save(save_request(execution_id)).result
    paused = transact(raw, execution_id, pause_op(), actor="me")
    response = transact(
        raw,
        execution_id,
        save_op(a="1"),
        update_op(b="2"),
        pause_op(),
        load_op(),
        update_op(c="3"),
        save_op(d="4"),
        actor="me too",
    )
    result = response.result
    assert result.version == saved.version + 2
    assert result.revision > paused.result.revision
    assert without_results(response)
    rows = history(raw, execution_id)
    assert [(row.revision, row.kind) for row in rows if row.revision == result.revision] == [
        (result.revision, kind)
        for kind in (EVENT_KIND_SAVED, EVENT_KIND_UPDATED, EVENT_KIND_PAUSED)
    ]
    of_it = rows[:3]
    assert {row.version for row in of_it} == {result.version}
    assert {row.actor for row in of_it} == {"me too"}
    assert {row.status for row in of_it} == {STATUS_RUNNING}
    # Only what really changed, which is the same for all of them.
    assert {tuple(row.changed) for row in of_it} == {("status", "current_member", "context.d")}


def test_each_operation_sees_what_those_before_it_did(raw: RawClient, execution_id: str) -> None:
    """B66."""
    response = transact(
        raw,
        execution_id,
        load_op(),
        save_op(a="1"),
        load_op(),
        update_op(b="2"),
        load_op(fields=["context.b"]),
        pause_op("m1"),
        load_op(),
    )
    loaded = [result.load for result in response.results if result.HasField("load")]

    assert not loaded[0].HasField("execution")
    assert context_of(loaded[1].execution) == {"a": "1"}
    assert context_of(loaded[2].execution) == {"b": "2"}
    assert loaded[3].execution == found(raw, execution_id)
    assert {each.execution.revision for each in loaded[1:]} == {response.result.revision}


LAST = {
    "save": [save_op(a="1")],
    "update": [update_op(x="1"), update_op(y="2")],
    "pause": [pause_op()],
    "save, pause": [save_op(a="1"), pause_op(), pause_op("n")],
    "save, checkpoint": [save_op(a="1"), checkpoint_op("d")],
    "restore": [restore_op(name="c")],
}


@pytest.mark.parametrize("operations", LAST.values(), ids=LAST)
@pytest.mark.parametrize("ttl_s", [None, 0, 5_000])
def test_a_load_at_the_end_gives_what_a_load_afterwards_gives(
    raw: RawClient, execution_id: str, operations: list[Operation], ttl_s: int | None
) -> None:
    """B66: with its times and its pauses."""
    transact(raw, execution_id, save_op(x="0"), checkpoint_op("c"))
    transact(raw, execution_id, pause_op())
    request = transaction_request(execution_id, *operations, load_op())
    if ttl_s is not None:
        request.options.ttl.FromSeconds(ttl_s)
    response = raw.stub.Transaction(request)

    assert response.results[-1].load.execution == found(raw, execution_id)
    new = transact(raw, f"{execution_id}-new", save_op(a="1"), load_op())
    assert new.results[1].load.execution == found(raw, f"{execution_id}-new")


def test_the_last_ttl_that_is_given_holds(raw: RawClient, execution_id: str) -> None:
    """B18: the transaction's own, unless an operation has another one."""
    request = transaction_request(execution_id, save_op(a="1"), update_op(b="1"), load_op())
    request.options.ttl.FromSeconds(1_000)
    request.operations[0].save.options.ttl.FromSeconds(500)
    response = raw.stub.Transaction(request)
    execution = found(raw, execution_id)
    lives = execution.expire_time.ToDatetime() - execution.update_time.ToDatetime()

    assert lives.total_seconds() == 500
    assert response.results[2].load.execution == execution


def test_a_transaction_that_only_loads_changes_nothing(raw: RawClient, execution_id: str) -> None:
    """B66."""
    raw.stub.Save(save_request(execution_id))
    before = found(raw, execution_id)
    response = transact(raw, execution_id, load_op(), load_op(fields=["context"]))

    assert response.results[0].load.HasField("execution")
    assert (response.result.revision, response.result.version) == (before.revision, 1)
    assert response.result.key == key_of(execution_id, "execution-state")
    after = found(raw, execution_id)
    for execution in (before, after):
        execution.ClearField("expire_time")
    assert after == before
    assert len(history(raw, execution_id)) == 1


def test_a_transaction_that_only_loads_nothing_is_not_found(
    raw: RawClient, execution_id: str
) -> None:
    """B14."""
    request = transaction_request(execution_id, load_op())

    assert raw.refusal(raw.stub.Transaction, request).reason == "STATE_NOT_FOUND"


def test_a_thousand_operations(raw: RawClient, execution_id: str) -> None:
    """B66."""
    operations = [save_op(n="0")] + [update_op(**{f"k{n % 50}": str(n)}) for n in range(999)]
    response = transact(raw, execution_id, *operations)

    assert len(response.results) == 1_000
    assert response.result.version == 1
    assert len(context_of(found(raw, execution_id))) == 51
    assert len(history(raw, execution_id)) == 2


def test_pauses_of_one_transaction_have_their_places(raw: RawClient, execution_id: str) -> None:
    """B27: and as many as may be open."""
    response = transact(raw, execution_id, *(pause_op(f"m{n}") for n in range(64)))
    ids = [result.pause.pause_id for result in response.results]

    assert len(set(ids)) == 64
    assert [pause.pause_id for pause in found(raw, execution_id).pauses] == ids
    request = transaction_request(execution_id, pause_op(), save_op(a="1"))
    refusal = raw.refusal(raw.stub.Transaction, request)
    assert (refusal.reason, refusal.fields) == ("INVALID_REQUEST", ["operations[0].pause.key"])


def test_rows_of_the_history_name_pauses_and_checkpoints(raw: RawClient, execution_id: str) -> None:
    """B66."""
    transact(raw, execution_id, save_op(a="1"), checkpoint_op("c"))
    opened = transact(raw, execution_id, pause_op(), pause_op())
    ids = [result.pause.pause_id for result in opened.results]
    response = transact(
        raw,
        execution_id,
        *(resume_op(pause_id=pause_id) for pause_id in ids),
        restore_op(name="c"),
    )
    rows = [row for row in history(raw, execution_id) if row.revision == response.result.revision]
    seen: list[tuple[EventKind, str, str]] = [
        (row.kind, row.pause_id, row.checkpoint) for row in rows
    ]

    assert seen == [
        (EVENT_KIND_RESUMED, ids[0], ""),
        (EVENT_KIND_RESUMED, ids[1], ""),
        (EVENT_KIND_RESTORED, "", "c"),
    ]
    assert all(re.fullmatch(r"\S+", pause_id) for pause_id in ids)
    assert found(raw, execution_id).state.status != STATUS_WAITING
