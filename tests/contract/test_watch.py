"""Watching executions: what is told of each thing that happens."""

import uuid

import pytest

from statekeeper.v1.execution_pb2 import (
    STATUS_COMPLETED,
    STATUS_PAUSED,
    STATUS_RUNNING,
    ExecutionState,
)
from statekeeper.v1.history_pb2 import (
    EVENT_KIND_CHECKPOINTED,
    EVENT_KIND_DELETED,
    EVENT_KIND_LOCKED,
    EVENT_KIND_PAUSED,
    EVENT_KIND_RESTORED,
    EVENT_KIND_RESUMED,
    EVENT_KIND_SAVED,
    EVENT_KIND_SNAPSHOT,
    EVENT_KIND_UNLOCKED,
    EVENT_KIND_UPDATED,
)
from statekeeper.v1.lock_pb2 import LockRequest, UnlockRequest
from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_CHANGES,
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_STATE,
    Event,
)
from tests.support.checkpoints import checkpoint, restore
from tests.support.operations import do, save, update
from tests.support.pauses import open_pause, resume
from tests.support.raw import RawClient, document, key_of, save_request, update_request
from tests.support.transactions import checkpoint_op, pause_op, transact, update_op
from tests.support.watching import Watch, ids, revisions, watch_request

INCLUDES = (WATCH_INCLUDE_HEAD, WATCH_INCLUDE_CHANGES, WATCH_INCLUDE_STATE)


def kinds(events: list[Event]) -> list[int]:
    return [event.kind for event in events]


def test_b81_a_watch_tells_each_change_of_an_execution_with_its_revision(
    raw: RawClient, execution_id: str
) -> None:
    """B81, B86: what a write answers is what its event says."""
    with Watch(raw, watch_request(execution_id)).begun() as watch:
        saved = raw.stub.Save(save_request(execution_id, actor="ada")).result
        changes = ExecutionState(status=STATUS_COMPLETED, context=document(a="1"))
        updated = raw.stub.Update(update_request(execution_id, changes)).result
        first, second = watch.events(2)

    assert first.kind == EVENT_KIND_SAVED
    assert first.key == saved.key
    assert (first.revision, first.version) == (saved.revision, saved.version)
    assert first.execution_revision == saved.revision
    assert first.time == saved.update_time
    assert first.status == STATUS_RUNNING
    assert first.actor == "ada"
    assert second.kind == EVENT_KIND_UPDATED
    assert (second.revision, second.version) == (updated.revision, updated.version)
    assert second.status == STATUS_COMPLETED
    assert set(second.changed) == {"status", "context.a"}
    assert not second.HasField("changes")
    assert not second.HasField("execution")


def test_b81_every_kind_of_change_is_told(raw: RawClient, execution_id: str) -> None:
    """B81: with the pause, the checkpoint or the owner that it is about."""
    key = key_of(execution_id)
    with Watch(raw, watch_request(execution_id)).begun() as watch:
        raw.stub.Save(save_request(execution_id))
        paused = open_pause(raw, execution_id)
        resume(raw, token=paused.token)
        checkpoint(raw, execution_id, "before")
        restore(raw, execution_id, "before")
        granted = raw.stub.Lock(LockRequest(key=key, owner="ada"))
        raw.stub.Unlock(UnlockRequest(key=key, owner="ada"))
        raw.delete(key)
        events = watch.events(8)

    assert kinds(events) == [
        EVENT_KIND_SAVED,
        EVENT_KIND_PAUSED,
        EVENT_KIND_RESUMED,
        EVENT_KIND_CHECKPOINTED,
        EVENT_KIND_RESTORED,
        EVENT_KIND_LOCKED,
        EVENT_KIND_UNLOCKED,
        EVENT_KIND_DELETED,
    ]
    assert revisions(events) == sorted(set(revisions(events)))
    assert [event.pause_id for event in events[1:3]] == [paused.pause_id] * 2
    assert [event.checkpoint for event in events[3:5]] == ["before"] * 2
    assert [event.owner for event in events[5:7]] == ["ada"] * 2
    assert events[5].revision == granted.fencing_token
    # Neither a checkpoint nor a lock moves the execution's revision.
    assert events[3].execution_revision == events[2].revision
    assert events[6].execution_revision == events[4].revision
    assert all(event.HasField("time") for event in events)


