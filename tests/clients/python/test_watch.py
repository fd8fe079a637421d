"""Watches over a fake server: what is asked for, what is given, and how a watch goes on."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf import duration_pb2, timestamp_pb2
from google.rpc import error_details_pb2

from statekeeper import (
    CallCancelledError,
    Client,
    EventKind,
    InternalError,
    InvalidRequestError,
    OverloadedError,
    RevisionCompactedError,
    SerializationError,
    StateManager,
    Status,
    StorageError,
    UnavailableError,
    WatchEvent,
)
from statekeeper.v1 import execution_pb2, history_pb2, value_pb2, watch_pb2

from .answers import fail, refuse
from .conftest import MakeClient
from .fake_watch import FakeWatches, begun, event, told
from .fakes import FakeServer, until

STOPS = refuse(grpc.StatusCode.UNAVAILABLE, "STORAGE_ERROR")
COMPACTED = refuse(
    grpc.StatusCode.OUT_OF_RANGE, "REVISION_COMPACTED", metadata={"oldest_revision": "7"}
)


@pytest.fixture
def watches(fake: FakeServer) -> FakeWatches:
    """The watches of the fake server."""
    return fake.service.watches


@pytest.fixture
def sm(client: Client) -> StateManager:
    """The handle of an execution."""
    return client.state_manager("e", namespace="orders")


def take(events: Iterator[WatchEvent], count: int) -> list[tuple[str, int]]:
    """Takes events, and gives the execution and the revision of each."""
    taken = [next(events) for _ in range(count)]
    return [(each.execution_id, each.revision) for each in taken]


# What is asked for.


def test_an_execution_is_watched_from_now_on(watches: FakeWatches, sm: StateManager) -> None:
    """B81, B82."""
    with sm.watch():
        (request,) = watches.requests

    assert request == watch_pb2.WatchRequest(
        key=execution_pb2.ExecutionKey(namespace="orders", execution_id="e"),
        include=watch_pb2.WATCH_INCLUDE_HEAD,
        heartbeat_interval=duration_pb2.Duration(seconds=10),
    )


def test_a_namespace_is_watched_by_prefix(watches: FakeWatches, client: Client) -> None:
    """B81."""
    with client.watch(
        namespace="orders",
        id_prefix="o-",
        snapshot=True,
        kinds=[EventKind.PAUSED, "resumed"],
        include="state",
        heartbeat=timedelta(seconds=2.5),
    ):
        (request,) = watches.requests

    assert request == watch_pb2.WatchRequest(
        namespace="orders",
        id_prefix="o-",
        snapshot=True,
        kinds=[history_pb2.EVENT_KIND_PAUSED, history_pb2.EVENT_KIND_RESUMED],
        include=watch_pb2.WATCH_INCLUDE_STATE,
        heartbeat_interval=duration_pb2.Duration(seconds=2, nanos=500_000_000),
    )


@pytest.mark.parametrize(
    ("options", "start", "value"),
    [
        ({}, None, None),
        ({"snapshot": True}, "snapshot", True),
        ({"after_revision": 0}, "after_revision", 0),
        ({"resume_token": "t"}, "resume_token", "t"),
    ],
)
def test_a_watch_begins_where_it_is_told_to(
    watches: FakeWatches, sm: StateManager, options: Any, start: str | None, value: Any
) -> None:
    """B82."""
    with sm.watch(**options):
        (request,) = watches.requests

    assert request.WhichOneof("start") == start
    assert start is None or getattr(request, start) == value


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"snapshot": True, "resume_token": "t"}, "resume_token"),
        ({"after_revision": 1, "resume_token": "t"}, "resume_token"),
        ({"after_revision": -1}, "after_revision"),
        ({"resume_token": ""}, "resume_token"),
        ({"resume_token": "~broken"}, "resume_token"),
        ({"kinds": "saved"}, "kinds"),
        ({"kinds": ["gap"]}, "kinds"),
        ({"include": "all"}, "include"),
        ({"heartbeat": -1}, "heartbeat"),
        ({"give_up_after": "never"}, "give_up_after"),
        ({"on_compacted": "ignore"}, "on_compacted"),
    ],
)
def test_what_is_of_no_use_is_told_before_anything_is_sent(
    watches: FakeWatches, sm: StateManager, options: Any, field: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        sm.watch(**options)

    assert [name for name, _ in raised.value.fields] == [field]
    assert raised.value.execution_id == "e"
    assert watches.requests == []


# What is given.


def test_an_event_tells_all_that_the_server_does(watches: FakeWatches, sm: StateManager) -> None:
    """B81."""
    time = datetime(2026, 11, 22, 9, tzinfo=UTC)
    sent = event(
        "e",
        5,
        history_pb2.EVENT_KIND_CHECKPOINTED,
        execution_revision=4,
        version=3,
        time=timestamp_pb2.Timestamp(seconds=int(time.timestamp())),
        changed=["context.a"],
        actor="ada",
        pause_id="p",
        checkpoint="c",
        owner="o",
        removed=["context.b"],
        values_missing=True,
    )
    watches.line_up(begun("t1"), told("t2", sent))

    with sm.watch() as events:
        given = next(events)

    assert given == WatchEvent(
        kind=EventKind.CHECKPOINTED,
        namespace="orders",
        execution_id="e",
        revision=5,
        execution_revision=4,
        version=3,
        time=time,
        status=Status.RUNNING,
        changed=("context.a",),
        actor="ada",
        pause_id="p",
        checkpoint="c",
        owner="o",
        removed=("context.b",),
        values_missing=True,
    )
    assert given.resume_token == "t2"
    assert given.kind == "checkpointed"


def test_changes_have_the_form_of_an_update(watches: FakeWatches, sm: StateManager) -> None:
    """B81."""
    changes = execution_pb2.ExecutionState(
        status=execution_pb2.STATUS_WAITING,
        context=value_pb2.Document(entries={"a": value_pb2.Value(json="[1]")}),
        current_member="m",
        start_time=timestamp_pb2.Timestamp(seconds=1),
    )
    watches.line_up(
        begun("t1"),
        told("t2", event("e", 5, changes=changes, changed=["labels"])),
        told("t3", event("e", 6)),
    )

    with sm.watch(include="changes") as events:
        assert next(events).changes == {
            "status": "waiting",
            "context": {"a": [1]},
            "current_member": "m",
            "start_time": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
            "labels": {},
        }
        assert next(events).changes is None


def test_a_state_comes_as_it_is_loaded(watches: FakeWatches, sm: StateManager) -> None:
    """B81."""
    state = execution_pb2.ExecutionState(id="e", status=execution_pb2.STATUS_WAITING)
    execution = execution_pb2.Execution(revision=5, version=2, state=state)
    watches.line_up(begun("t1"), told("t2", event("e", 5, execution=execution), event("e", 6)))

    with sm.watch(include="state") as events:
        given, nothing = next(events).state, next(events).state

    assert given is not None
    assert (given.id, given.status, given.revision, given.version) == ("e", "waiting", 5, 2)
    assert nothing is None


def test_what_this_client_is_too_old_to_know_is_given_as_such(
    watches: FakeWatches, sm: StateManager
) -> None:
    unknown = event("e", 5)
    unknown.kind, unknown.status = 99, 98  # type: ignore[assignment]  # numbers of tomorrow
    watches.line_up(begun("t1"), told("t2", unknown))

    with sm.watch() as events:
        given = next(events)

    assert (given.kind, given.status) == (EventKind.UNKNOWN, None)


def test_a_value_that_cannot_be_held_is_told_once_and_passed_over(
    watches: FakeWatches, sm: StateManager
) -> None:
    """B74."""
    bad = value_pb2.Document(entries={"a": value_pb2.Value(json="[")})
    changes = execution_pb2.ExecutionState(context=bad)
    watches.line_up(begun("t1"), told("t2", event("e", 5, changes=changes), event("e", 6)))

    with sm.watch(include="changes") as events:
        with pytest.raises(SerializationError):
            next(events)
        assert next(events).revision == 6


# How a watch goes on.


def test_a_watch_goes_on_where_it_was(watches: FakeWatches, sm: StateManager) -> None:
    """B82, B86: after the last message, whatever ends the stream."""
    watches.line_up(begun("t1"), STOPS)
    watches.line_up(begun("t1"), told("t2", event("e", 5)), fail(grpc.StatusCode.UNAVAILABLE))
    watches.line_up(begun("t2"), begun("t3"), fail(grpc.StatusCode.CANCELLED))
    watches.line_up(begun("t3"), told("t4", event("e", 6)), fail(grpc.StatusCode.INTERNAL))
    watches.line_up(begun("t4"), told("t5", event("e", 7)))

    with sm.watch() as events:
        assert take(events, 3) == [("e", 5), ("e", 6), ("e", 7)]

    assert [each.resume_token for each in watches.requests] == ["", "t1", "t2", "t3", "t4"]


def test_what_was_received_of_a_revision_is_not_given_again(
    watches: FakeWatches, sm: StateManager
) -> None:
    """B82: a stream that broke where the events of a revision did not fit into a message."""
    watches.line_up(begun("t1"), told("", event("e", 5), event("e", 6), event("e", 6)), STOPS)
    watches.line_up(
        begun("t1"),
        told("", event("e", 5), event("e", 6), event("e", 6)),
        told("t2", event("e", 6), event("e", 7)),
    )

    with sm.watch() as events:
        assert take(events, 5) == [("e", 5), ("e", 6), ("e", 6), ("e", 6), ("e", 7)]


def test_a_token_in_the_midst_of_a_message_goes_on_there(
    watches: FakeWatches, client: Client
) -> None:
    """B82: whatever order the server's shards come in then."""
    message = [event("a", 5), event("b", 2), event("a", 6), event("c", 7)]
    watches.line_up(begun("t1"), told("t2", *message))
    with client.watch(namespace="orders") as events:
        first = [next(events) for _ in range(3)]
        assert events.resume_token == first[-1].resume_token

    for count, given in enumerate(first, 1):
        watches.line_up(
            begun("t1*"),
            told("t1**", message[1]),
            told("t2*", message[0], *message[2:], event("b", 8)),
        )
        with client.watch(namespace="orders", resume_token=given.resume_token) as events:
            rest = take(events, 5 - count)
            assert events.resume_token == "t2*"
        assert watches.requests[-1].resume_token == "t1"
        assert sorted(rest) == sorted(
            (each.key.execution_id, each.revision) for each in [*message[count:], event("b", 8)]
        )


