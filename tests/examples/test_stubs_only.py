"""The example without a client: docs/protocol.md says enough to lose nothing."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from statekeeper.admin import Admin
from tests.support.relay import Relay
from tests.support.server_process import ServerProcess
from tests.support.tables import wait_until

_ROOT = Path(__file__).parents[2]
_EXAMPLES = _ROOT / "examples"
_PROTOS = _ROOT / "protos"
_RUBY_LIBRARIES = 'require "grpc"; require "google/rpc/error_details_pb"'
_METERS = 10
_SIZES = ("--meters", str(_METERS), "--readings", "300")


def _python(_: Path) -> list[str]:
    return [sys.executable, str(_EXAMPLES / "stubs_only.py")]


def _ruby(scratch: Path) -> list[str]:
    ruby, protoc, plugin = (shutil.which(each) for each in ("ruby", "protoc", "grpc_ruby_plugin"))
    if ruby is None or protoc is None or plugin is None:
        pytest.skip("the example in Ruby needs ruby, protoc and grpc_ruby_plugin")
    found = subprocess.run([ruby, "-e", _RUBY_LIBRARIES], check=False, capture_output=True)
    if found.returncode:
        pytest.skip("the example in Ruby needs grpc and googleapis-common-protos-types")
    image, stubs = scratch / "image.binpb", scratch / "stubs"
    stubs.mkdir()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([_PROTOS / "image.sh", image], env=os.environ | {"PATH": path}, check=True)
    flags = (
        f"--descriptor_set_in={image}",
        f"--ruby_out={stubs}",
        f"--grpc_out={stubs}",
        f"--plugin=protoc-gen-grpc={plugin}",
    )
    ours = sorted(_PROTOS.glob("statekeeper/v1/*.proto"))
    names = [str(proto.relative_to(_PROTOS)) for proto in ours]
    subprocess.run([protoc, *flags, *names, "google/rpc/status.proto"], check=True)
    return [ruby, "-W0", "-I", str(stubs), str(_EXAMPLES / "stubs_only.rb")]


@pytest.fixture(params=[_python, _ruby], ids=["python", "ruby"])
def program(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The command that runs the example."""
    command: list[str] = request.param(tmp_path)
    return command


class Example:
    """The example, which stores 3,000 readings.

    Args:
        program: the command that runs it.
        address: where it stores them.
    """

    def __init__(self, program: Sequence[str], address: str) -> None:
        self._process = subprocess.Popen(
            [*program, *_SIZES, "--target", address],
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
    wait_until(lambda: _last_revision(server) > _METERS)


def _wait_until_idle(server: ServerProcess) -> None:
    def is_idle() -> bool:
        before = _last_revision(server)
        time.sleep(0.3)
        return before == _last_revision(server)

    wait_until(is_idle)


def test_each_reading_is_stored_once_and_seen_once_when_the_server_restarts(
    program: list[str], tmp_path: Path
) -> None:
    """B70, B82, B86."""
    with ServerProcess(tmp_path / "data") as server:
        example = Example(program, server.address)
        _wait_for_readings(server)
        server.terminate()
        server.start()
        told = example.told()

    assert told[:2] == ["readings: 3000, refused: 0", "stored: 3000, seen: 3000"]


def test_each_reading_is_stored_once_and_seen_once_when_answers_are_lost(
    program: list[str], tmp_path: Path
) -> None:
    """B20, B70, B82, B86: with them the server, which is killed."""
    with ServerProcess(tmp_path / "data") as server, Relay(server.address) as relay:
        example = Example(program, relay.address)
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


def test_without_a_server_it_says_so_in_a_line(program: list[str]) -> None:
    done = subprocess.run(
        [*program, "--target", "127.0.0.1:1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("UNAVAILABLE: ")
