"""Takes a client through a scenario."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from . import servers
from .comparing import differences
from .driver import Driver, DriverFaultError
from .scenarios import OURS, Scenario
from .servers import Server
from .variables import filled, found

_LOOK_AGAIN_S = 0.05
_SHOWN_CHARACTERS = 2_000

Answer = dict[str, Any]
Step = Mapping[str, Any]


class UnsupportedError(Exception):
    """A client cannot do a command.

    Args:
        language: Whose client.
        command: What it cannot do.
        why: What its driver says about it.
    """

    def __init__(self, language: str, command: str, why: str) -> None:
        super().__init__(f"the client of {language} cannot {command}: {why}")
        self.language = language


class ScenarioFailedError(AssertionError):
    """Something is not as the scenario expects it."""


class Player:
    """Plays a scenario.

    Args:
        scenario: What to do.
        drivers: Who does it: one, or two where the scenario has two languages.
        server: Where.
        tls: The files for clients of the server; empty: no TLS.
    """

    def __init__(
        self,
        scenario: Scenario,
        drivers: Sequence[Driver],
        server: Server,
        tls: Mapping[str, str],
    ) -> None:
        self._scenario = scenario
        self._drivers = drivers
        self._server = server
        self._tls = tls
        self._background: dict[str, tuple[Driver, list[int], Step]] = {}
        fresh = uuid.uuid4().hex[:12]
        self._variables: dict[str, Any] = {
            "execution": f"execution-{fresh}",
            "namespace": f"namespace-{fresh}",
            "target": server.address,
            "direct": server.direct_address,
            **tls,
        }

    def play(self) -> None:
        """Does all steps.

        Raises:
            AssertionError: Something is not as expected.
            UnsupportedError: A client cannot do a command.
        """
        for driver in self._drivers:
            driver.begin_scenario()
            self._prepare(driver)
        for number, step in enumerate(self._scenario.steps, 1):
            try:
                self._step(step)
            except (ScenarioFailedError, DriverFaultError) as error:
                shown = json.dumps(step, ensure_ascii=False)[:_SHOWN_CHARACTERS]
                where = f"{self._scenario.file}: {self._scenario.name}: step {number}"
                raise type(error)(f"{where}: {shown}\n{error}{self._stderr()}") from None

    def _prepare(self, driver: Driver) -> None:
        connect: Answer = {"do": "connect", "client": "c", "target": self._server.address}
        if self._tls:
            connect["tls"] = dict(self._tls)
        manager: Answer = {"do": "manager", "manager": "m", "client": "c"}
        manager["namespace"] = self._variables["namespace"]
        manager["execution_id"] = self._variables["execution"]
        for command in ({"do": "reset"}, connect, manager):
            self._expect(driver.do(command), {}, command["do"], driver)

    def _step(self, step: Step) -> None:
        if "finish" in step:
            self._finish(step)
            return
        kind, _, action = step["do"].partition(".")
        if kind == "sleep":
            time.sleep(step["seconds"])
        elif kind in ("server", "network"):
            self._act_on_server(action, filled(dict(step), self._variables))
        elif "within" in step:
            self._again_and_again(step)
        else:
            self._do(step)

    def _act_on_server(self, action: str, step: Step) -> None:
        if action == "lock_waiters":
            servers.wait_for_lock_waiters(self._server, step["count"])
        elif action == "compact":
            servers.compact(self._server)
        else:
            self._server.actions[action](step)

    def _do(self, step: Step) -> None:
        driver = self._drivers[1 if step.get("by") == "other" else 0]
        numbers = [driver.start(command) for command in self._commands(step)]
        if "background" in step:
            self._background[step["background"]] = (driver, numbers, step)
        else:
            self._take(driver, numbers, step, step["do"])

    def _finish(self, step: Step) -> None:
        driver, numbers, begun = self._background.pop(step["finish"])
        self._take(driver, numbers, {**begun, **step}, begun["do"])

    def _commands(self, step: Step) -> list[dict[str, Any]]:
        """The commands of a step, as the driver gets them."""
        command = {name: value for name, value in step.items() if name not in OURS}
        if command["do"] == "cancel":
            command["command"] = self._background[command["command"]][1][0]
        return [filled(command, self._at(index)) for index in range(step.get("times", 1))]

    def _at(self, index: int) -> Mapping[str, Any]:
        """The variables for one of the commands of a step."""
        return self._variables | {"index": index}

    def _take(self, driver: Driver, numbers: Sequence[int], step: Step, command: str) -> None:
        """Takes the answers to the commands of a step, and looks at them."""
        answers = [driver.answer(number) for number in numbers]
        if "expect_outcomes" in step:
            self._expect_outcomes(answers, step["expect_outcomes"])
            results = [answer["result"] for answer in answers if "result" in answer]
        else:
            for index, answer in enumerate(answers):
                self._expect(answer, filled(_expectation(step), self._at(index)), command, driver)
            results = [answer.get("result", answer.get("error")) for answer in answers]
        for name, path in step.get("bind", {}).items():
            came = results if "times" in step or "expect_outcomes" in step else results[0]
            try:
                self._variables[name] = found(path, came)
            except ValueError as error:
                raise ScenarioFailedError(str(error)) from None

    def _expect(self, answer: Answer, step: Step, command: str, driver: Driver) -> None:
        if "unsupported" in answer:
            raise UnsupportedError(driver.name, command, answer["unsupported"])
        if "expect_error" in step:
            if "error" not in answer:
                raise ScenarioFailedError(f"an error is expected, and this came: {_shown(answer)}")
            self._compare(step["expect_error"], answer["error"], answer)
        elif "error" in answer:
            raise ScenarioFailedError(f"an error came: {_shown(answer)}")
        elif "expect" in step:
            self._compare(step["expect"], answer["result"], answer)

    def _expect_outcomes(self, answers: Sequence[Answer], expected: Mapping[str, int]) -> None:
        """Counts what came: results as `done`, errors by their codes."""
        counts: dict[str, int] = {}
        for answer in answers:
            outcome = answer["error"]["code"] if "error" in answer else "done"
            counts[outcome] = counts.get(outcome, 0) + 1
        if counts != dict(expected):
            raise ScenarioFailedError(f"{counts} came, {dict(expected)} is expected")

    def _compare(self, expected: Any, actual: Any, answer: Answer) -> None:
        problems = list(differences(expected, actual))
        if problems:
            raise ScenarioFailedError("\n".join([*problems, f"all that came: {_shown(answer)}"]))

    def _again_and_again(self, step: Step) -> None:
        """Does a step until it is as expected, or its time is over."""
        ends_s = time.monotonic() + step["within"]
        while True:
            try:
                self._do(step)
            except ScenarioFailedError:
                if time.monotonic() >= ends_s:
                    raise
                time.sleep(_LOOK_AGAIN_S)
            else:
                return

    def _stderr(self) -> str:
        said = [f"\n{each.name} says:\n{each.said()}" for each in self._drivers]
        return "".join(text for text, each in zip(said, self._drivers, strict=True) if each.said())


def _expectation(step: Step) -> dict[str, Any]:
    return {name: step[name] for name in ("expect", "expect_error") if name in step}


def _shown(answer: Answer) -> str:
    text = json.dumps(answer, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
