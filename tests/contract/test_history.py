"""What happened to an execution, and how it was."""

from datetime import timedelta
from typing import Any

import pytest

from statekeeper import (
    Client,
    EventKind,
    ExecutionState,
    InvalidRequestError,
    RevisionCompactedError,
    StateManager,
    Status,
)
from statekeeper.testing import TestServer
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest, ListRevisionsResponse
from tests.support.chance import chance
from tests.support.raw import RawClient, key_of, save_request
from tests.support.states import loaded

# Old versions are looked for at every so many writes of an entry.
PRUNED_EVERY = 16


def test_revisions_are_listed_the_newest_first(sm: StateManager) -> None:
    """B52."""
    results = [sm.save({"status": "running"})]
    results += [sm.update(context={"n": n}) for n in range(5)]
    results.append(sm.save({"status": "completed"}))
    listed = list(sm.list_revisions())

    assert [each.revision for each in listed] == [each.revision for each in reversed(results)]
    assert [each.version for each in listed] == [7, 6, 5, 4, 3, 2, 1]
    assert [each.time for each in listed] == [each.update_time for each in reversed(results)]
    assert [each.kind for each in listed] == [
        EventKind.SAVED,
        *[EventKind.UPDATED] * 5,
        EventKind.SAVED,
    ]
    assert (listed[0].status, listed[-1].status) == (Status.COMPLETED, Status.RUNNING)


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"status": "waiting"}, {"status"}),
        ({"status": "running"}, set()),
        ({"context": {"a": 2}}, {"context.a"}),
        ({"context": {"a": 1}}, set()),
        ({"context": {"a": 1, "new": 1}}, {"context.new"}),
        ({"current_member": "pay"}, {"current_member"}),
        ({"labels": {"l": "1"}}, {"labels"}),
        ({"schema_version": "1"}, {"schema_version"}),
        ({"input": {}}, {"input"}),
        (
            {"member_outputs": {"a.b": 1}, "metadata": {"m": 1}},
            {"member_outputs.a.b", "metadata.m"},
        ),
        ({"context": None}, {"context.a"}),
        ({}, set()),
    ],
)
def test_a_revision_names_what_really_changed(
    sm: StateManager, changes: dict[str, Any], changed: set[str]
) -> None:
    """B52."""
    sm.save({"status": "running", "context": {"a": 1}})
    sm.update(changes)

    newest = next(sm.list_revisions())
    assert set(newest.changed) == changed
    assert len(newest.changed) == len(changed)


def test_a_save_names_what_differs_from_the_state_before(sm: StateManager) -> None:
    """B52: a save of the whole state changes only what differs."""
    sm.save({"status": "running", "context": {"a": 1, "b": 2, "c": 3}})
    sm.save({"status": "running", "context": {"a": 1, "b": 9}})

    newest, first = sm.list_revisions()
    assert set(newest.changed) == {"context.b", "context.c"}
    assert set(first.changed) == {
        *("status", "start_time"),
        *("context.a", "context.b", "context.c"),
    }


def test_more_than_a_thousand_changed_entries_are_named_by_their_documents(
    sm: StateManager,
) -> None:
    """B52."""
    sm.save({"status": "running"})
    sm.update(context={f"k{n}": n for n in range(1_001)})

    assert next(sm.list_revisions()).changed == ("context",)


def test_the_history_tells_who_wrote(client: Client, execution_id: str) -> None:
    """B42's part that is here: the actor of each write."""
    client.state_manager(execution_id, actor="handle").save({"status": "running"})
    client.state_manager(execution_id).update(status="waiting", actor="a" * 256)
    client.state_manager(execution_id).update(status="running")

    revisions = client.state_manager(execution_id).list_revisions()
    assert [each.actor for each in revisions] == ["", "a" * 256, "handle"]


def test_a_refused_write_leaves_no_trace_in_the_history(sm: StateManager) -> None:
    """B52, B80."""
    sm.save({"status": "running"})
    with pytest.raises(InvalidRequestError):
        sm.update(remove=["nonsense"])
    with pytest.raises(InvalidRequestError):
        sm.update(context={"k" * 257: 1})

    assert len(list(sm.list_revisions())) == 1


def test_the_state_at_each_revision_is_as_it_was(sm: StateManager) -> None:
    """B52."""
    states: list[dict[str, Any]] = [
        {"status": "running"},
        {"status": "running", "context": {"a": 1, "b": "x" * 200_000}, "labels": {"l": "1"}},
        {"status": "waiting", "context": {"a": 2}, "input": {}, "current_member": "pay"},
        {"status": "paused", "input": {"raw": b"\x00\xff"}, "schema_version": "2"},
        {"status": "failed", "context": {"b": "y" * 200_000}, "metadata": {"m": None}},
        {"status": "completed"},
    ]
    results = [sm.save(state) for state in states]

    for state, result in zip(states, results, strict=True):
        then = loaded(sm, revision=result.revision)
        assert then == ExecutionState(
            **state, id=sm.execution_id, start_time=results[0].update_time
        )
        assert (then.revision, then.version) == (result.revision, result.version)
        assert then.update_time == result.update_time


