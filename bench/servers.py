"""The servers that are measured, each a process of its own on a free port of loopback."""

import os
import select
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import process

NO_ETCD = "Left out: etcd is not installed (Debian: etcd-server)."
_ROOT = Path(__file__).resolve().parent.parent
_START_S_MAX = 300.0
_STOP_S_MAX = 60.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Running:
    """A server that serves.

    Attributes:
        name: what it is called in the tables.
        address: HOST:PORT.
        pid: its process.
        start_s: time from the start of the process until it said that it serves.
        data_dir: where its data are.
        forks: whether it serves in processes that it forks.
    """

    name: str
    address: str
    pid: int
    start_s: float
    data_dir: Path
    forks: bool = False

    def cpu(self) -> process.Cpu:
        """What it has used since it was started."""
        return process.family_cpu(self.pid) if self.forks else process.cpu(self.pid)


class ServerError(Exception):
    """A server did not start; the message has what it said."""


@contextmanager
def statekeeper(data_dir: Path, *flags: str, name: str = "statekeeper") -> Iterator[Running]:
    """`statekeeper serve` with its defaults, and flags."""
    command = [sys.executable, "-m", "statekeeper_server", "serve", "--log-level=warning"]
    command += [f"--data-dir={data_dir}", "--listen=127.0.0.1:0", *flags]
    with _started(command, data_dir.with_suffix(".log")) as (server, began):
        address = _announced(server, data_dir.with_suffix(".log"))
        yield Running(name, address, server.pid, time.perf_counter() - began, data_dir)


@contextmanager
def echo(work_dir: Path) -> Iterator[Running]:
    """The server that only answers, see echo.py."""
    log = work_dir / "echo.log"
    with _started([sys.executable, "-m", "bench.echo"], log) as (server, began):
        address = _announced(server, log)
        yield Running("echo", address, server.pid, time.perf_counter() - began, work_dir)


def has_etcd() -> bool:
    """Whether etcd is installed."""
    return shutil.which("etcd") is not None


@contextmanager
def etcd(data_dir: Path) -> Iterator[Running]:
    """A single etcd with its defaults, durable like ours: it syncs before it answers."""
    clients, peers = (f"http://127.0.0.1:{port}" for port in free_ports(2))
    command = [shutil.which("etcd") or "etcd", f"--data-dir={data_dir}", "--log-level=error"]
    command += [f"--listen-client-urls={clients}", f"--advertise-client-urls={clients}"]
    command += [f"--listen-peer-urls={peers}", f"--initial-advertise-peer-urls={peers}"]
    command += [f"--initial-cluster=default={peers}", "--quota-backend-bytes=8000000000"]
    with listening("etcd", command, clients.removeprefix("http://"), data_dir) as running:
        yield running


@contextmanager
def listening(
    name: str,
    command: list[str],
    address: str,
    data_dir: Path,
    *,
    forks: bool = False,
) -> Iterator[Running]:
    """A server that serves as soon as it listens.

    Args:
        name: what it is called in the tables.
        command: what starts it.
        address: where it is told to listen.
        data_dir: where its data are; its log will be beside it.
        forks: whether it serves in processes that it forks.

    Raises:
        ServerError: it has ended, or nothing listens at the address for too long.
    """
    log = data_dir.with_suffix(".log")
    with _started(command, log) as (server, began):
        _wait_until_connected(address, server, log)
        start_s = time.perf_counter() - began
        yield Running(name, address, server.pid, start_s, data_dir, forks)


@contextmanager
def _started(command: list[str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    with log.open("wb") as errors:
        began = time.perf_counter()
        server = subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield server, began
    finally:
        server.terminate()
        try:
            server.wait(_STOP_S_MAX)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if server.stdout is not None:
            server.stdout.close()


def _wait_until_connected(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.perf_counter() + _START_S_MAX
    while server.poll() is None and time.perf_counter() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(_POLL_S)
        else:
            return
    raise ServerError(log.read_text())


def free_ports(count: int) -> list[int]:
    """Different ports of loopback that nobody listens on."""
    # Held together, so that they differ.
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports


def _announced(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address in the line `... listening on HOST:PORT`."""
    if server.stdout is None:
        raise ServerError("standard output is not read")
    line = b""
    deadline = time.perf_counter() + _START_S_MAX
    while not line.endswith(b"\n"):
        left_s = deadline - time.perf_counter()
        if left_s <= 0 or not select.select([server.stdout], [], [], left_s)[0]:
            raise ServerError(f"not serving after {_START_S_MAX:.0f} s: {log.read_text()}")
        read = os.read(server.stdout.fileno(), 4096)
        if not read:
            raise ServerError(log.read_text())
        line += read
    return line.decode().rpartition(" listening on ")[2].strip()
