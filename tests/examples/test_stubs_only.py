"""The example without a client: docs/protocol.md says enough to lose nothing."""

import subprocess
import sys
import time
from pathlib import Path

from statekeeper.admin import Admin
from tests.support.relay import Relay
from tests.support.server_process import ServerProcess

_EXAMPLE = Path(__file__).parents[2] / "examples" / "stubs_only.py"
_METERS = 10
_SIZES = ("--meters", str(_METERS), "--readings", "300")


class Example:
    """The example, which stores 3,000 readings.

    Args:
        address: where it stores them.
    """

    def __init__(self, address: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_EXAMPLE), *_SIZES, "--target", address],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "watching\n"

    def told(self) -> list[str]:
        """What it says in the end."""
        said, _ = self._process.communicate(timeout=90)
        assert self._process.returncode == 0
        return said.splitlines()


def _last_revision(server: ServerProcess) -> int:
    with Admin(server.address) as admin:
        return admin.stats().shards[0].last_revision


def _wait_for_readings(server: ServerProcess) -> None:
    # Each meter has a revision before it has readings.
    while _last_revision(server) <= _METERS:
        pass


def _wait_until_idle(server: ServerProcess) -> None:
    before = -1
    while before != (before := _last_revision(server)):
        time.sleep(0.3)


def test_each_reading_is_stored_once_and_seen_once_when_the_server_restarts(
    tmp_path: Path,
) -> None:
    """B70, B82, B86."""
    with ServerProcess(tmp_path / "data") as server:
        example = Example(server.address)
        _wait_for_readings(server)
        server.terminate()
        server.start()
        told = example.told()

    assert told[:2] == ["readings: 3000, refused: 0", "stored: 3000, seen: 3000"]


def test_each_reading_is_stored_once_and_seen_once_when_answers_are_lost(tmp_path: Path) -> None:
    """B20, B70, B82, B86: with them the server, which is killed."""
    with ServerProcess(tmp_path / "data") as server, Relay(server.address) as relay:
        example = Example(relay.address)
        relay.lose_answers()
        _wait_for_readings(server)
        _wait_until_idle(server)
        server.kill()
        relay.cut()
        server.start()
        told = example.told()

    assert told[:2] == ["readings: 3000, refused: 0", "stored: 3000, seen: 3000"]
    # They were done, and sent again as nobody had said so.
    assert int(told[2].rpartition(" ")[2]) > 0


def test_without_a_server_it_says_so_in_a_line() -> None:
    done = subprocess.run(
        [sys.executable, str(_EXAMPLE), "--target", "127.0.0.1:1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("UNAVAILABLE: ")
