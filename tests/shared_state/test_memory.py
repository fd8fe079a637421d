"""What only a shared state in memory has: instances that never change, and all of them."""

import datetime as dt
import pickle

import pytest

from statekeeper import InvalidRequestError
from statekeeper.shared import SharedState

from .test_rules import DEFINITION


def test_b94_every_mutation_gives_a_new_instance() -> None:
    """B94: the document's three managers."""
    manager1 = SharedState({"schema": {"key": "any"}})
    manager2 = manager1.apply_pending_updates({"key": "value"})
    manager3 = manager2.clear_access_log()

    assert len({id(manager1), id(manager2), id(manager3)}) == 3
    assert (manager1.values, manager2.values, manager3.values) == (
        {},
        {"key": "value"},
        {"key": "value"},
    )


def test_b94_old_instances_are_what_they_were() -> None:
    """B94: values and reports."""
    before = SharedState(DEFINITION)
    after = before.with_updates({"a": {"x": 1}}, member="writer")
    reader = after.member("reader")
    assert reader.state == {"a": {"x": 1}}
    last = after.apply_pending_updates(reader)

    assert before.values == {"n": 1}
    assert before.get_access_report().counts == {}
    assert "reader" not in after.get_access_report().counts["a"]
    assert last.get_access_report().counts["a"]["reader"].reads == 1
    assert last.clear_access_log().get_access_report().unused_keys == ("a", "b", "n")


def test_b95_a_members_view_does_not_change_under_it() -> None:
    """B95: what is set accumulates, and is seen by all once it is applied."""
    state = SharedState(DEFINITION).with_updates({"a": {"x": 1}}, member="writer")
    member = state.member("both")
    assert member.state["a"] == {"x": 1}
    member.set_state(a={"x": 2})
    member.set_state({"a": {"x": 3}})

    assert member.state["a"] == {"x": 1}
    assert member.pending == {"a": {"x": 3}}
    assert state.apply_pending_updates(member).values["a"] == {"x": 3}


def test_b97_members_that_began_with_the_same_instance_lose_nothing() -> None:
    """B97: neither writes nor accesses."""
    state = SharedState(DEFINITION)
    first, second = state.member("writer"), state.member("both")
    first.set_state(b=[1])
    assert second.state == {"n": 1}
    second.set_state(a={"x": 1})
    merged = state.apply_pending_updates(first).apply_pending_updates(second)

    assert merged.values == {"a": {"x": 1}, "b": [1], "n": 1}
    counts = merged.get_access_report().counts
    assert (counts["a"]["both"].writes, counts["b"]["writer"].writes) == (1, 1)
    assert counts["n"]["both"].reads == 1


def test_earlier_states_can_be_looked_at_again() -> None:
    """The document: time-travel debugging; the last 64 are kept."""
    state = SharedState({"schema": {"n": "integer"}})
    for number in range(100):
        state = state.apply_pending_updates({"n": number})

    assert state.revisions == tuple(range(37, 102))
    assert state.at(50).values == {"n": 48}
    assert state.at(50).at(40).values == {"n": 38}
    assert state.at(50).apply_pending_updates({"n": -1}).revision == 51
    assert state.values == {"n": 99}
    with pytest.raises(InvalidRequestError, match="37 to 101"):
        state.at(36)


def test_b98_a_large_state_carries_a_warning_until_it_is_small_again() -> None:
    """B98, B79."""
    state = SharedState({"schema": {"k": "string"}})
    large = state.apply_pending_updates({"k": "x" * 131_073})

    assert "store references" in large.warnings[0]
    assert (state.warnings, large.apply_pending_updates({"k": ""}).warnings) == ((), ())


def test_updates_of_nobody_have_to_be_declared() -> None:
    with pytest.raises(InvalidRequestError, match=r"updates\.z"):
        SharedState(DEFINITION).apply_pending_updates({"z": 1})


def test_the_clock_of_the_log_can_be_given() -> None:
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    state = SharedState(DEFINITION, clock=lambda: now)
    state = state.with_updates({"a": {}}, member="writer")

    assert state.get_access_report().access_patterns["a"][0].timestamp == now


def test_views_and_definitions_can_be_sent_to_other_processes() -> None:
    state = SharedState(DEFINITION).with_updates({"a": {"x": [1]}}, member="writer")

    assert pickle.loads(pickle.dumps(state.values)) == state.values  # noqa: S301 - made here
    assert pickle.loads(pickle.dumps(state.definition)) == state.definition  # noqa: S301 - made here
