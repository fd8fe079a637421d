"""What events tell of the values."""

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_RUNNING,
    ExecutionState,
)
from statekeeper.v1.history_pb2 import EVENT_KIND_DELETED, EVENT_KIND_SAVED, EVENT_KIND_UPDATED
from statekeeper.v1.lock_pb2 import LockRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.shared_state_pb2_grpc import SharedStateStub
from statekeeper.v1.shared_state_requests_pb2 import (
    DefineStateRequest,
    MemberAccess,
    WriteStateRequest,
)
from statekeeper.v1.state_requests_pb2 import UpdateRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.watch_pb2 import WATCH_INCLUDE_CHANGES, WATCH_INCLUDE_STATE, WatchInclude
from tests.support.checkpoints import checkpoint, restore
from tests.support.pauses import open_pause, resume
from tests.support.raw import RawClient, document, key_of, save_request, update_request
from tests.support.transactions import pause_op, transact
from tests.support.watching import Watch, merge, watch_request

JSON_1 = Value(json="1")
FULL = ExecutionState(
    status=STATUS_RUNNING,
    input=document(amount="1"),
    context=document(a="1", b="2", **{"dotted.name": "3"}),
    member_outputs=Document(),
    metadata=document(raw=b"bytes"),
    current_member="first",
    labels={"team": "red", "stage": "one"},
    schema_version="1",
)


def without_values(state: ExecutionState) -> ExecutionState:
    state.ClearField("id")
    return state


def test_b81_the_changes_make_of_each_state_the_next(raw: RawClient, execution_id: str) -> None:
    """B81: entries, documents and attributes that come, change and go."""
    remove = ("context.dotted.name", "metadata", "current_member", "schema_version", "labels.team")
    requests = [
        update_request(execution_id, ExecutionState(context=document(a="5", c="6"))),
        update_request(execution_id, ExecutionState(member_outputs=document(m="1"))),
        update_request(execution_id),
        update_request(execution_id, ExecutionState(labels={"stage": "two"}, current_member="x")),
    ]
    requests[2].remove.extend(remove)
    emptied = save_request(execution_id, ExecutionState(status=STATUS_COMPLETED))
    refilled = save_request(execution_id, ExecutionState(status=STATUS_RUNNING, context=Document()))
    states = []
    with Watch(raw, watch_request(execution_id, include=WATCH_INCLUDE_CHANGES)).begun() as watch:
        raw.stub.Save(save_request(execution_id, FULL))
        states.append(raw.load(key_of(execution_id)))
        for request in requests:
            raw.stub.Update(request)
            states.append(raw.load(key_of(execution_id)))
        for save in (emptied, refilled, save_request(execution_id, FULL)):
            raw.stub.Save(save)
            states.append(raw.load(key_of(execution_id)))
        events = watch.events(len(states))

    told = ExecutionState()
    for event, found in zip(events, states, strict=True):
        assert found is not None
        merge(told, event)
        assert told == without_values(found.state), event
        assert not event.values_missing
    # Nothing is told that did not change.
    assert set(events[1].changes.context.entries) == {"a", "c"}
    assert not events[1].changes.HasField("input")
    assert not events[1].changes.labels
    assert not events[1].changes.status
    assert set(events[3].removed) == set(remove) - {"labels.team"}
    assert set(events[5].removed) >= {"context", "input", "member_outputs"}


def test_b81_more_changes_than_are_named_are_told(raw: RawClient, execution_id: str) -> None:
    """B81: where only the documents are named, their entries are told all the same."""

    def numbered(numbers: range, value: str) -> ExecutionState:
        entries = {f"n{n}": Value(json=value) for n in numbers}
        return ExecutionState(status=STATUS_RUNNING, context=Document(entries=entries))

    told = ExecutionState()
    with Watch(raw, watch_request(execution_id, include=WATCH_INCLUDE_CHANGES)).begun() as watch:
        for state in (numbered(range(3_000), "1"), numbered(range(1_500, 4_000), "2")):
            raw.stub.Save(save_request(execution_id, state))
            event = watch.event()
            assert "context" in event.changed
            merge(told, event)
            found = raw.load(key_of(execution_id))
            assert found is not None
            assert told == without_values(found.state)
        assert len(event.removed) == 1_500
        assert len(event.changes.context.entries) == 2_500


def test_b81_the_state_of_each_event_is_as_load_showed_it(
    raw: RawClient, execution_id: str
) -> None:
    """B81: pauses included; of a lock and a checkpoint, the state that they left alone."""
    key = key_of(execution_id)
    seen = []
    with Watch(raw, watch_request(execution_id, include=WATCH_INCLUDE_STATE)).begun() as watch:

        def look() -> None:
            seen.append(raw.load(key))

        raw.stub.Save(save_request(execution_id, FULL))
        look()
        paused = open_pause(raw, execution_id, data=document(what="1"))
        look()
        resume(raw, token=paused.token, input=document(approved="true"))
        look()
        checkpoint(raw, execution_id, "here")
        look()
        raw.stub.Update(update_request(execution_id, ExecutionState(context=document(a="9"))))
        look()
        restore(raw, execution_id, "here")
        look()
        raw.stub.Lock(LockRequest(key=key, owner="ada"))
        look()
        raw.delete(key)
        events = watch.events(8)

    for event, found in zip(events, seen, strict=False):
        assert found is not None
        assert event.execution.state == found.state
        assert event.execution.pauses == found.pauses
        assert event.execution == found
    assert events[7].kind == EVENT_KIND_DELETED
    assert not events[7].HasField("execution")
    assert not events[7].values_missing


