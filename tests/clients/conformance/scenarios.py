"""Scenarios, as they are read from their files."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .yaml_files import HERE, read_yaml

PROMISES = tuple(f"B{number}" for number in range(1, 99))
"""The promises to those who call the service; what follows is about the runner of flows."""

_EXPECTATIONS = frozenset(("expect", "expect_error", "expect_outcomes"))
# What of a step is the runner's; all else goes to the driver.
OURS = _EXPECTATIONS | {"background", "bind", "by", "finish", "times", "within"}
_ENDS_SERVER = frozenset(("server.kill", "server.stop", "server.start"))
_FIELDS = frozenset(("name", "promises", "server", "languages", "steps"))
_SERVER_FIELDS = frozenset(("clock", "restarts", "config", "tls", "network"))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario.

    Attributes:
        name: What it shows, unique.
        promises: The promises that it proves: `B31`.
        steps: What is done, and what is expected of it.
        file: The name of its file.
        server: What kind of server it needs; empty: any.
        languages: How many clients it needs.
    """

    name: str
    promises: tuple[str, ...]
    steps: tuple[dict[str, Any], ...]
    file: str
    server: dict[str, Any] = field(default_factory=dict)
    languages: int = 1


class ScenarioFaultError(Exception):
    """A scenario is written wrongly."""


def read_scenarios(folder: Path = HERE / "scenarios") -> list[Scenario]:
    """Reads all scenarios.

    Raises:
        ScenarioFaultError: One is written wrongly; tells which, and what is wrong.
    """
    scenarios = [each for file in sorted(folder.glob("*.yaml")) for each in _read(file)]
    names: set[str] = set()
    for each in scenarios:
        if each.name in names:
            raise ScenarioFaultError(f"{each.file}: {each.name}: the name stands twice")
        names.add(each.name)
    return scenarios


def _read(file: Path) -> Iterator[Scenario]:
    for position, given in enumerate(read_yaml(file)):
        where = f"{file.name}: {given.get('name', position)}"
        for problem in _problems(given):
            raise ScenarioFaultError(f"{where}: {problem}")
        yield Scenario(
            given["name"],
            tuple(given["promises"]),
            tuple(given["steps"]),
            file.name,
            given.get("server", {}),
            given.get("languages", 1),
        )


def _problems(given: dict[str, Any]) -> Iterator[str]:
    for name in given.keys() - _FIELDS:
        yield f"{name} is no field of a scenario"
    for name in ("name", "promises", "steps"):
        if not given.get(name):
            yield f"it has no {name}"
            return
    for promise in set(given["promises"]) - set(PROMISES):
        yield f"{promise} is no promise"
    for name in given.get("server", {}).keys() - _SERVER_FIELDS:
        yield f"{name} is nothing that a server can be"
    yield from _steps_problems(given["steps"], given)


def _steps_problems(steps: list[dict[str, Any]], given: dict[str, Any]) -> Iterator[str]:
    if not any(step.keys() & _EXPECTATIONS for step in steps):
        yield "it expects nothing, and so cannot fail"
    started = set()
    for step in steps:
        yield from _step_problems(step, given)
        started.add(step.get("background"))
        if "finish" in step and step["finish"] not in started:
            yield f"finish: {step['finish']} was not started"
        yield from _value_problems(step)


def _step_problems(step: dict[str, Any], scenario: dict[str, Any]) -> Iterator[str]:
    if ("do" in step) == ("finish" in step):
        yield f"a step either does or finishes something: {step}"
        return
    server = scenario.get("server", {})
    if step.get("do") in _ENDS_SERVER and not server.get("restarts"):
        yield f"{step['do']} needs `server: {{restarts: true}}`"
    if step.get("do") == "server.restart" and not (server.get("restarts") or server.get("clock")):
        yield "server.restart needs a server that may be restarted"
    if step.get("do") == "server.advance" and not server.get("clock"):
        yield "server.advance needs `server: {clock: true}`"
    if step.get("do", "").startswith("network.") and not server.get("network"):
        yield f"{step['do']} needs `server: {{network: true}}`"
    if "by" in step and (step["by"] != "other" or scenario.get("languages") != 2):
        yield "`by: other` needs `languages: 2`"
    if "background" in step and step.keys() & {"expect", "expect_error", "bind", "within"}:
        yield "what a step in the background gives is expected where it is finished"


def _value_problems(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if not isinstance(name, str):
                yield f"{name!r} is no name: put it between quotes"
            yield from _value_problems(each)
    elif isinstance(value, list):
        for each in value:
            yield from _value_problems(each)
    elif not isinstance(value, str | int | float | bool | None):
        yield f"{value!r} is no value of JSON: put it between quotes"
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"{value!r} is no value of JSON"
