"""The server in a thread of the test's process."""

import asyncio
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from statekeeper.aio import AsyncClient
from statekeeper.client import Client
from statekeeper.testing.clock import MovableClock

if TYPE_CHECKING:
    from statekeeper_server.server import Server

_T = TypeVar("_T")


class TestServer:
    """A server that serves from when it is made until it is stopped.

    It is the real one, with its files in a folder and its port on loopback, on
    an event loop in a thread of its own.

    Args:
        data_dir: Its folder. None: a temporary one, removed in the end.
        **config: Other fields of the server's `Config`: `shards=1`.

    Attributes:
        clock: The server's clock; `clock.advance(3600)` lets an hour pass.
        data_dir: Its folder.
        address: Where it serves: `127.0.0.1:43123`; the same after a restart.

    Raises:
        ImportError: The server is not installed.
    """

    # pytest takes what is called Test... for a test.
    __test__ = False

    def __init__(self, data_dir: Path | None = None, **config: Any) -> None:
        _check_installed()
        self.clock = MovableClock()
        self._temporary = None
        if data_dir is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="statekeeper-")
            data_dir = Path(self._temporary.name)
        self.data_dir = data_dir
        self.address = ""
        self._config = config
        self._clients: list[Client] = []
        self._server: Server | None = None
        self._loop = _new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="statekeeper-server")
        self._thread.start()
        try:
            self._start("127.0.0.1:0")
        except BaseException:
            self.stop()
            raise

    def client(self, **options: Any) -> Client:
        """Makes a client of this server, closed when the server is stopped.

        Args:
            **options: As for `Client`.
        """
        client = Client(self.address, **options)
        self._clients.append(client)
        return client

    def async_client(self, **options: Any) -> AsyncClient:
        """Makes an async client of this server; the caller closes it.

        Args:
            **options: As for `AsyncClient`.
        """
        return AsyncClient(self.address, **options)

    def restart(self) -> None:
        """Stops the server and starts it again on the same folder and port."""
        self._stop_server()
        self._start(self.address)

    def stop(self) -> None:
        """Stops the server and removes its temporary folder; harmless when it is stopped."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        if self._thread.is_alive():
            try:
                self._stop_server()
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self, listen: str) -> None:
        from statekeeper_server.config import Config  # noqa: PLC0415 - may not be installed
        from statekeeper_server.server import Server  # noqa: PLC0415 - may not be installed

        config = Config(data_dir=self.data_dir, listen=listen, **self._config)

        async def start() -> Server:
            server = Server(config, clock=self.clock)
            await server.start()
            return server

        self._server = self._run(start())
        self.address = self._server.address

    def _stop_server(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            self._run(server.stop())

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def _check_installed() -> None:
    try:
        import statekeeper_server.server  # noqa: F401, PLC0415 - asks whether it can be imported
    except ImportError as error:
        raise ImportError(
            f"TestServer needs the server: pip install 'statekeeper[server]' ({error})"
        ) from error


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 - is not there on every system
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