def test_b81_a_transaction_gives_an_event_for_each_kind_of_thing_it_did(
    raw: RawClient, execution_id: str
) -> None:
    """B81: all of one revision; the values come with the first."""
    raw.stub.Save(save_request(execution_id))
    request = watch_request(execution_id, include=WATCH_INCLUDE_CHANGES)
    with Watch(raw, request).begun() as watch:
        done = transact(
            raw, execution_id, update_op(a="1"), pause_op(), checkpoint_op("there")
        ).result
        events = watch.events(3)

    assert kinds(events) == [EVENT_KIND_UPDATED, EVENT_KIND_PAUSED, EVENT_KIND_CHECKPOINTED]
    assert revisions(events) == [done.revision] * 3
    assert events[0].changes.context == document(a="1")
    assert events[0].changes.status == STATUS_PAUSED
    assert [event.HasField("changes") for event in events] == [True, False, False]


def test_b81_a_namespace_or_a_prefix_of_ids_can_be_watched(raw: RawClient) -> None:
    """B81, B4: each watcher is told of its own executions and no others."""
    unique = uuid.uuid4().hex
    spaces = [f"a{unique}", f"b{unique}"]
    requests = {
        "all": watch_request(namespace=spaces[0]),
        "prefix": watch_request(namespace=spaces[0], id_prefix="order-"),
        "longer": watch_request(namespace=spaces[0], id_prefix="order-1"),
        "other": watch_request(namespace=spaces[1], id_prefix="order-"),
    }
    watches = {name: Watch(raw, request).begun() for name, request in requests.items()}
    names = ["order-1", "order-2", "order", "refund", "order-11", "last"]
    for space in spaces:
        for name in names:
            state = ExecutionState(status=STATUS_RUNNING)
            raw.stub.Save(SaveRequest(key=key_of(name, space), state=state))
            raw.stub.Save(SaveRequest(key=key_of("order-end", space), state=state))
    told = {
        name: ids(watch.until(lambda event: event.version == len(names)))
        for name, watch in watches.items()
        if name != "longer"
    }
    told["longer"] = ids(watches["longer"].events(2))
    for watch in watches.values():
        watch.call.cancel()

    for name, prefix in (("all", ""), ("prefix", "order-"), ("other", "order-")):
        assert sorted(told[name]) == sorted(
            each for each in names + ["order-end"] * len(names) if each.startswith(prefix)
        )
    assert told["longer"] == ["order-1", "order-11"]


def test_b81_kinds_can_be_chosen(raw: RawClient, execution_id: str) -> None:
    """B81: of a transaction too."""
    request = watch_request(execution_id, kinds=[EVENT_KIND_PAUSED, EVENT_KIND_DELETED])
    with Watch(raw, request).begun() as watch:
        raw.stub.Save(save_request(execution_id))
        transact(raw, execution_id, update_op(a="1"), pause_op())
        raw.stub.Save(save_request(execution_id))
        raw.delete(key_of(execution_id))
        events = watch.events(2)

    assert kinds(events) == [EVENT_KIND_PAUSED, EVENT_KIND_DELETED]


@pytest.mark.parametrize("include", INCLUDES)
def test_b82_a_snapshot_comes_first_and_then_what_changes(
    raw: RawClient, execution_id: str, include: int
) -> None:
    """B82: with the state where values are asked for."""
    saved = do(raw, *(save(f"{execution_id}-{n}", value=str(n)) for n in range(5)))
    request = watch_request(id_prefix=execution_id, snapshot=True, include=include)
    with Watch(raw, request).begun() as watch:
        shown = watch.snapshot()
        loaded = {event.key.execution_id: raw.load(event.key) for event in shown}
        updated = do(raw, update(f"{execution_id}-3", value="7"))[0].update.result
        after = watch.event()

    assert kinds(shown) == [EVENT_KIND_SNAPSHOT] * 5
    assert sorted(ids(shown)) == [f"{execution_id}-{n}" for n in range(5)]
    assert sorted(revisions(shown)) == sorted(done.save.result.revision for done in saved)
    for event in shown:
        assert event.HasField("execution") == (include != WATCH_INCLUDE_HEAD)
        if include != WATCH_INCLUDE_HEAD:
            assert event.execution == loaded[event.key.execution_id]
    assert after.revision == updated.revision


