"""The rules of shared state, beyond the document's examples."""

import copy
import json
from typing import Any

import pytest

from statekeeper import (
    InvalidRequestError,
    SchemaViolationError,
    SerializationError,
    StateAccessDeniedError,
    StateTooLargeError,
)
from statekeeper.shared.access import RECENT_MAX

from .worlds import World

DEFINITION: dict[str, Any] = {
    "schema": {"a": "object", "b": "array", "n": "integer"},
    "initial": {"n": 1},
    "members": {
        "reader": {"use": ["a", "b"]},
        "writer": {"set": ["a", "b", "n"]},
        "both": {"use": ["a", "n"], "set": ["a"]},
        "neither": {},
    },
}


def test_b91_a_key_that_has_no_value_yet_is_absent(world: World) -> None:
    """B91."""
    world.define(DEFINITION)
    world.write("writer", {"b": [1]})

    assert world.read("reader") == {"b": [1]}


@pytest.mark.parametrize("member", ["neither", "writer", "nobody has heard of it"])
def test_b93_a_member_without_use_sees_nothing(world: World, member: str) -> None:
    """B93."""
    world.define(DEFINITION)

    assert world.read(member) == {}


@pytest.mark.parametrize("member", ["reader", "neither", "both", "nobody has heard of it"])
def test_b92_a_write_to_an_undeclared_key_is_refused_whole(world: World, member: str) -> None:
    """B92: also what was declared is not written."""
    world.define(DEFINITION)
    with pytest.raises(StateAccessDeniedError) as caught:
        world.write(member, {"a": {"x": 1}, "b": [1]})

    assert caught.value.member == member
    assert caught.value.key in ("a", "b")
    assert world.read("reader") == {}
    assert "b" in world.report().unused_keys


def test_b92_undeclared_keys_are_dropped_and_told_when_asked_for(world: World) -> None:
    """B92."""
    world.define(DEFINITION)

    assert world.write("both", {"a": {"x": 1}, "b": [1], "z": 2}, "drop") == ("b", "z")
    assert world.read("reader") == {"a": {"x": 1}}


def test_b93_views_cannot_be_changed_at_any_depth(world: World) -> None:
    """B93: and they are what they look like, for json and for comparison."""
    world.define(DEFINITION)
    world.write("writer", {"a": {"deep": [{"x": [1]}]}, "b": [[1]]})
    view: Any = world.read("reader")
    for change in (
        lambda: view.update(a=1),
        lambda: view.pop("a"),
        lambda: view.__setitem__("a", 1),
        lambda: view["a"].setdefault("y", 1),
        lambda: view["a"]["deep"].append(1),
        view["a"]["deep"][0]["x"].sort,
        lambda: view["a"]["deep"][0]["x"].__iadd__([1]),
        view["b"][0].clear,
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()

    assert json.loads(json.dumps(view)) == view == {"a": {"deep": [{"x": [1]}]}, "b": [[1]]}
    plain = copy.deepcopy(view)
    plain["a"]["deep"].append(1)
    assert view["a"]["deep"] == [{"x": [1]}]


def test_b93_what_was_written_does_not_change_with_its_writer(world: World) -> None:
    """B93: the caller's own object is not the state's."""
    world.define(DEFINITION)
    mine: Any = {"deep": [1]}
    world.write("writer", {"a": mine})
    mine["deep"].append(2)

    assert world.read("reader") == {"a": {"deep": [1]}}


def test_b95_what_is_set_twice_accumulates_and_the_last_wins(world: World) -> None:
    """B95."""
    world.define(DEFINITION)
    world.write("writer", {"a": {"x": 1}, "b": [1]})
    world.write("writer", {"a": {"y": 2}})

    assert world.read("reader") == {"a": {"y": 2}, "b": [1]}


def test_b88_all_is_refused_where_one_value_does_not_fit(world: World) -> None:
    """B88."""
    world.define(DEFINITION)
    with pytest.raises(SchemaViolationError) as caught:
        world.write("writer", {"a": {}, "n": 1.5})

    assert (caught.value.key, caught.value.rule) == ("n", "type")
    assert caught.value.message
    assert world.read("reader") == {}


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), {1: 2}, b"raw", "\ud800"])
def test_b74_a_value_that_is_not_json_is_refused_by_its_path(world: World, value: Any) -> None:
    """B74."""
    world.define(DEFINITION)
    with pytest.raises(SerializationError) as caught:
        world.write("writer", {"a": {"deep": [value]}})

    assert caught.value.path.startswith("updates.a.deep[0]")


@pytest.mark.parametrize(
    ("initial", "given", "filled"),
    [
        ("${input.user.id}", {"user": {"id": 2**60}}, 2**60),
        ("${input.user}", {"user": {"id": [1]}}, {"id": [1]}),
        ("${input.list.1}", {"list": ["a", None]}, None),
        ("${input.list[0]}", {"list": [True]}, True),
        ("${input}", {"x": 1}, {"x": 1}),
        ("user ${input.id} of ${input.org}", {"id": 7, "org": "Acme"}, "user 7 of Acme"),
        ("${input.a}${input.b}", {"a": None, "b": [1, "x"]}, 'null[1,"x"]'),
        ("$${input.a} costs $5", {}, "${input.a} costs $5"),
        ({"deep": ["${input.a}", {"er": "${input.a}"}]}, {"a": 1.5}, {"deep": [1.5, {"er": 1.5}]}),
        ("${input.a}", {"a": "${input.b}"}, "${input.b}"),
    ],
)
def test_b90_templates_keep_types_alone_and_become_text_among_text(
    world: World, initial: Any, given: dict[str, Any], filled: Any
) -> None:
    """B90: and what comes from the input is never looked up again."""
    world.define({"initial": {"k": initial}, "members": {"m": {"use": ["k"]}}}, given)
    view = world.read("m")

    assert view == {"k": filled}
    assert type(view["k"]) is type(filled) or isinstance(filled, dict | list)


