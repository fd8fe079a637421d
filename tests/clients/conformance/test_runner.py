"""The runner itself: what it reads, compares and fails."""

import json
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from .comparing import differences
from .driver import Driver, DriverFaultError
from .languages import read_languages
from .player import Player, ScenarioFailedError, UnsupportedError
from .promises import read_promises
from .scenarios import PROMISES, Scenario, ScenarioFaultError, read_scenarios
from .servers import Step
from .table import FILE, Table
from .variables import filled, found

Lies = Callable[..., Path]


class _NoServer:
    """A server that nobody asks anything."""

    address = direct_address = "127.0.0.1:1"
    actions: Mapping[str, Callable[[Step], None]] = MappingProxyType({})

    def begin_scenario(self) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def lies(tmp_path: Path) -> Lies:
    """Makes a driver that gives this answer to all but the runner's own commands."""

    def make(answer: dict[str, Any] | str) -> Path:
        line = answer if isinstance(answer, str) else None
        run = tmp_path / "run"
        run.write_text(_LIAR.format(python=sys.executable, answer=answer, line=line))
        run.chmod(run.stat().st_mode | stat.S_IXUSR)
        return run

    return make


_LIAR = """#!{python}
import json, sys
for text in sys.stdin:
    command = json.loads(text)
    if command["do"] in ("reset", "connect", "manager"):
        answer = {{"result": None}}
    elif {line!r}:
        print({line!r}, flush=True)
        continue
    else:
        answer = {answer!r}
    print(json.dumps({{"id": command["id"], **answer}}), flush=True)
"""


def _play(liar: Path, *steps: dict[str, Any]) -> None:
    driver = Driver("liar", liar)
    try:
        scenario = Scenario("lies", ("B1",), steps, "lies.yaml")
        Player(scenario, [driver], _NoServer(), {}).play()
    finally:
        driver.end()


def _load(**expected: Any) -> dict[str, Any]:
    return {"do": "load", "manager": "m", **expected}


def test_every_promise_is_in_the_table() -> None:
    assert [each.number for each in read_promises()] == list(PROMISES)
    assert all(each.says for each in read_promises())


def test_an_honest_driver_passes(lies: Lies) -> None:
    _play(lies({"result": {"status": "running"}}), _load(expect={"status": "running"}))


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        ({"result": {"status": "failed"}}, _load(expect={"status": "running"})),
        ({"result": None}, _load(expect={"status": "running"})),
        ({"result": {"status": "running"}}, _load(expect=None)),
        ({"result": {"version": True}}, _load(expect={"version": 1})),
        ({"result": {"a": 1, "b": 2}}, _load(expect={"$exactly": {"a": 1}})),
        ({"error": {"code": "CONFLICT"}}, _load()),
        ({"error": {"code": "CONFLICT"}}, _load(expect_error={"code": "INVALID_TOKEN"})),
        ({"result": {"code": "CONFLICT"}}, _load(expect_error={"code": "CONFLICT"})),
        ({"result": {}}, _load(expect_outcomes={"done": 1, "CONFLICT": 1}, times=2)),
        ({"result": {}}, _load(bind={"revision": "$.revision"})),
    ],
)
def test_a_driver_that_lies_is_caught(
    lies: Lies, answer: dict[str, Any], step: dict[str, Any]
) -> None:
    with pytest.raises(ScenarioFailedError, match=r"lies\.yaml: lies: step 1"):
        _play(lies(answer), step)


@pytest.mark.parametrize(
    "answer",
    ["no JSON", '{"id": 999, "result": null}', '"a text"', {"fault": "it is broken"}, {}],
)
def test_a_driver_that_breaks_the_protocol_is_caught(
    lies: Lies, answer: dict[str, Any] | str
) -> None:
    with pytest.raises(DriverFaultError):
        _play(lies(answer), _load(expect=None))


def test_a_driver_that_ends_is_caught(lies: Lies) -> None:
    liar = lies({})
    liar.write_text("#!/bin/sh\necho it is gone >&2\nexit 3\n")
    with pytest.raises(DriverFaultError, match="it has ended"):
        _play(liar, _load(expect=None))