def test_what_was_given_stays_given_over_several_streams(
    watches: FakeWatches, client: Client
) -> None:
    """B82: a token of another shard does not stand for what is still to come again."""
    watches.line_up(begun("t1"), told("t3", event("a", 5), event("b", 2)))
    with client.watch(namespace="orders") as events:
        token = next(events).resume_token

    watches.line_up(begun("t1"), told("t2", event("b", 2)), STOPS)
    watches.line_up(begun("t2"), told("t3", event("a", 5), event("a", 6)))
    with client.watch(namespace="orders", resume_token=token) as events:
        assert take(events, 2) == [("b", 2), ("a", 6)]


def test_the_token_of_a_quiet_watch_moves_on(watches: FakeWatches, sm: StateManager) -> None:
    """B83."""
    gate = threading.Event()
    watches.line_up(begun("t1"), told("t2", event("e", 5)), begun("t3"), gate)
    with sm.watch() as events:
        assert events.resume_token == "t1"
        next(events)
        assert events.resume_token == "t2"
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(next, events, None)
            until(lambda: events.resume_token == "t3")
            events.close()
            assert waiting.result(timeout=10) is None
        gate.set()


def test_a_silent_stream_is_a_broken_stream(watches: FakeWatches, sm: StateManager) -> None:
    """B83."""
    watches.line_up(begun("t1"), told("t2", event("e", 5)))
    watches.line_up(begun("t2"), told("t3", event("e", 6)))

    with sm.watch(heartbeat=0.1) as events:
        assert take(events, 2) == [("e", 5), ("e", 6)]

    assert watches.requests[1].resume_token == "t2"
    assert watches.ended.acquire(timeout=10)


