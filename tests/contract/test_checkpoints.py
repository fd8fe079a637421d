"""Names for what an execution was."""

from datetime import timedelta

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.checkpoint_pb2 import Checkpoint, ListCheckpointsRequest
from statekeeper.v1.execution_pb2 import (
    STATUS_FAILED,
    STATUS_RUNNING,
    STATUS_WAITING,
    ExecutionState,
)
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest, LoadRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from tests.support.checkpoints import (
    checkpoint,
    checkpoint_request,
    checkpoints_of,
    delete_checkpoint,
    delete_checkpoint_request,
    names,
    restore,
    restore_request,
)
from tests.support.pauses import execution_of, history, open_pause, to_us
from tests.support.raw import RawClient, document, key_of, save_request, update_request

MB = 1024 * 1024
MESSAGE_BYTES_MAX = 16 * MB
FULL = ExecutionState(
    status=STATUS_WAITING,
    input=document(a="1", raw=b"\x00\xff"),
    context=document(big='"' + "x" * 200_000 + '"'),
    member_outputs=document(),
    current_member="pay",
    labels={"team": "a"},
    schema_version="2",
)


def put(raw: RawClient, execution_id: str, n: int) -> int:
    """Write something else; its revision."""
    changes = ExecutionState(context=document(n=str(n)))
    return int(raw.stub.Update(update_request(execution_id, changes)).result.revision)


def at_checkpoint(raw: RawClient, execution_id: str, name: str) -> ExecutionState:
    """The state that a checkpoint names."""
    return execution_of(raw, execution_id, checkpoint=name).state


def test_a_checkpoint_names_the_state_as_it_is(raw: RawClient, execution_id: str) -> None:
    """B45, B48: whatever is written later."""
    raw.stub.Save(save_request(execution_id, FULL))
    before = execution_of(raw, execution_id)
    made = checkpoint(raw, execution_id, "first", actor="me")
    raw.stub.Save(save_request(execution_id, ExecutionState(status=STATUS_FAILED)))
    for n in range(40):
        put(raw, execution_id, n)

    assert made.revision == before.revision
    assert at_checkpoint(raw, execution_id, "first") == before.state
    found = execution_of(raw, execution_id, checkpoint="first")
    assert (found.revision, found.version) == (before.revision, before.version)
    assert found.update_time == before.update_time
    (listed,) = checkpoints_of(raw, execution_id, include_state=True)
    assert listed == Checkpoint(
        name="first",
        revision=before.revision,
        create_time=made.result.update_time,
        actor="me",
        state=before.state,
    )


def test_the_revision_does_not_move(raw: RawClient, execution_id: str) -> None:
    """B45: neither by making one nor by removing it."""
    revision = raw.stub.Save(save_request(execution_id)).result.revision
    made = checkpoint(raw, execution_id, "a", expected_revision=revision)
    removed = delete_checkpoint(raw, execution_id, "a", expected_revision=revision)

    for result in (made.result, removed.result):
        assert (result.revision, result.version) == (revision, 1)
        assert result.key == key_of(execution_id, "execution-state")
    execution = execution_of(raw, execution_id)
    assert (execution.revision, execution.version) == (revision, 1)
    assert len(history(raw, execution_id)) == 1


def test_a_revision_has_as_many_names_as_are_given(raw: RawClient, execution_id: str) -> None:
    """B45: and each of them goes alone."""
    raw.stub.Save(save_request(execution_id, FULL))
    state = execution_of(raw, execution_id).state
    for name in ("a", "b", "a b", "A", "ü", "🦶" * 64, "x" * 256, ".", "a/b"):
        checkpoint(raw, execution_id, name)
    assert names(checkpoints_of(raw, execution_id))[:4] == ["a", "b", "a b", "A"]
    delete_checkpoint(raw, execution_id, "a")
    put(raw, execution_id, 1)

    for name in ("b", "a b", "A", "ü", "🦶" * 64, "x" * 256, ".", "a/b"):
        assert at_checkpoint(raw, execution_id, name) == state
    refused = raw.refusal(raw.stub.Load, LoadRequest(key=key_of(execution_id), checkpoint="a"))
    assert (refused.reason, refused.metadata["checkpoint"]) == ("CHECKPOINT_NOT_FOUND", "a")