def test_what_a_client_cannot_do_is_told(lies: Lies) -> None:
    with pytest.raises(UnsupportedError, match="the client of liar cannot load: too old"):
        _play(lies({"unsupported": "too old"}), _load(expect=None))


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        (1, 1.0),
        (9007199254740993, 9007199254740993),
        ([{"a": 1}, 2], [{"a": 1, "b": 2}, 2]),
        ({"$any": True}, 0),
        ({"$absent": True}, None),
        ({"a": {"$absent": True}}, {}),
        ({"$matches": "^hitl_"}, "hitl_x"),
        ({"$more": 3}, 4),
        ({"$set": [{"a": 1}, {"a": 2}]}, [{"a": 2, "b": 1}, {"a": 1}]),
        ({"$exactly": {"a": 1}}, {"a": 1, "b": None}),
        ({"$time": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00.000400Z"),
        ({"$time": "2026-01-01T00:00:00Z", "plus": 60}, "2026-01-01T00:01:00Z"),
    ],
)
def test_what_is_as_expected_is_accepted(expected: Any, actual: Any) -> None:
    assert list(differences(expected, actual)) == []


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, [1]),
        (1, True),
        (True, 1),
        (False, None),
        ("", None),
        ({}, None),
        (9007199254740993, 9007199254740992),
        (1, "1"),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ([{"a": True}], [{"a": 1}]),
        ({"$any": True}, None),
        ({"$absent": True}, ""),
        ({"$matches": "^hitl_"}, "x"),
        ({"$matches": "1"}, 1),
        ({"$more": 3}, 3),
        ({"$more": 3}, None),
        ({"$set": [{"a": 1}, {"a": 1}]}, [{"a": 1}, {"a": 2}]),
        ({"$set": [1]}, [1, 2]),
        ({"$exactly": {"a": 1}}, {"a": 1, "b": 2}),
        ({"$exactly": {}}, None),
        ({"$time": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00.002Z"),
        ({"$time": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00"),
        ({"$time": "2026-01-01T00:00:00Z"}, "2026-01-01T02:00:00+02:00"),
        ({"$time": "2026-01-01T00:00:00Z"}, None),
    ],
)
def test_what_is_not_as_expected_is_told(expected: Any, actual: Any) -> None:
    assert list(differences(expected, actual)) != []


def test_deeply_nested_values_are_compared() -> None:
    deep = filled({"$nested": 300}, {})
    assert list(differences(deep, json.loads(json.dumps(deep)))) == []
    assert list(differences(deep, filled({"$nested": 299}, {}))) != []


def test_variables_keep_their_type_where_they_stand_alone() -> None:
    variables = {"n": 3, "token": "hitl_x"}
    given = {"a": "${n}", "b": ["${token} of ${n}"], "c": "${input.n}", "x-${n}": None}
    assert filled(given, variables) == {
        "a": 3,
        "b": ["hitl_x of 3"],
        "c": "${input.n}",
        "x-3": None,
    }
    with pytest.raises(KeyError):
        filled("${unknown}", variables)


def test_long_values_are_made() -> None:
    assert filled([{"$text": "ab", "times": 3}, {"$nested": 3}], {}) == ["ababab", [[[]]]]
    assert filled({"$each": {"n": "${index}"}, "times": 2}, {}) == [{"n": 0}, {"n": 1}]
    assert len(filled({"$letters": 1000}, {})) == 1000
    assert filled({"$letters": 9}, {}) == filled({"$letters": 9}, {})


def test_parts_are_found_by_their_path() -> None:
    assert found("$.a[1].b", {"a": [0, {"b": "here"}]}) == "here"
    assert found("$", 1) == 1
    for path in ("$.b", "$.a[2]", "$..a"):
        with pytest.raises(ValueError, match=r"no path|there is no"):
            found(path, {"a": [0, 1]})


@pytest.mark.parametrize(
    "fault",
    [
        "{promises: [B99]}",
        "{promises: []}",
        "{server: {colour: red}}",
        "{steps: [{do: load, manager: m}]}",
        "{steps: [{do: load, expect: null, finish: x}]}",
        "{steps: [{finish: x, expect: null}]}",
        "{steps: [{do: server.kill}, {do: load, expect: null}]}",
        "{steps: [{do: load, expect: null, by: other}]}",
        "{steps: [{do: load, expect: 2026-01-01T00:00:00Z}]}",
        "{steps: [{do: load, expect: .nan}]}",
        "{languagse: 2}",
    ],
)
def test_a_scenario_that_is_written_wrongly_is_refused(tmp_path: Path, fault: str) -> None:
    right = "- name: x\n  promises: [B1]\n  steps: [{do: load, expect: null}]\n"
    file = tmp_path / "x.yaml"
    file.write_text(right)
    assert len(read_scenarios(tmp_path)) == 1
    changes: dict[str, str] = dict(_parts(fault))
    lines = [line for line in right.splitlines() if line.split(":")[0].strip() not in changes]
    file.write_text("\n".join([*lines, *(f"  {name}: {text}" for name, text in changes.items())]))
    with pytest.raises(ScenarioFaultError, match=r"x\.yaml"):
        read_scenarios(tmp_path)


def _parts(fault: str) -> Iterator[tuple[str, str]]:
    name, _, text = fault[1:-1].partition(": ")
    yield name, text


def test_two_scenarios_of_one_name_are_refused(tmp_path: Path) -> None:
    right = "- name: x\n  promises: [B1]\n  steps: [{do: load, expect: null}]\n"
    (tmp_path / "x.yaml").write_text(right)
    (tmp_path / "y.yaml").write_text(right)
    with pytest.raises(ScenarioFaultError, match="twice"):
        read_scenarios(tmp_path)


def test_what_clients_cannot_do_is_asked_for_by_a_scenario() -> None:
    names = {each.name for each in read_scenarios()}
    assert "python" in read_languages()
    for each in read_languages().values():
        assert each.unsupported.keys() <= names


def test_every_promise_is_proved_or_its_absence_explained() -> None:
    proved = {promise for each in read_scenarios() for promise in each.promises}
    unseen = {each.number for each in read_promises() if each.unseen_because}
    assert set(PROMISES) - unseen - proved == set()
    assert proved & unseen == set(), "a client does see these"


def test_the_table_shows_what_there_is() -> None:
    """It is written anew by `make test-clients ARGS="--write-table"`."""
    written = FILE.read_text(encoding="utf-8")
    rows = [line.split(" | ")[:3] for line in written.splitlines() if line.startswith("| B")]
    now = Table(read_promises(), read_scenarios()).text()
    assert rows == [
        line.removesuffix(" |").split(" | ")[:3]
        for line in now.splitlines()
        if line.startswith("| B")
    ]
    assert "FAILED" not in written
    assert "NOT RUN" not in written
    assert f"| {' | '.join(['promise', '', 'scenarios', *sorted(read_languages())])} |" in written
