"""The server as a process of its own, which can be killed and started again."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from statekeeper_server import native_part

_DEADLINE_S = 60.0
_SERVING = "statekeeper listening on "


class Ended(NamedTuple):
    """How a process ended and what it said."""

    code: int
    stdout: str
    stderr: str


def command(*arguments: str) -> list[str]:
    """The command line of `statekeeper`."""
    return [sys.executable, "-m", "statekeeper_server", *arguments]


def run(*arguments: str, env: Mapping[str, str] | None = None, powerless: bool = False) -> Ended:
    """Run `statekeeper` to its end: for what is expected not to serve.

    Args:
        arguments: its command line.
        env: variables for it.
        powerless: without root's right to read and write whatever it likes.
    """
    line = command(*arguments)
    if powerless:
        line[1:1] = ["-c", GIVE_UP_POWER]
    done = subprocess.run(
        line,
        capture_output=True,
        text=True,
        check=False,
        timeout=_DEADLINE_S,
        env=_environment(env),
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _environment(env: Mapping[str, str] | None) -> dict[str, str]:
    """The tests' own, without the settings that the person who runs them may have.

    But for the one that has all tests run without the native part.
    """
    own = {
        name: text
        for name, text in os.environ.items()
        if name == native_part.VARIABLE or not name.startswith("STATEKEEPER_")
    }
    return own | dict(env or {})


class ServerProcess:
    """A server on a folder; it keeps the folder and the port when it is started again.

    Args:
        data_dir: its folder.
        flags: further arguments of `serve`.
        wrapper: a Python program to run before the server in the same process.
        log: the file for what it logs; beside the folder when it is not given.
        env: variables for it.
    """

    def __init__(
        self,
        data_dir: Path,
        *flags: str,
        wrapper: str = "",
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.address = "127.0.0.1:0"
        self._flags = flags
        self._wrapper = wrapper
        self._log = log or data_dir.with_name(f"{data_dir.name}.log")
        self._env = env
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._running().pid

    @property
    def log(self) -> str:
        """All that it has written to standard error, over all its starts."""
        return self._log.read_text()

    def start(self) -> Self:
        """Start it and wait until it says that it serves."""
        serve = ("serve", "--data-dir", str(self.data_dir), "--listen", self.address)
        line = command(*serve, *self._flags)
        if self._wrapper:
            line[1:3] = ["-c", f"{self._wrapper}\n{_RUN_MODULE}"]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                line,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=_environment(self._env),
            )
        said = self._first_line()
        if not said.startswith(_SERVING):
            self.kill()
            raise AssertionError(f"the server does not serve, it says {said!r}: {self.log}")
        self.address = said.removeprefix(_SERVING).strip()
        return self

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._reap()

    def ask_to_stop(self) -> None:
        """Send SIGTERM, and do not wait."""
        self._running().send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        return self._reap()

    def terminate(self) -> int:
        """Let it drain and end; its exit code."""
        self.ask_to_stop()
        return self.wait()

    def peak_memory_bytes(self) -> int:
        """The most memory that it ever had."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the system does not tell")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise AssertionError("the server is not running")
        return self._process

    def _first_line(self) -> str:
        stdout = self._running().stdout
        assert stdout is not None
        ready, _, _ = select.select([stdout], [], [], _DEADLINE_S)
        return stdout.readline() if ready else "nothing"

    def _reap(self) -> int:
        process = self._running()
        process.communicate(timeout=_DEADLINE_S)
        self._process = None
        return process.returncode


_RUN_MODULE = """
import runpy
runpy.run_module("statekeeper_server", run_name="__main__", alter_sys=True)
"""

# Takes CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (1 and 2) from what is executed next, by
# PR_CAPBSET_DROP (24). Who is not root has neither, and is refused without harm.
GIVE_UP_POWER = """
import ctypes, os, sys
for capability in (1, 2):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