def test_heartbeats_keep_a_stream_alive(watches: FakeWatches, sm: StateManager) -> None:
    """B83."""
    pauses: list[Any] = [lambda _request, _context: threading.Event().wait(0.1), begun("t1")] * 10
    watches.line_up(begun("t1"), *pauses, told("t2", event("e", 5)))

    with sm.watch(heartbeat=0.2) as events:
        assert take(events, 1) == [("e", 5)]

    assert len(watches.requests) == 1


def test_a_watch_that_was_cut_off_comes_back_when_it_is_told_to(
    watches: FakeWatches, sm: StateManager
) -> None:
    """B85."""
    delay = error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(nanos=200_000_000))
    overloaded = refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", delay)
    watches.line_up(begun("t1"), told("t2", event("e", 5)), overloaded)
    watches.line_up(begun("t2"), told("t3", event("e", 6)))

    with sm.watch() as events:
        next(events)
        began = datetime.now(UTC)
        next(events)

    assert datetime.now(UTC) - began >= timedelta(seconds=0.2)
    assert watches.requests[1].resume_token == "t2"


def test_a_server_that_is_away_is_looked_for_again_and_again(
    fake: FakeServer, watches: FakeWatches, sm: StateManager
) -> None:
    """B86."""
    watches.line_up(begun("t1"), told("t2", event("e", 5)))
    with sm.watch() as events:
        next(events)
        fake.stop()
        watches.line_up(begun("t2"), told("t3", event("e", 6)))
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(next, events)
            fake.start()
            assert waiting.result(timeout=30).revision == 6


