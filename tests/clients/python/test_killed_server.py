"""A server process that is killed while clients write."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from statekeeper import Client

from .conftest import MakeClient


class Process:
    """The server as a process that keeps its folder and its port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = "127.0.0.1:0"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it and waits until it serves."""
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "statekeeper_server", "serve"),
                *("--data-dir", str(self.folder), "--listen", self.address),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("statekeeper listening on "):
                self.address = line.split()[-1]
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """Ends it as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()
            self._process = None


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """A server process that serves."""
    process = Process(tmp_path / "data")
    process.start()
    yield process
    process.kill()


def test_no_write_fails_or_is_lost_or_done_twice_over_kills(
    process: Process, make_client: MakeClient
) -> None:
    """B20, B70: each writer counts its writes, and so does the server.

    They are so many that they share messages, or a stream.
    """
    client: Client = make_client(process.address, timeout=30)
    ended = threading.Event()
    written = threading.Semaphore(0)

    def write_until_ended(worker: int) -> int:
        sm = client.state_manager(f"e{worker}")
        writes = 1
        sm.save({"status": "running"})
        while not ended.is_set():
            writes += 1
            assert sm.update(context={"n": writes}).version == writes
            written.release()
        return writes

    with ThreadPoolExecutor(16) as pool:
        workers = [pool.submit(write_until_ended, worker) for worker in range(16)]
        try:
            for _ in range(3):
                for _ in range(150):
                    assert written.acquire(timeout=30)
                process.kill()
                process.start()
        finally:
            ended.set()
        counts = [worker.result(timeout=60) for worker in workers]

    for worker, count in enumerate(counts):
        state = client.state_manager(f"e{worker}").load()
        assert state is not None
        assert (state.version, state.context) == (count, {"n": count})