def test_the_same_name_again_replaces_the_older_one(raw: RawClient, execution_id: str) -> None:
    """B49: which goes to the end of the list."""
    raw.stub.Save(save_request(execution_id))
    for n, name in enumerate(["a", "b", "a", "c", "a"]):
        put(raw, execution_id, n)
        checkpoint(raw, execution_id, name)

    listed = checkpoints_of(raw, execution_id, include_state=True)
    assert [(each.name, each.state.context) for each in listed] == [
        ("b", document(n="1")),
        ("c", document(n="3")),
        ("a", document(n="4")),
    ]
    revisions = [each.revision for each in listed]
    assert revisions == sorted(revisions)


def test_replacing_at_the_same_revision_keeps_it(raw: RawClient, execution_id: str) -> None:
    """B49."""
    raw.stub.Save(save_request(execution_id, FULL))
    for _ in range(3):
        checkpoint(raw, execution_id, "a")
    state = execution_of(raw, execution_id).state
    raw.stub.Save(save_request(execution_id))

    assert names(checkpoints_of(raw, execution_id)) == ["a"]
    assert at_checkpoint(raw, execution_id, "a") == state


def test_they_are_listed_the_oldest_first(raw: RawClient, execution_id: str) -> None:
    """B47: without states unless they are asked for."""
    assert checkpoints_of(raw, execution_id) == []
    raw.stub.Save(save_request(execution_id))
    assert checkpoints_of(raw, execution_id) == []
    wanted = ["z", "a", "m", "b"]
    for name in wanted:
        checkpoint(raw, execution_id, name)

    listed = checkpoints_of(raw, execution_id)
    assert names(listed) == wanted
    assert not any(each.HasField("state") for each in listed)
    times = [to_us(each.create_time) for each in listed]
    assert times == sorted(times)


@pytest.mark.parametrize("page_size", [1, 2, 3, 10, 11, 12, 1_000])
def test_pages_of_any_size_make_the_same_list(
    raw: RawClient, execution_id: str, page_size: int
) -> None:
    """B47."""
    raw.stub.Save(save_request(execution_id))
    wanted = [f"c{n * 7 % 11}" for n in range(11)]
    for n, name in enumerate(wanted):
        if n % 3:
            put(raw, execution_id, n)
        checkpoint(raw, execution_id, name)

    assert names(checkpoints_of(raw, execution_id, page_size=page_size)) == wanted


@pytest.mark.parametrize("page_size", [1, 2, 3, 4, 5])
def test_those_of_one_transaction_are_all_listed(
    raw: RawClient, execution_id: str, page_size: int
) -> None:
    """B47: in the order in which they were made, on pages of any size."""
    raw.stub.Save(save_request(execution_id))
    wanted = ["z", "a", "y", "b", "c"]
    operations = [Operation(checkpoint=checkpoint_request(execution_id, name)) for name in wanted]
    for key in (execution_id, f"{execution_id}-2"):
        raw.stub.Save(save_request(key))
    raw.stub.Transaction(
        TransactionRequest(key=key_of(execution_id), operations=_without_keys(operations))
    )

    assert names(checkpoints_of(raw, execution_id, page_size=page_size)) == wanted


def _without_keys(operations: list[Operation]) -> list[Operation]:
    for operation in operations:
        operation.checkpoint.ClearField("key")
    return operations