def test_a_watch_gives_up_when_it_is_told_to(fake: FakeServer, sm: StateManager) -> None:
    with sm.watch(give_up_after=0.3) as events:
        fake.stop()
        with pytest.raises(UnavailableError, match=r"connection refused|lost"):
            next(events)
        assert next(events, None) is None


def test_a_watch_of_a_server_that_was_never_there_fails_soon(make_client: MakeClient) -> None:
    client = make_client("127.0.0.1:1")

    with pytest.raises(UnavailableError, match="connection refused"):
        client.watch()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (STOPS, StorageError),
        (refuse(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"), OverloadedError),
    ],
)
def test_a_watch_that_cannot_begin_is_tried_until_the_timeout(
    watches: FakeWatches, fake: FakeServer, make_client: MakeClient, answer: Any, expected: Any
) -> None:
    client = make_client(fake.address, timeout=0.5)
    for _ in range(100):
        watches.line_up(answer)

    with pytest.raises(expected):
        client.watch()

    assert len(watches.requests) > 2


def test_a_fault_of_the_server_is_not_asked_for_for_ever(
    watches: FakeWatches, sm: StateManager
) -> None:
    for _ in range(3):
        watches.line_up(fail(grpc.StatusCode.INTERNAL))

    with pytest.raises(InternalError):
        sm.watch()

    assert len(watches.requests) == 3


def test_what_the_server_refuses_is_raised(watches: FakeWatches, sm: StateManager) -> None:
    watches.line_up(refuse(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST"))

    with pytest.raises(InvalidRequestError) as raised:
        sm.watch()

    assert raised.value.execution_id == "e"


# What is no longer kept.


def test_a_watch_of_what_is_no_longer_kept_raises(watches: FakeWatches, sm: StateManager) -> None:
    """B84."""
    watches.line_up(COMPACTED)
    with pytest.raises(RevisionCompactedError) as raised:
        sm.watch(after_revision=3)
    assert raised.value.oldest_revision == 7

    watches.line_up(begun("t1"), STOPS)
    watches.line_up(COMPACTED)
    with sm.watch() as events:
        with pytest.raises(RevisionCompactedError):
            next(events)
        assert next(events, None) is None


BAD_TOKEN = refuse(
    grpc.StatusCode.INVALID_ARGUMENT,
    "INVALID_REQUEST",
    error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field="resume_token", description="is old")
        ]
    ),
)


