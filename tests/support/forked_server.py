"""The server as a process that is there at once, so that it can be killed a thousand times.

It is forked from one that has imported the server before: starting takes a tenth of a second,
where a new interpreter takes one. What it serves is the same; what the command line makes of
its arguments is not tried here.
"""

import asyncio
import multiprocessing
import signal
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_DEADLINE_S = 60.0
_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["statekeeper_server.__main__", __name__])


class ForkedServer:
    """A server on a folder; it keeps the folder and the port when it is started again.

    Args:
        data_dir: its folder.
        **config: other fields of the server's `Config`.
    """

    def __init__(self, data_dir: Path, **config: Any) -> None:
        self.data_dir = data_dir
        self.address = "127.0.0.1:0"
        self._config = config
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self) -> Self:
        """Start it and wait until it serves."""
        ours, its = _FORKING.Pipe(duplex=False)
        arguments = (its, self.data_dir, self.address, self._config)
        self._process = _FORKING.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        its.close()
        with ours:
            if not ours.poll(_DEADLINE_S):
                raise AssertionError("the server does not serve")
            self.address = ours.recv()
        return self

    def kill(self) -> None:
        """End it as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join(_DEADLINE_S)

    def terminate(self) -> None:
        """Let it drain and end."""
        process, self._process = self._process, None
        assert process is not None
        process.terminate()
        process.join(_DEADLINE_S)
        assert process.exitcode == 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()


def _serve(serving: Connection, data_dir: Path, listen: str, config: dict[str, Any]) -> None:
    # In the forked process alone: what the tests import of the server is not what they test.
    from statekeeper_server.config import Config  # noqa: PLC0415
    from statekeeper_server.server import Server  # noqa: PLC0415

    async def serve() -> None:
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        server = Server(Config(data_dir=data_dir, listen=listen, **config))
        await server.start()
        serving.send(server.address)
        await stopping.wait()
        await server.stop()

    import uvloop  # noqa: PLC0415

    uvloop.run(serve())
