"""The servers that scenarios run on: real ones, each shared by those that ask for the same."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from tests.support.certificates import Authority
from tests.support.server_process import ServerProcess

from statekeeper.admin import Admin
from statekeeper.testing import TestServer
from statekeeper_server.verification import problems_of

from .network import Network

_PATIENCE_S = 30.0
_LOOK_AGAIN_S = 0.005

Step = Mapping[str, Any]


class Server(Protocol):
    """A server that serves.

    Attributes:
        address: Where clients reach it.
        direct_address: Where it serves.
        actions: What can be done to it, by name, given the step that asks for it.
    """

    address: str
    direct_address: str
    actions: Mapping[str, Callable[[Step], None]]

    def begin_scenario(self) -> None:
        """Sees to it that it serves."""
        ...

    def close(self) -> None:
        """Ends it for good."""
        ...


class _Process:
    """A server in a process of its own, which can be killed."""

    def __init__(self, data_dir: Path, flags: list[str]) -> None:
        self._process = ServerProcess(data_dir, *flags)
        self._serves = False
        self._start()
        self.address = self.direct_address = self._process.address
        self.actions: Mapping[str, Callable[[Step], None]] = {
            "kill": lambda _: self._kill(),
            "stop": lambda _: self._stop(),
            "start": lambda _: self._start(),
            "restart": lambda _: self._restart(),
        }

    def begin_scenario(self) -> None:
        self._start()

    def close(self) -> None:
        self._stop()

    def _start(self) -> None:
        if not self._serves:
            self._process.start()
            self._serves = True

    def _kill(self) -> None:
        self._process.kill()
        self._serves = False
        self._start()

    def _stop(self) -> None:
        if self._serves:
            self._serves = False
            assert self._process.terminate() == 0, self._process.log

    def _restart(self) -> None:
        self._stop()
        self._start()


class _Clocked:
    """A server in this process, whose clock is moved."""

    def __init__(self, data_dir: Path, config: Mapping[str, Any]) -> None:
        self._server = TestServer(data_dir, **config)
        self.address = self.direct_address = self._server.address
        self.actions: Mapping[str, Callable[[Step], None]] = {
            "advance": lambda step: self._server.clock.advance(step["seconds"]),
            "restart": lambda _: self._server.restart(),
        }

    def begin_scenario(self) -> None:
        pass

    def close(self) -> None:
        self._server.stop()


class _Networked:
    """A server that is reached by way of a network that can be made worse."""

    def __init__(self, server: Server) -> None:
        self._network = Network(server.address)
        self.address = self._network.address
        self.direct_address = server.direct_address
        self.actions: Mapping[str, Callable[[Step], None]] = {
            "deafen": lambda _: self._network.deafen(),
            "cut": lambda _: self._network.cut(),
        }

    def begin_scenario(self) -> None:
        pass

    def close(self) -> None:
        self._network.close()


class Servers:
    """The servers of a run, made when they are first asked for.

    Args:
        folder: For their data and certificates.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Server] = {}
        self._data_dirs: list[Path] = []
        self._authority: Authority | None = None

    def get(self, wanted: Mapping[str, Any]) -> Server:
        """A server that serves, as a scenario wants it."""
        name = json.dumps(wanted, sort_keys=True)
        if name not in self._made:
            self._made[name] = self._make(wanted)
        self._made[name].begin_scenario()
        return self._made[name]

    def tls_files(self, wanted: Mapping[str, Any]) -> dict[str, str]:
        """The files that a client of such a server needs; none: there is no TLS."""
        if "tls" not in wanted:
            return {}
        files = {"ca": str(self._signer.certificate)}
        if wanted["tls"] == "mutual":
            client = self._signer.sign("client")
            files |= {"cert": str(client.certificate), "key": str(client.key)}
        return files

    def close(self) -> None:
        """Ends them all; whatever was done to them, their data must be sound."""
        # A network was made after the server that it leads to.
        for server in reversed(self._made.values()):
            server.close()
        for data_dir in self._data_dirs:
            assert list(problems_of(data_dir, lambda *_: None)) == []

    @property
    def _signer(self) -> Authority:
        if self._authority is None:
            self._authority = Authority(self._folder / "certificates")
        return self._authority

    def _make(self, wanted: Mapping[str, Any]) -> Server:
        if wanted.get("network"):
            return _Networked(self.get({}))
        data_dir = self._folder / f"server-{len(self._data_dirs)}"
        self._data_dirs.append(data_dir)
        config = dict(wanted.get("config", {}))
        if wanted.get("clock"):
            return _Clocked(data_dir, config)
        if "tls" in wanted:
            own = self._signer.sign("server")
            config |= {"tls_cert": own.certificate, "tls_key": own.key}
        if wanted.get("tls") == "mutual":
            config["tls_client_ca"] = self._signer.certificate
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in config.items()]
        return _Process(data_dir, flags)


def wait_for_lock_waiters(server: Server, count: int) -> None:
    """Waits until so many callers wait for locks."""
    ends_s = time.monotonic() + _PATIENCE_S
    with Admin(server.direct_address) as admin:
        while (waiting := admin.stats().total.lock_waiters) != count:
            assert time.monotonic() < ends_s, f"{waiting} wait for locks, and not {count}"
            time.sleep(_LOOK_AGAIN_S)


def compact(server: Server) -> None:
    """Has the server forget at once what it may forget."""
    with Admin(server.direct_address) as admin:
        for _ in admin.compact():
            pass