def test_removals_are_seen_from_their_revision_on(sm: StateManager) -> None:
    """B52."""
    saved = sm.save({"status": "running", "context": {"a": 1, "b": 2}})
    removed = sm.update(remove=["context.a"])
    set_again = sm.update(context={"a": 3})

    assert loaded(sm, revision=saved.revision).context == {"a": 1, "b": 2}
    assert loaded(sm, revision=removed.revision).context == {"b": 2}
    assert loaded(sm, revision=set_again.revision).context == {"a": 3, "b": 2}


def test_only_the_named_fields_are_read_at_a_revision(sm: StateManager) -> None:
    """B52."""
    old = sm.save({"status": "running", "context": {"a": 1, "b": 2}, "input": {"i": 1}}).revision
    sm.save({"status": "failed", "context": {"a": 9}})

    then = loaded(sm, revision=old, fields=["context.a"])
    assert (then.status, then.context, then.input) == (Status.RUNNING, {"a": 1}, None)
    assert loaded(sm, revision=old, fields=["context"]).context == {"a": 1, "b": 2}


def test_a_revision_of_another_execution_shows_the_state_at_that_time() -> None:
    """B52: any position of the log is a point in time for all executions of the shard."""
    with TestServer(shards=1) as server:
        client = server.client()
        sm = client.state_manager("exec_1")
        sm.save({"status": "running", "context": {"n": 1}})
        between = client.state_manager("exec_2").save({"status": "running"}).revision
        sm.update(context={"n": 2})

        assert loaded(sm, revision=between).context == {"n": 1}


def test_a_state_from_before_the_creation_is_not_made_up() -> None:
    """B52: never a wrong state."""
    with TestServer(shards=1) as server:
        client = server.client()
        before = client.state_manager("exec_2").save({"status": "running"}).revision
        created = client.state_manager("exec_1").save({"status": "running"}).revision

        with pytest.raises(RevisionCompactedError) as caught:
            client.state_manager("exec_1").load(revision=before)
        assert caught.value.oldest_revision == created


def test_a_revision_of_the_predecessor_does_not_show_in_the_successor(sm: StateManager) -> None:
    """B52, B15."""
    old = sm.save({"status": "running", "context": {"old": 1}}).revision
    sm.delete()
    sm.save({"status": "running"})

    with pytest.raises(RevisionCompactedError):
        sm.load(revision=old)


def test_what_was_pruned_is_compacted_and_never_wrong(small_sm: StateManager) -> None:
    """B52: with four versions kept, and an entry beside it that changes seldom."""
    results = [small_sm.save({"status": "running", "context": {"n": 0, "other": "a"}})]
    wanted = [{"n": 0, "other": "a"}]
    for n in range(1, 3 * PRUNED_EVERY):
        changes: dict[str, Any] = {"n": n} | ({"other": f"b{n}"} if n % 10 == 0 else {})
        results.append(small_sm.update(context=changes))
        wanted.append(wanted[-1] | changes)

    found = [_at(small_sm, result.revision) for result in results]
    compacted = [each for each in found if isinstance(each, RevisionCompactedError)]
    kept = len(results) - len(compacted)
    assert 4 <= kept < 4 + PRUNED_EVERY
    # Once a state is whole, all newer ones are.
    assert found[-kept:] == wanted[-kept:]
    assert {each.oldest_revision for each in compacted} == {results[-kept].revision}


def _at(sm: StateManager, revision: int) -> dict[str, Any] | RevisionCompactedError | None:
    try:
        return loaded(sm, revision=revision).context
    except RevisionCompactedError as error:
        return error


def test_at_least_the_promised_versions_are_kept(sm: StateManager) -> None:
    """B52: sixty-four by default."""
    results = [sm.save({"status": "running"})]
    results += [sm.update(context={"n": n}) for n in range(100)]

    for n, result in list(enumerate(results[1:]))[-64:]:
        assert loaded(sm, revision=result.revision).context == {"n": n}


def test_pruned_large_values_are_compacted_and_the_kept_are_whole(
    small_sm: StateManager,
) -> None:
    """B52: the chunks of a dropped version go, those of the others stay."""
    values = [f"{n}-" * 12_000 for n in range(2 * PRUNED_EVERY)]
    results = [small_sm.save({"status": "running", "context": {"big": values[0]}})]
    results += [small_sm.update(context={"big": value}) for value in values[1:]]

    for result, value in list(zip(results, values, strict=True))[-4:]:
        assert loaded(small_sm, revision=result.revision).context == {"big": value}
    with pytest.raises(RevisionCompactedError):
        small_sm.load(revision=results[0].revision)


