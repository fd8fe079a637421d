"""The command line, as a program of its own or in this process."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from click.testing import CliRunner, Result

from statekeeper_cli.program import program
from tests.support.server_process import GIVE_UP_POWER, Ended

_DEADLINE_S = 60.0


class Cli:
    """Runs `statekeeper` against a server, in this process.

    Args:
        address: the server's.
        namespace: given to every command that takes one.
    """

    def __init__(self, address: str, namespace: str = "execution-state") -> None:
        self.environment: dict[str, str | None] = {
            name: None for name in os.environ if name.startswith("STATEKEEPER_")
        }
        self.environment["STATEKEEPER_TARGET"] = address
        self.environment["STATEKEEPER_NAMESPACE"] = namespace

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        """How a command ends."""
        return CliRunner().invoke(
            program,
            arguments,
            input=stdin,
            env=self.environment,
            prog_name="statekeeper",
            catch_exceptions=False,
        )

    def done(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        """What a command prints that does what it should."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        assert result.stderr == ""
        return result.stdout

    def document(self, *arguments: str, stdin: str | bytes | None = None) -> Any:
        """The JSON document that it prints."""
        return json.loads(self.done(*arguments, "--json", stdin=stdin))

    def lines(self, *arguments: str) -> list[Any]:
        """The JSON documents that it prints, one in each line."""
        return [json.loads(line) for line in self.done(*arguments, "--json").splitlines()]

    def refusal(self, *arguments: str) -> str:
        """What the service says to a command that it refuses."""
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert line.startswith("statekeeper: ")
        return line.removeprefix("statekeeper: ")

    def wrong_use(self, *arguments: str, stdin: str | bytes | None = None) -> str:
        """What is said of a command that makes no sense."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        return result.stderr


def environment(**variables: str) -> dict[str, str]:
    """That of a process: without what the person who runs the tests has set."""
    own = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith("STATEKEEPER_") and name not in ("FORCE_COLOR", "NO_COLOR")
    }
    return own | {"TERM": "xterm-256color"} | variables


def run_process(
    *arguments: str,
    env: Mapping[str, str] | None = None,
    before: str = "",
    powerless: bool = False,
) -> Ended:
    """Run the program as a process, whose output is no terminal.

    Args:
        arguments: its command line.
        env: variables for it.
        before: Python to run in it first.
        powerless: without root's right to read and write whatever it likes.
    """
    start = ["-m", "statekeeper_cli"] if not before else ["-c", f"{before}\n{_START}"]
    if powerless:
        start[:0] = ["-c", GIVE_UP_POWER]
    done = subprocess.run(
        [sys.executable, *start, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE_S,
        env=environment(**(env or {})),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def run_on_terminal(
    *arguments: str, typed: str = "", env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run the program on a terminal; its exit code, and all that is seen there."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "statekeeper_cli", *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env=environment(COLUMNS="250", **(env or {})),
    )
    os.close(its)
    os.write(ours, typed.encode())
    seen = b""
    with suppress(OSError):  # what a terminal says when nobody has it open any more
        while piece := os.read(ours, 4096):
            seen += piece
    os.close(ours)
    return process.wait(_DEADLINE_S), seen.decode()


_START = """
from statekeeper_cli.__main__ import main
main()
"""