def test_a_transaction_loads_the_checkpoint_that_it_has_made(
    raw: RawClient, execution_id: str
) -> None:
    """B45, B66: each operation sees what those before it did."""
    raw.stub.Save(save_request(execution_id, ExecutionState(status=STATUS_RUNNING)))
    put(raw, execution_id, 0)
    checkpoint(raw, execution_id, "old")
    put(raw, execution_id, 1)
    first = TransactionRequest(
        key=key_of(execution_id),
        operations=[
            Operation(checkpoint=checkpoint_request(execution_id, "new")),
            Operation(checkpoint=checkpoint_request(execution_id, "old")),
            Operation(update=update_request("", ExecutionState(context=document(n="2")))),
            Operation(load=LoadRequest(checkpoint="new")),
            Operation(load=LoadRequest(checkpoint="old")),
            Operation(load=LoadRequest(checkpoint="old", fields=["context.n"])),
        ],
    )
    first.operations[2].update.ClearField("key")
    first.operations[2].update.ClearField("options")
    loads = [result.load.execution for result in raw.stub.Transaction(first).results[3:]]
    assert [load.state.context for load in loads] == [document(n="1")] * 3
    second = TransactionRequest(
        key=key_of(execution_id),
        operations=[
            Operation(update=first.operations[2].update),
            Operation(checkpoint=checkpoint_request(execution_id, "newest")),
            Operation(load=LoadRequest(checkpoint="newest")),
        ],
    )
    second.operations[0].update.changes.context.CopyFrom(document(n="3"))
    answer = raw.stub.Transaction(second)
    loaded = answer.results[2].load.execution
    assert loaded.state.context == document(n="3")
    assert loaded.revision == answer.result.revision == answer.results[1].checkpoint.revision
    assert at_checkpoint(raw, execution_id, "newest") == loaded.state


def test_a_page_of_large_states_has_fewer(raw: RawClient, execution_id: str) -> None:
    """B47: every page fits into a message, and every checkpoint is on one."""
    sizes = [7, 9, 1, 9, 3]
    for n, size in enumerate(sizes):
        state = ExecutionState(status=STATUS_RUNNING, context=document(a=bytes(size * MB)))
        raw.stub.Save(save_request(execution_id, state))
        checkpoint(raw, execution_id, f"c{n}")
    listed = checkpoints_of(raw, execution_id, include_state=True)

    assert names(listed) == [f"c{n}" for n in range(len(sizes))]
    assert [len(each.state.context.entries["a"].binary) for each in listed] == [
        size * MB for size in sizes
    ]
    raw.delete(key_of(execution_id))


def test_paging_is_stable_while_others_write(raw: RawClient, execution_id: str) -> None:
    """B47: what stays is listed once, what is made meanwhile comes behind."""
    raw.stub.Save(save_request(execution_id))
    for n in range(10):
        checkpoint(raw, execution_id, f"c{n}")
    seen: list[str] = []
    request = ListCheckpointsRequest(key=key_of(execution_id), page_size=2)
    for n in range(20):
        response = raw.stub.ListCheckpoints(request)
        seen += names(list(response.checkpoints))
        request.page_token = response.next_page_token
        if not request.page_token:
            break
        if n < 5:
            delete_checkpoint(raw, execution_id, f"c{2 * n}")
            checkpoint(raw, execution_id, f"new{n}")

    assert len(set(seen)) == len(seen)
    assert [name for name in seen if name in {"c1", "c3", "c5", "c7", "c9"}] == [
        *("c1", "c3", "c5", "c7", "c9")
    ]


def test_a_page_token_is_of_one_list(raw: RawClient, execution_id: str) -> None:
    """B80: not of another execution's, nor of another list of the same execution."""
    for key in (execution_id, f"{execution_id}-2"):
        for _ in range(3):
            raw.stub.Save(save_request(key))
        for name in "abc":
            checkpoint(raw, key, name)
    own = raw.stub.ListCheckpoints(
        ListCheckpointsRequest(key=key_of(execution_id), page_size=1)
    ).next_page_token
    revisions = raw.stub.ListRevisions(
        ListRevisionsRequest(key=key_of(execution_id), page_size=1)
    ).next_page_token
    for key, token in ((f"{execution_id}-2", own), (execution_id, revisions)):
        request = ListCheckpointsRequest(key=key_of(key), page_token=token)
        refused = raw.refusal(raw.stub.ListCheckpoints, request)
        assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["page_token"])
    listing = ListRevisionsRequest(key=key_of(execution_id), page_token=own)
    refused = raw.refusal(raw.stub.ListRevisions, listing)
    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["page_token"])