def test_versions_older_than_the_window_are_dropped() -> None:
    """B52: time limits the history too."""
    with TestServer(shards=1, history_window_s=3600.0) as server:
        sm = server.client().state_manager("exec_1")
        old = [sm.save({"status": "running", "context": {"n": 0}})]
        old += [sm.update(context={"n": n}) for n in range(1, 5)]
        server.clock.advance(timedelta(hours=2))
        new = [sm.update(context={"n": n}) for n in range(5, PRUNED_EVERY)]

        with pytest.raises(RevisionCompactedError):
            sm.load(revision=old[0].revision)
        # The last of the old ones was superseded within the window.
        for n, result in enumerate((old[-1], *new), 4):
            assert loaded(sm, revision=result.revision).context == {"n": n}


def test_a_revision_in_the_future_is_refused(sm: StateManager) -> None:
    """B52: even if later there may be a state at it."""
    revision = sm.save({"status": "running"}).revision

    with pytest.raises(InvalidRequestError) as caught:
        sm.load(revision=revision + 10**9)
    assert [field for field, _ in caught.value.fields] == ["revision"]


@pytest.mark.parametrize("page_size", [1, 2, 3, 10, 11, 1_000])
def test_pages_of_any_size_make_the_same_list(sm: StateManager, page_size: int) -> None:
    """B52."""
    sm.save({"status": "running"})
    revisions = [sm.update(context={"n": n}).revision for n in range(9)]

    listed = [each.revision for each in sm.list_revisions(page_size=page_size)]
    assert listed[:-1] == revisions[::-1]
    assert len(listed) == 10


def page(
    raw: RawClient, execution_id: str, page_size: int, token: str = ""
) -> ListRevisionsResponse:
    request = ListRevisionsRequest(key=key_of(execution_id), page_size=page_size, page_token=token)
    response = raw.stub.ListRevisions(request)
    assert isinstance(response, ListRevisionsResponse)
    return response


def test_paging_is_stable_while_others_write(raw: RawClient, execution_id: str) -> None:
    """B52: no revision of the first page's time is missed or given twice."""
    wanted = [raw.stub.Save(save_request(execution_id)).result.revision for _ in range(10)]
    first = page(raw, execution_id, 3)
    listed, token = list(first.revisions), first.next_page_token
    while token:
        raw.stub.Save(save_request(execution_id))
        following = page(raw, execution_id, 3, token)
        listed += following.revisions
        token = following.next_page_token

    assert [each.revision for each in listed] == wanted[::-1]


def test_the_last_page_has_no_token(raw: RawClient, execution_id: str) -> None:
    """B52: also when it is full."""
    for _ in range(4):
        raw.stub.Save(save_request(execution_id))
    first = page(raw, execution_id, 2)
    last = page(raw, execution_id, 2, first.next_page_token)

    assert first.next_page_token
    assert (len(last.revisions), last.next_page_token) == (2, "")


def test_the_list_ends_when_its_execution_was_deleted(raw: RawClient, execution_id: str) -> None:
    """B52, B15: the successor's changes are not mixed into it."""
    for _ in range(4):
        raw.stub.Save(save_request(execution_id))
    first = page(raw, execution_id, 2)
    raw.delete(key_of(execution_id))
    raw.stub.Save(save_request(execution_id))

    assert list(page(raw, execution_id, 2, first.next_page_token).revisions) == []


def test_page_size_zero_means_a_hundred(raw: RawClient, execution_id: str) -> None:
    """B52."""
    for _ in range(101):
        raw.stub.Save(save_request(execution_id))
    first = page(raw, execution_id, 0)

    assert len(first.revisions) == 100
    assert len(page(raw, execution_id, 0, first.next_page_token).revisions) == 1


@pytest.mark.parametrize("seed", range(3))
def test_every_state_of_any_history_is_as_it_was_or_compacted(
    small_sm: StateManager, seed: int
) -> None:
    """B52: saves, updates, removals and replacements of few keys, many times."""
    dice = chance(seed)
    history: list[tuple[int, dict[str, Any] | None]] = []
    context: dict[str, Any] | None = None
    small_sm.save({"status": "running"})
    for n in range(150):
        names = dice.sample("abcd", dice.randint(1, 4))
        values = {name: [n, "x" * dice.choice([1, 1, 15_000])] for name in names}
        kind = dice.choice(["save", "update", "update", "update", "remove", "replace", "clear"])
        if kind == "save":
            revision = small_sm.save({"status": "running", "context": values}).revision
            context = values
        elif kind == "update":
            revision = small_sm.update(context=values).revision
            context = {**(context or {}), **values}
        elif kind == "replace":
            revision = small_sm.update(context=values, replace=["context"]).revision
            context = values
        elif kind == "remove":
            revision = small_sm.update(remove=[f"context.{name}" for name in names]).revision
            context = context and {k: v for k, v in context.items() if k not in names}
        else:
            revision = small_sm.update(context=None).revision
            context = None
        history.append((revision, context))

    found = [_at(small_sm, revision) for revision, _ in history]
    compacted = sum(isinstance(each, RevisionCompactedError) for each in found)
    assert 0 < compacted < len(history) - 4
    assert found[compacted:] == [wanted for _, wanted in history[compacted:]]
