"""A driver: a process that does commands with a client."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Any

from .languages import Language

_MISSING = 77
_END_S = 20.0
_ENDED = "it has ended"
ANSWER_S = 60.0


class ToolchainMissingError(Exception):
    """The language cannot be run here; the message says what is missing."""


class DriverFaultError(AssertionError):
    """The driver does not do what it should; the message tells what it has said."""


class Driver:
    """A driver that was started.

    Args:
        name: Of its language.
        run: What starts it.
    """

    def __init__(self, name: str, run: Path) -> None:
        self.name = name
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._given_up: set[int] = set()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._said_before = 0
        self._ended = False
        self._process = subprocess.Popen(
            [run],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=driver_environment(),
        )
        self._reader = threading.Thread(target=self._read, name=f"driver-{name}")
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it can take commands."""
        return self._process.poll() is None

    def start(self, command: dict[str, Any]) -> int:
        """Begins a command; gives its number."""
        number = next(self._numbers)
        self._waiting[number] = Future()
        line = json.dumps({"id": number, **command}, allow_nan=False).encode() + b"\n"
        stdin = self._process.stdin
        assert stdin is not None
        # Who has ended may have done so before there was anybody to tell it to.
        with contextlib.suppress(BrokenPipeError):
            stdin.write(line)
            stdin.flush()
        if self._ended:
            self._fail(_ENDED)
        return number

    def answer(self, number: int, timeout_s: float = ANSWER_S) -> dict[str, Any]:
        """Waits for what comes of a command.

        Raises:
            DriverFaultError: Nothing does, or something that the protocol does not know.
        """
        try:
            answer = self._waiting[number].result(timeout_s)
        except FutureTimeoutError:
            raise self._fault(f"there is no answer after {timeout_s:g} s") from None
        del self._waiting[number]
        told = answer.keys() & {"result", "error", "fault", "unsupported"}
        if len(told) != 1:
            raise self._fault(f"this is no answer: {answer}")
        if "fault" in answer:
            raise self._fault(f"a fault: {answer['fault']}")
        return answer

    def do(self, command: dict[str, Any], timeout_s: float = ANSWER_S) -> dict[str, Any]:
        """Does a command, and waits for what comes of it."""
        return self.answer(self.start(command), timeout_s)

    def begin_scenario(self) -> None:
        """Notes that what it says from now on is about another scenario."""
        self._said_before = len(self._said())
        self._given_up.update(self._waiting)
        self._waiting.clear()

    def said(self) -> str:
        """What it has written to stderr in this scenario."""
        return self._said()[self._said_before :].decode(errors="replace").strip()

    def end(self) -> int:
        """Lets it end; gives its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._stderr.close()
        return code

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        for line in stdout:
            try:
                answer = json.loads(line)
                if answer["id"] not in self._given_up:
                    self._waiting[answer["id"]].set_result(answer)
            except (ValueError, LookupError, TypeError) as error:
                self._fail(f"this is no answer to a command: {line!r} ({error!r})")
        self._ended = True
        self._fail(_ENDED)

    def _fail(self, why: str) -> None:
        for future in tuple(self._waiting.values()):
            if not future.done():
                future.set_exception(self._fault(why))

    def _fault(self, why: str) -> DriverFaultError:
        said = f"; it says:\n{self.said()}" if self.said() else ""
        return DriverFaultError(f"the driver of {self.name}: {why}{said}")

    def _said(self) -> bytes:
        return os.pread(self._stderr.fileno(), 1 << 30, 0)


def build(language: Language) -> None:
    """Builds a driver.

    Raises:
        ToolchainMissingError: What it needs is not here.
        DriverFaultError: It cannot be built.
    """
    built = subprocess.run(
        [language.run, "--build"],
        capture_output=True,
        text=True,
        check=False,
        env=driver_environment(),
    )
    if built.returncode == _MISSING:
        raise ToolchainMissingError(built.stderr.strip())
    if built.returncode != 0:
        said = f"{built.stdout}{built.stderr}".strip()
        raise DriverFaultError(f"the driver of {language.name} cannot be built:\n{said}")


def driver_environment() -> dict[str, str]:
    """The variables of drivers: without settings that the person who runs this may have."""
    own = {name: text for name, text in os.environ.items() if not name.startswith("STATEKEEPER_")}
    return own | {"PY": sys.executable}