def test_b82_a_watch_resumes_after_a_revision_or_a_token(raw: RawClient, execution_id: str) -> None:
    """B82: with what came after it, and nothing else."""
    written = [raw.stub.Save(save_request(execution_id)).result.revision for _ in range(5)]
    with Watch(raw, watch_request(execution_id, after_revision=written[1])).begun() as watch:
        assert revisions(watch.events(3)) == written[2:]
        token = watch.token
    written += [raw.stub.Save(save_request(execution_id)).result.revision for _ in range(3)]
    with Watch(raw, watch_request(execution_id, resume_token=token)).begun() as watch:
        assert revisions(watch.events(3)) == written[5:]
        written.append(raw.stub.Save(save_request(execution_id)).result.revision)
        assert watch.event().revision == written[-1]


def test_b83_a_silent_watch_sends_heartbeats_that_carry_progress(
    raw: RawClient, execution_id: str
) -> None:
    """B83: also where what happens is not what is watched."""
    with Watch(raw, watch_request(execution_id, heartbeat_s=0.1)).begun() as watch:
        first = watch.heartbeat()
        for _ in range(3):
            # One of each shard, as the default is one.
            raw.stub.Save(save_request(f"{execution_id}-other"))
        tokens = {watch.heartbeat() for _ in range(3)}

    assert tokens - {first}


def test_b82_a_snapshot_of_one_execution_is_of_it_alone(raw: RawClient, execution_id: str) -> None:
    """B82: not of those whose ids begin with its own; of none where there is none."""
    do(raw, save(execution_id), save(f"{execution_id}-longer"))
    with Watch(raw, watch_request(execution_id, snapshot=True)).begun() as watch:
        assert ids(watch.snapshot()) == [execution_id]
        do(raw, update(f"{execution_id}-longer", a="1"), update(execution_id, a="1"))
        assert watch.event().version == 2
    with Watch(raw, watch_request(f"{execution_id}-none", snapshot=True)).begun() as watch:
        assert watch.snapshot() == []
        raw.stub.Save(save_request(f"{execution_id}-none"))
        assert watch.event().version == 1


def test_b82_a_resumed_snapshot_goes_on_where_it_was(raw: RawClient, execution_id: str) -> None:
    """B82: broken off in its midst, what was shown is not shown again."""
    large = bytes(300_000)
    names = [f"{execution_id}-{n:02}" for n in range(12)]
    do(raw, *(save(name, big=large) for name in names))
    request = watch_request(id_prefix=execution_id, snapshot=True, include=WATCH_INCLUDE_STATE)
    with Watch(raw, request).begun() as watch:
        watch.message()
        shown, token = watch.rest(), watch.token
    assert 0 < len(shown) < len(names)
    do(raw, update(names[0], a="1"), update(names[-1], a="1"))
    request = watch_request(id_prefix=execution_id, resume_token=token, include=WATCH_INCLUDE_STATE)
    with Watch(raw, request).begun() as watch:
        rest = watch.snapshot()

    told = {(event.key.execution_id, event.kind): event.version for event in shown + rest}
    assert len(told) == len(shown + rest)
    snapshots = {name: 1 if name != names[-1] else 2 for name in names}
    assert told == {(name, EVENT_KIND_SNAPSHOT): n for name, n in snapshots.items()} | {
        (names[0], EVENT_KIND_UPDATED): 2
    }


def test_b82_each_execution_of_a_snapshot_has_a_place_to_resume_from(raw: RawClient) -> None:
    """B82: whatever of it is removed before that."""
    prefix = uuid.uuid4().hex
    names = [f"{prefix}-{n}" for n in range(5)]
    for name in names:
        raw.stub.Save(save_request(name))
    with Watch(raw, watch_request(id_prefix=prefix, snapshot=True)).begun() as watch:
        message = watch.message()
    assert ids(message.events) == names
    tokens = [*message.snapshot_tokens, message.resume_token]
    assert len(tokens) == len(names)
    raw.delete(key_of(names[1]))
    raw.delete(key_of(names[4]))

    for reached, token in enumerate(tokens[:4]):
        request = watch_request(id_prefix=prefix, resume_token=token)
        with Watch(raw, request).begun() as watch:
            rest = watch.snapshot()
        removed = [names[1]] if reached >= 1 else []
        assert {event.execution_revision for event in rest[: len(removed)]} <= {0}
        assert ids(rest) == removed + [
            name for name in names[reached + 1 :] if name not in (names[1], names[4])
        ]