@pytest.mark.parametrize("include", [WATCH_INCLUDE_CHANGES, WATCH_INCLUDE_STATE])
def test_b81_values_that_were_pruned_are_said_to_be_missing(
    small_raw: RawClient, execution_id: str, include: int
) -> None:
    """B81, B52: never wrong ones."""
    raw = small_raw
    written = [raw.stub.Save(save_request(execution_id)).result]
    for n in range(40):
        changes = ExecutionState(context=document(a=str(n)))
        written.append(raw.stub.Update(update_request(execution_id, changes)).result)
    request = watch_request(execution_id, include=include, after_revision=written[0].revision)
    with Watch(raw, request).begun() as watch:
        events = watch.events(40)

    missing = [event.values_missing for event in events]
    # Old ones are pruned, new ones are not.
    assert missing == sorted(missing, reverse=True)
    assert {True, False} == set(missing)
    for n, event in enumerate(events):
        assert event.kind == EVENT_KIND_UPDATED
        assert event.HasField("changes") == (
            include == WATCH_INCLUDE_CHANGES and not event.values_missing
        )
        told = event.changes if include == WATCH_INCLUDE_CHANGES else event.execution.state
        if not event.values_missing:
            assert told.context == document(a=str(n))


@pytest.mark.parametrize("include", [WATCH_INCLUDE_CHANGES, WATCH_INCLUDE_STATE])
def test_b81_values_of_what_was_deleted_are_said_to_be_missing(
    raw: RawClient, execution_id: str, include: int
) -> None:
    """B81, B15: its successor's are not taken for them."""
    first = raw.stub.Save(save_request(execution_id, FULL)).result.revision
    raw.delete(key_of(execution_id))
    raw.stub.Save(save_request(execution_id, ExecutionState(status=STATUS_COMPLETED)))
    request = watch_request(execution_id, include=include, after_revision=first - 1)
    with Watch(raw, request).begun() as watch:
        events = watch.events(3)

    assert [event.values_missing for event in events] == [True, False, False]
    assert [event.version for event in events] == [1, 2, 1]
    assert not events[0].HasField("changes")
    assert not events[0].HasField("execution")
    told = events[2].changes if include == WATCH_INCLUDE_CHANGES else events[2].execution.state
    assert told.status == STATUS_COMPLETED


def test_b81_large_states_are_told_message_by_message(raw: RawClient, execution_id: str) -> None:
    """B81: of any size that can be saved."""
    sizes = (100, 70_000, 3_000_000, 10_000_000)
    with (
        Watch(raw, watch_request(execution_id, include=WATCH_INCLUDE_STATE)).begun() as states,
        Watch(raw, watch_request(execution_id, include=WATCH_INCLUDE_CHANGES)).begun() as changes,
    ):
        for size in sizes:
            state = ExecutionState(status=STATUS_RUNNING, context=document(big=bytes(size)))
            raw.stub.Save(save_request(execution_id, state))
        for size in sizes:
            told = (states.event().execution.state, changes.event().changes)
            assert [len(each.context.entries["big"].binary) for each in told] == [size] * 2
    with Watch(
        raw, watch_request(execution_id, snapshot=True, include=WATCH_INCLUDE_STATE)
    ) as all_:
        (shown,) = all_.snapshot()
        assert len(shown.execution.state.context.entries["big"].binary) == sizes[-1]


def test_b81_events_of_one_revision_that_fill_several_messages_have_one_token(
    raw: RawClient, execution_id: str
) -> None:
    """B81, B82: so a watch that breaks off in their midst is told all of them again."""
    raw.stub.Save(save_request(execution_id))
    many = ExecutionState(context=Document(entries={f"{n:0>250}": JSON_1 for n in range(900)}))
    operations = [Operation(update=UpdateRequest(changes=many)), *(pause_op() for _ in range(9))]
    with (
        Watch(raw, watch_request(execution_id)).begun() as live,
        Watch(raw, watch_request(execution_id)).begun() as begun,
    ):
        done = transact(raw, execution_id, *operations).result
        raw.stub.Save(save_request(execution_id))
        token = begun.token
        messages = [live.message()]
        while not messages[-1].resume_token:
            messages.append(live.message())
        assert len(messages) == 10
        assert {e.revision for message in messages for e in message.events} == {done.revision}
        live.events(10)
        assert live.event().kind == EVENT_KIND_SAVED
    with Watch(raw, watch_request(execution_id, resume_token=token)) as again:
        assert again.events(10) == [e for message in messages for e in message.events]


@pytest.mark.parametrize("include", [WATCH_INCLUDE_CHANGES, WATCH_INCLUDE_STATE])
def test_b81_the_keys_of_a_shared_state_are_named_and_not_shown(
    raw: RawClient, execution_id: str, include: WatchInclude
) -> None:
    """B81, B91: its values are for members."""
    key, stub = key_of(execution_id), SharedStateStub(raw.channel)
    define = DefineStateRequest(
        key=key, schema={"cart": '"object"'}, members={"shop": MemberAccess(set=["cart"])}
    )
    write = WriteStateRequest(key=key, member="shop", updates=document(cart='{"a": 1}'))
    with Watch(raw, watch_request(execution_id, include=include)).begun() as watch:
        stub.DefineState(define)
        stub.WriteState(write)
        defined, written = watch.events(2)

    assert "shared_state_definition" in defined.changed
    assert written.changed == ["shared_state.cart"]
    assert not written.values_missing
    assert b"cart" not in written.changes.SerializeToString()
    assert b"cart" not in written.execution.SerializeToString()
