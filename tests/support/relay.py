"""A way to a server on which answers are lost, and which breaks."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

_CHUNK_BYTES = 65_536


class Relay:
    """Passes on what callers and a server say, between ports of loopback.

    Args:
        target: the server's address.

    Attributes:
        address: where to call instead.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._losing = False
        self._open: set[socket.socket] = set()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def lose_answers(self) -> None:
        """From now on the server hears its callers, and they do not hear it."""
        self._losing = True

    def cut(self) -> None:
        """Break all connections. New ones are whole."""
        for each in tuple(self._open):
            _end(each)
        self._losing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _end(self._listener)
        self.cut()
        self._accepting.join()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                # It is closed.
                return
            try:
                server = socket.create_connection(self._target)
            except OSError:
                # The server is away.
                caller.close()
                continue
            self._open |= {caller, server}
            for source, sink, is_answer in ((caller, server, False), (server, caller, True)):
                threading.Thread(
                    target=self._pass_on, args=(source, sink, is_answer), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:  # noqa: FBT001 - a thread's argument
        try:
            while data := source.recv(_CHUNK_BYTES):
                if not (is_answer and self._losing):
                    sink.sendall(data)
        except OSError:
            # The other direction has broken.
            pass
        finally:
            for each in (source, sink):
                self._open.discard(each)
                _end(each)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Otherwise who reads from it waits on.
        each.shutdown(socket.SHUT_RDWR)
    each.close()
