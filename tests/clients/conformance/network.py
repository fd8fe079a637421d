"""A network that loses what it should carry: a proxy in front of a server."""

import contextlib
import socket
import threading

_CHUNK_BYTES = 64 * 1024


class Network:
    """Carries connections to a server, until it is told to do worse.

    Args:
        server: The server's address.

    Attributes:
        address: Where clients connect to instead.
    """

    def __init__(self, server: str) -> None:
        host, _, port = server.rpartition(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[_Connection] = []
        self._accepting = threading.Thread(target=self._accept, name="network")
        self._accepting.start()

    def deafen(self) -> None:
        """Has the clients of all connections that there are hear nothing any more."""
        for connection in self._connections:
            connection.deaf = True

    def cut(self) -> None:
        """Breaks all connections that there are."""
        for connection in self._connections:
            connection.cut()
        self._connections.clear()

    def close(self) -> None:
        """Ends it."""
        # Closing alone would not wake who waits for a connection.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:
                client.close()
                continue
            self._connections.append(_Connection(client, server))


class _Connection:
    """A connection of a client, and the one to the server that belongs to it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.deaf = False
        self._sockets = (client, server)
        self._pumps = [
            threading.Thread(target=self._pump, args=ends, daemon=True)
            for ends in ((client, server), (server, client))
        ]
        for pump in self._pumps:
            pump.start()

    def cut(self) -> None:
        """Breaks it."""
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for pump in self._pumps:
            pump.join()
        for end in self._sockets:
            end.close()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        client, _ = self._sockets
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                if not (self.deaf and target is client):
                    target.sendall(data)
        # Who ends on one side has ended on the other.
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