def test_an_execution_has_at_most_256(raw: RawClient, execution_id: str) -> None:
    """B45: the next one is refused, unless it replaces another."""
    raw.stub.Save(save_request(execution_id))
    for n in range(256):
        checkpoint(raw, execution_id, f"c{n}")
    refused = raw.refusal(raw.stub.Checkpoint, checkpoint_request(execution_id, "one more"))
    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["name"])
    assert "256" in refused.message
    checkpoint(raw, execution_id, "c7")
    delete_checkpoint(raw, execution_id, "c8")
    checkpoint(raw, execution_id, "one more")

    assert len(checkpoints_of(raw, execution_id)) == 256


def test_a_removed_checkpoint_is_gone(raw: RawClient, execution_id: str) -> None:
    """B46: removing it once more says that there was none."""
    raw.stub.Save(save_request(execution_id))
    checkpoint(raw, execution_id, "a")
    assert delete_checkpoint(raw, execution_id, "a").existed
    assert not delete_checkpoint(raw, execution_id, "a").existed

    assert checkpoints_of(raw, execution_id) == []
    request = restore_request(execution_id, "a")
    assert raw.refusal(raw.stub.Restore, request).reason == "CHECKPOINT_NOT_FOUND"


def test_there_is_none_without_an_execution(raw: RawClient, execution_id: str) -> None:
    """B14, B46: of what does not exist, or not any more."""
    for _ in range(2):
        for method, request in (
            (raw.stub.Checkpoint, checkpoint_request(execution_id, "a")),
            (raw.stub.DeleteCheckpoint, delete_checkpoint_request(execution_id, "a")),
            (raw.stub.Restore, restore_request(execution_id, "a")),
            (raw.stub.Restore, restore_request(execution_id, 1)),
        ):
            assert raw.refusal(method, request).reason == "STATE_NOT_FOUND"
        absent = raw.stub.Load(LoadRequest(key=key_of(execution_id), checkpoint="a"))
        assert not absent.HasField("execution")
        raw.stub.Save(save_request(execution_id))
        checkpoint(raw, execution_id, "a")
        raw.delete(key_of(execution_id))


def test_a_successor_has_none_of_them(raw: RawClient, execution_id: str) -> None:
    """B15."""
    raw.stub.Save(save_request(execution_id, FULL))
    checkpoint(raw, execution_id, "a")
    raw.delete(key_of(execution_id))
    raw.stub.Save(save_request(execution_id))

    assert checkpoints_of(raw, execution_id) == []
    request = LoadRequest(key=key_of(execution_id), checkpoint="a")
    assert raw.refusal(raw.stub.Load, request).reason == "CHECKPOINT_NOT_FOUND"
    checkpoint(raw, execution_id, "a")
    assert at_checkpoint(raw, execution_id, "a").status == STATUS_RUNNING


def test_expected_revisions_hold(raw: RawClient, execution_id: str) -> None:
    """B65: and nothing is made or removed when they do not."""
    old = raw.stub.Save(save_request(execution_id)).result.revision
    checkpoint(raw, execution_id, "a")
    now = put(raw, execution_id, 1)
    before = execution_of(raw, execution_id)
    for method, request in (
        (raw.stub.Checkpoint, checkpoint_request(execution_id, "b", expected_revision=old)),
        (raw.stub.Checkpoint, checkpoint_request(execution_id, "b", expected_revision=0)),
        (
            raw.stub.DeleteCheckpoint,
            delete_checkpoint_request(execution_id, "a", expected_revision=old),
        ),
        (raw.stub.Restore, restore_request(execution_id, "a", expected_revision=old)),
    ):
        refused = raw.refusal(method, request)
        assert (refused.reason, refused.metadata["current"]) == ("CONFLICT", str(now))
    assert names(checkpoints_of(raw, execution_id)) == ["a"]
    assert execution_of(raw, execution_id) == before
    restore(raw, execution_id, "a", expected_revision=now)


