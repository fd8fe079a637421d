"""Definitions from YAML: what is read, and where what is wrong stands."""

import pytest

from statekeeper import InvalidRequestError
from statekeeper.shared import MemberAccess, load_definition


def test_members_are_found_at_any_depth_of_the_flow() -> None:
    """What a member declares at several places, it may do at all."""
    definition = load_definition(
        """
state: {schema: {a: object, b: any, c: any}}
flow:
  - member: one
    state: {set: [a]}
  - parallel:
      - branch:
          then:
            - {member: one, state: {use: [b], set: [a, c]}}
          else:
            - member: two
"""
    )

    assert definition.members == {
        "one": MemberAccess(("b",), ("a", "c")),
        "two": MemberAccess(),
    }


def test_values_are_those_of_yaml_1_2_and_json() -> None:
    """`no` is a text, a date is a text, and anchors are values."""
    definition = load_definition(
        """
state:
  initial:
    country: no
    since: 2026-11-22
    number: 0x10
    float: 1e3
    yes: true
    shared: &s [1, null]
    again: *s
"""
    )

    assert definition.initial == {
        "country": "no",
        "since": "2026-11-22",
        "number": 16,
        "float": 1000.0,
        "yes": True,
        "shared": [1, None],
        "again": [1, None],
    }


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("state:\n  schema:\n    a: objekt\n", 3, "state.schema.a"),
        ("state:\n  schema:\n    a:\n      minlength: 1\n      type: string\n", 4, "minlength"),
        ("state:\n  schema:\n    a: object\n    a: array\n", 4, "state.schema.a"),
        ("state:\n  shema: {}\n", 2, "state.shema"),
        ("state: [1]\n", 1, "state"),
        ("state:\n  initial:\n    a: ${env.HOME}\n", 3, "state.initial.a"),
        (
            "state:\n  schema: {a: any}\nflow:\n  - member: m\n    state:\n      use: [b]\n",
            6,
            "use",
        ),
        ("flow:\n  - member: m\n    state:\n      use: a\n", 4, "flow[0].state.use"),
        ("flow:\n  - member: m\n    state:\n      reads: [a]\n", 4, "flow[0].state.reads"),
        ("flow:\n  - member: [m]\n", 2, "flow[0].member"),
        ("state:\n  initial:\n    a: !!python/object:os.system x\n", 3, "state.initial.a"),
        ("state:\n  initial:\n    a: !!binary aGk=\n", 3, "state.initial.a"),
        ("state:\n  initial:\n    ? [a]\n    : 1\n", 3, "state.initial"),
        ("state:\n  initial: &a\n    b: *a\n", 3, "state.initial.b.b"),
        ("state:\n  initial:\n    <<: {a: 1}\n", 3, "state.initial.<<"),
        ("state:\n  schema: {\n", 3, ""),
        ("- a\n- b\n", 1, ""),
        ("a: 1\n--- \nb: 1\n", 2, ""),
    ],
)
def test_errors_name_line_and_key(text: str, line: int, key: str) -> None:
    """The task: errors that name line and key."""
    with pytest.raises(InvalidRequestError) as caught:
        load_definition(text)

    field = caught.value.fields[0][0]
    assert field.startswith(f"line {line}")
    assert key in field


def test_a_text_that_grows_when_it_is_read_is_refused() -> None:
    """Anchors of anchors."""
    levels = "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))
    with pytest.raises(InvalidRequestError, match="too large"):
        load_definition(f"state:\n initial:\n  a0: &a0 [x]\n{levels}")
    with pytest.raises(InvalidRequestError, match=r"deeply"):
        load_definition("a: " + "[" * 200 + "]" * 200)
    with pytest.raises(InvalidRequestError, match="characters"):
        load_definition("a" * 2_000_000)