@pytest.mark.parametrize("initial", ["${input.user.name}", "x ${input.user.name} y"])
def test_b90_a_missing_path_is_an_error_that_names_it(world: World, initial: str) -> None:
    """B90."""
    with pytest.raises(InvalidRequestError, match=r"initial\.k: \$\{input\.user\.name\}") as caught:
        world.define({"initial": {"k": initial}}, {"user": {}})

    assert caught.value.fields[0][0] == "initial.k"


@pytest.mark.parametrize(
    "initial", ["${env.HOME}", "${input.a}${state.b}", "${input..a}", "${}", "${1 + 1}"]
)
def test_b90_templates_of_anything_else_are_refused(world: World, initial: str) -> None:
    """B90: expressions are looked up, never evaluated."""
    with pytest.raises(InvalidRequestError, match=r"initial\.k"):
        world.define({"initial": {"k": [initial]}}, {"a": 1})


def test_b89_an_initial_value_has_to_fit_unless_it_is_null(world: World) -> None:
    """B89."""
    with pytest.raises(SchemaViolationError) as caught:
        world.define({"schema": {"a": "object"}, "initial": {"a": "${input.a}"}}, {"a": 1})
    assert (caught.value.key, caught.value.rule) == ("a", "type")

    world.define({"schema": {"a": "object"}, "initial": {"a": "${input.a}"}}, {"a": None})


def test_b96_every_access_is_counted_though_only_the_last_are_kept(world: World) -> None:
    """B96: bounded in size, exact in number, by key and by member."""
    world.define(DEFINITION)
    for number in range(RECENT_MAX):
        world.write("writer", {"a": {"n": number}})
        world.read("both")
    report = world.report()

    assert len(report.access_patterns["a"]) == RECENT_MAX
    assert report.access_patterns["a"][-1].member == "both"
    assert report.counts["a"]["writer"].writes == RECENT_MAX
    assert report.counts["a"]["both"].reads == RECENT_MAX
    assert report.member_counts["both"]["n"].reads == RECENT_MAX
    assert {access.key for access in report.member_patterns["both"]} == {"a", "n"}
    assert report.unused_keys == ("b",)


def test_a_read_is_noted_with_the_revision_that_was_read(world: World) -> None:
    """B96."""
    world.define(DEFINITION)
    world.write("writer", {"a": {}})
    world.read("reader")
    write, read = world.report().access_patterns["a"]

    assert read.revision == write.revision
    assert read.timestamp >= write.timestamp


def test_what_no_longer_fits_a_new_definition_is_told_and_kept(world: World) -> None:
    """A redefinition reports what does not fit, and loses nothing."""
    world.define(DEFINITION)
    world.write("writer", {"a": {"x": 1}, "b": [1, "two"]})
    misfits = world.define(
        {
            "schema": {"b": {"type": "array", "items": "integer"}, "n": "integer", "c": "string"},
            "initial": {"n": 5, "c": "new"},
            "members": {"reader": {"use": ["b", "n", "c"]}},
        }
    )

    assert {(misfit.key, misfit.path, misfit.rule) for misfit in misfits} == {
        ("a", "", "declared"),
        ("b", "[1]", "type"),
    }
    assert world.read("reader") == {"b": [1, "two"], "n": 1, "c": "new"}
    assert [misfit.key for misfit in world.define(DEFINITION)] == ["c"]
    assert world.read("reader") == {"a": {"x": 1}, "b": [1, "two"]}


def test_b98_more_than_ten_megabytes_are_refused_with_size_and_limit(world: World) -> None:
    """B98, B79: with the advice to store references."""
    world.define(DEFINITION)
    with pytest.raises(StateTooLargeError, match="store references") as caught:
        world.write("writer", {"b": ["x" * 11_000_000]})

    assert caught.value.size > caught.value.limit == 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        ({"schema": {"a": "objekt"}}, "schema.a"),
        ({"schema": {"a": 1}}, "schema.a"),
        ({"schema": {"": "object"}}, "schema."),
        ({"schema": {"a": {"type": "string", "minlength": 1}}}, "schema.a.minlength"),
        ({"schema": {"a": {"type": "string", "minLength": "1"}}}, "schema.a.minLength"),
        ({"schema": {"a": {"type": "objekt"}}}, "schema.a.type"),
        ({"schema": {"a": {"properties": ["b"]}}}, "schema.a.properties"),
        ({"schema": {"a": {"pattern": "("}}}, "schema.a.pattern"),
        ({"members": {"m": {"use": ["a"]}}}, "members.m.use[0]"),
        ({"members": {"m": {"uses": []}}}, "members.m.uses"),
        ({"members": {"m": []}}, "members.m"),
    ],
)
def test_a_definition_of_no_use_is_refused_by_the_field(
    world: World, definition: dict[str, Any], field: str
) -> None:
    """B87."""
    with pytest.raises(InvalidRequestError) as caught:
        world.define(definition)

    assert caught.value.fields[0][0] == field