def test_repeated_requests_get_their_first_answers(raw: RawClient, execution_id: str) -> None:
    """B70: and change nothing: a later checkpoint of the name stays, a later state too."""
    raw.stub.Save(save_request(execution_id))
    making = checkpoint_request(execution_id, "a", request_id="make")
    restoring = restore_request(execution_id, "a", request_id="restore")
    removing = delete_checkpoint_request(execution_id, "a", request_id="remove")
    made, restored = raw.stub.Checkpoint(making), raw.stub.Restore(restoring)
    removed = raw.stub.DeleteCheckpoint(removing)
    put(raw, execution_id, 1)
    checkpoint(raw, execution_id, "a")
    before = execution_of(raw, execution_id)
    listed = checkpoints_of(raw, execution_id)

    for first, again in (
        (made, raw.stub.Checkpoint(making)),
        (restored, raw.stub.Restore(restoring)),
        (removed, raw.stub.DeleteCheckpoint(removing)),
    ):
        assert (first.result.replayed, again.result.replayed) == (False, True)
        again.result.replayed = False
        assert again == first
    assert removed.existed
    assert execution_of(raw, execution_id) == before
    assert checkpoints_of(raw, execution_id) == listed
    for method, request in (
        (raw.stub.Checkpoint, checkpoint_request(execution_id, "b", request_id="make")),
        (raw.stub.Restore, restore_request(execution_id, 1, request_id="restore")),
        (raw.stub.Checkpoint, checkpoint_request(execution_id, "a", request_id="remove")),
    ):
        assert raw.refusal(method, request).reason == "REQUEST_ID_REUSED"


def test_the_pauses_are_shown_as_they_were(raw: RawClient, execution_id: str) -> None:
    """B52, B48: with the execution that a checkpoint names."""
    open_pause(raw, execution_id, data=document(a="1"))
    before = execution_of(raw, execution_id)
    checkpoint(raw, execution_id, "paused")
    raw.stub.Save(save_request(execution_id))

    then = execution_of(raw, execution_id, checkpoint="paused")
    assert (then.state, list(then.pauses)) == (before.state, list(before.pauses))


def test_checkpoints_renew_the_ttl_and_expire_with_the_execution(
    statekeeper_server: TestServer,
) -> None:
    """B18, B17."""
    with RawClient(statekeeper_server.address) as raw:
        raw.stub.Save(save_request("exec_1", ttl=timedelta(hours=2)))
        for n in range(3):
            statekeeper_server.clock.advance(3_600)
            checkpoint(raw, "exec_1", f"c{n}")
        statekeeper_server.clock.advance(3_600)
        found = execution_of(raw, "exec_1", checkpoint="c0")
        assert found.expire_time == execution_of(raw, "exec_1").expire_time
        statekeeper_server.clock.advance(3_600)

        assert checkpoints_of(raw, "exec_1") == []
        assert raw.refusal(raw.stub.Checkpoint, checkpoint_request("exec_1", "d")).reason == (
            "STATE_NOT_FOUND"
        )
        raw.stub.Save(save_request("exec_1"))
        assert checkpoints_of(raw, "exec_1") == []


def test_checkpoints_are_there_after_a_restart(statekeeper_server: TestServer) -> None:
    """B20, B45."""
    with RawClient(statekeeper_server.address) as raw:
        raw.stub.Save(save_request("exec_1", FULL))
        checkpoint(raw, "exec_1", "a")
        state = execution_of(raw, "exec_1").state
        raw.stub.Save(save_request("exec_1"))
    statekeeper_server.restart()
    with RawClient(statekeeper_server.address) as raw:
        assert at_checkpoint(raw, "exec_1", "a") == state
        restore(raw, "exec_1", "a")
        assert execution_of(raw, "exec_1").state == state