@pytest.mark.parametrize("gone", [COMPACTED, BAD_TOKEN], ids=["compacted", "restored"])
def test_a_watch_may_begin_again_with_a_snapshot(
    watches: FakeWatches, sm: StateManager, gone: Any
) -> None:
    """B84: and says that something is missing."""
    watches.line_up(begun("t1"), told("t2", event("e", 5)), STOPS)
    watches.line_up(gone)
    snapshot = event("e", 9, history_pb2.EVENT_KIND_SNAPSHOT)
    watches.line_up(begun("t8"), told("t9", snapshot, complete=True), told("t10", event("e", 10)))

    with sm.watch(on_compacted="snapshot") as events:
        given = [next(events) for _ in range(5)]

    assert [each.kind for each in given] == [
        "saved",
        "gap",
        "snapshot",
        "snapshot_complete",
        "saved",
    ]
    assert [each.resume_token for each in given] == ["t2", "t8", "t9", "t9", "t10"]
    assert [each.WhichOneof("start") for each in watches.requests] == [
        None,
        "resume_token",
        "snapshot",
    ]


def test_a_token_that_somebody_has_made_up_is_no_gap(
    watches: FakeWatches, sm: StateManager
) -> None:
    """B84."""
    watches.line_up(BAD_TOKEN)

    with pytest.raises(InvalidRequestError):
        sm.watch(resume_token="made up", on_compacted="snapshot")


def test_the_end_of_a_snapshot_is_told_when_all_of_it_was_given(
    watches: FakeWatches, client: Client
) -> None:
    """B82."""
    snapshot = history_pb2.EVENT_KIND_SNAPSHOT
    watches.line_up(
        begun("t1"),
        told("t2", event("a", 1, snapshot)),
        told("t3", event("b", 2, snapshot), complete=True),
    )

    with client.watch(namespace="orders", snapshot=True) as events:
        given = [next(events) for _ in range(3)]

    assert [each.execution_id for each in given] == ["a", "b", ""]
    assert given[-1].kind == "snapshot_complete"
    assert given[-1].namespace == "orders"


def test_each_execution_of_a_snapshot_has_its_place(watches: FakeWatches, client: Client) -> None:
    """B82: what was told before need not come again, and must not, if it is gone meanwhile."""
    snapshot = history_pb2.EVENT_KIND_SNAPSHOT
    message = told("t4", event("a", 9), *(event(name, 5, snapshot) for name in "bcd"))
    message.snapshot_tokens.extend(["t2", "t3"])
    watches.line_up(begun("t1"), message)

    with client.watch(namespace="orders", snapshot=True) as events:
        tokens = [next(events).resume_token for _ in range(4)]

    assert tokens[1:] == ["t2", "t3", "t4"]
    watches.line_up(begun("t1"), told("t5", event("a", 9), event("a", 10)))
    with client.watch(namespace="orders", resume_token=tokens[0]) as events:
        assert take(events, 1) == [("a", 10)]


# How a watch ends.


def test_leaving_the_block_ends_the_stream(watches: FakeWatches, sm: StateManager) -> None:
    with sm.watch() as events:
        assert not watches.ended.acquire(blocking=False)
    assert watches.ended.acquire(timeout=10)
    assert list(events) == []


def test_closing_ends_a_watch_that_somebody_waits_for(
    watches: FakeWatches, sm: StateManager
) -> None:
    events = sm.watch()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(next, events, None)
        events.close()
        assert waiting.result(timeout=10) is None
    assert watches.ended.acquire(timeout=10)
    events.close()


def test_closing_the_client_ends_a_watch_that_somebody_waits_for(
    client: Client, sm: StateManager
) -> None:
    events = sm.watch()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(next, events)
        client.close()
        with pytest.raises(CallCancelledError):
            waiting.result(timeout=10)


def test_closing_the_client_ends_a_watch_that_looks_for_its_server(
    fake: FakeServer, client: Client, watches: FakeWatches, sm: StateManager
) -> None:
    """B71: as it does where the watch has a stream."""
    watches.line_up(begun("t1"))
    events = sm.watch()
    fake.stop()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(next, events)
        until(lambda: events.trouble is not None)
        client.close()
        with pytest.raises(CallCancelledError, match="this client is closed"):
            waiting.result(timeout=10)


def test_a_closed_client_watches_nothing(client: Client, sm: StateManager) -> None:
    client.close()
    with pytest.raises(RuntimeError, match="this client is closed"):
        sm.watch()
