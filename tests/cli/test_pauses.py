"""pauses and resume: what waits for a person, and the answer."""

import json
from typing import Any

import pytest

from statekeeper import Client, StateManager
from tests.support.cli import Cli


def test_pauses_are_listed_without_their_tokens(cli: Cli, client: Client, namespace: str) -> None:
    """B35: only who paused has the token."""
    tokens = [
        client.state_manager(f"run-{n}", namespace=namespace).pause(
            member="approve", reason="above the limit", data={"n": n}
        )
        for n in range(3)
    ]
    listed = cli.lines("pauses")
    printed = cli.done("pauses") + json.dumps(listed) + cli.done("get", "run-0")

    assert [each["execution_id"] for each in listed] == ["run-0", "run-1", "run-2"]
    assert [each["data"] for each in listed] == [{"n": n} for n in range(3)]
    assert listed[0]["pause_id"] == tokens[0].pause_id
    assert (listed[0]["member"], listed[0]["status"]) == ("approve", "open")
    assert "above the limit" in printed
    assert "hitl_" not in printed
    assert len(cli.lines("pauses", "--limit", "2")) == 2


ANSWERS = [
    (('{"approved": true}',), None, {"approved": True}),
    (("-",), '{"approved": [1, "ä"]}\n', {"approved": [1, "ä"]}),
    ((), None, None),
    (("{}",), None, {}),
]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("by", ["token", "pause_id"])
def test_a_pause_is_answered(cli: Cli, order: StateManager, answer: Any, by: str) -> None:
    given, stdin, expected = answer
    token = order.pause(member="m", reason="r")
    pause = (token,) if by == "token" else ("--execution", "order-1", "--pause", token.pause_id)
    result = cli.document("resume", *pause, *given, "--actor", "grace", stdin=stdin)
    state = order.load()

    assert (result["member"], result["pause_id"]) == ("m", token.pause_id)
    assert state is not None
    assert state.status == "running"
    assert state.pauses[0].resumption is not None
    assert state.pauses[0].resumption.input == expected
    assert state.pauses[0].resumption.actor == "grace"


def test_a_token_works_once(cli: Cli, order: StateManager) -> None:
    """B31, B30."""
    token = order.pause(member="m", reason="r")
    assert "answered" in cli.done("resume", token)
    assert cli.refusal("resume", token).startswith("INVALID_TOKEN: ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "it is not JSON"),
        ("", "it is not JSON"),
        ('{"a": 1,}', "column 9"),
        ("[1]", "must be a JSON object"),
        ('"text"', "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' stands there twice"),
        ("[" * 100_000, "nests too deeply"),
    ],
)
@pytest.mark.parametrize("by", ["argument", "stdin"])
def test_an_answer_that_is_none_is_told_and_nothing_is_answered(
    cli: Cli,
    order: StateManager,
    text: str,
    says: str,
    by: str,
) -> None:
    token = order.pause(member="m", reason="r")
    told = cli.wrong_use("resume", token, "-" if by == "stdin" else text, stdin=text)
    state = order.load()

    assert says in told
    assert state is not None
    assert state.status == "paused"


def test_an_answer_that_is_no_text_is_told(cli: Cli, order: StateManager) -> None:
    token = order.pause(member="m", reason="r")
    assert "is not UTF-8" in cli.wrong_use("resume", token, "-", stdin=b"\xff\xfe")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ('{"approved": true}',),
        ("-",),
        ("--execution", "order-1"),
        ("--pause", "p1"),
        ("hitl_x", "--execution", "order-1", "--pause", "p1"),
        ("hitl_x", "{}", "--execution", "order-1", "--pause", "p1"),
    ],
)
def test_which_pause_must_be_clear(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert "TOKEN" in cli.wrong_use("resume", *arguments) or "--pause" in cli.wrong_use(
        "resume", *arguments
    )
