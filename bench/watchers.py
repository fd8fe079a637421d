"""Many watchers, as a program of its own: `python -m bench.watchers HOST:PORT COUNT`.

It reads frames and looks into no message but the last one of each stream, so that it takes
little of the processor from the server. The request comes on standard input, as hex. It
prints `watching` once all watches have begun; then, for each line of its input, the
smallest last revision that any watcher was told, and the bytes of all messages so far.
"""

import asyncio
import sys
from typing import cast

import uvloop
from bench import wire

from statekeeper.v1.watch_pb2 import WatchResponse

_WATCH = "/statekeeper.v1.StateManager/Watch"
_CONNECTIONS = 4
_MESSAGE_HEAD_BYTES = 5


class _Watching(asyncio.Protocol):
    """One connection, with some of the watches."""

    def __init__(self, address: str, count: int, request: bytes) -> None:
        self.read_bytes = 0
        self.begun = asyncio.Event()
        self.last: dict[int, bytes] = {}
        self._parts = {2 * number + 1: bytearray() for number in range(count)}
        self._address = address
        self._request = request
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no common class with asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)
        frames = [wire.greeting()]
        block = wire.first_block(_WATCH, self._address)
        for stream in self._parts:
            frames += wire.call_frames(block, stream, self._request)
            block = wire.INDEXED_BLOCK
        self._transport.write(b"".join(frames))

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at, end = 0, len(data)
        while end - at >= wire.FRAME_HEAD_BYTES:
            payload = at + wire.FRAME_HEAD_BYTES
            stop = payload + int.from_bytes(data[at : at + 3])
            if stop > end:
                break
            kind, flags = data[at + 3], data[at + 4]
            if kind == wire.DATA:
                self._take(int.from_bytes(data[at + 5 : payload]), data[payload:stop])
            elif kind in (wire.SETTINGS, wire.PING) and not flags & wire.ACK:
                answer = data[payload:stop] if kind == wire.PING else b""
                self._transport.write(wire.frame(kind, wire.ACK, 0, answer))
            at = stop
        self._rest = data[at:]

    def _take(self, stream: int, payload: bytes) -> None:
        self.read_bytes += len(payload)
        part = self._parts[stream]
        part += payload
        while len(part) >= _MESSAGE_HEAD_BYTES:
            stop = _MESSAGE_HEAD_BYTES + int.from_bytes(part[1:_MESSAGE_HEAD_BYTES])
            if len(part) < stop:
                break
            self.last[stream] = bytes(part[_MESSAGE_HEAD_BYTES:stop])
            del part[:stop]
        if len(self.last) == len(self._parts):
            self.begun.set()


async def _watch(address: str, count: int) -> None:
    loop = asyncio.get_running_loop()
    request = bytes.fromhex(await loop.run_in_executor(None, sys.stdin.readline))
    host, _, port = address.rpartition(":")
    each = [count // _CONNECTIONS + (n < count % _CONNECTIONS) for n in range(_CONNECTIONS)]
    connections = [_Watching(address, number, request) for number in each if number]
    for connection in connections:
        await loop.create_connection(lambda made=connection: made, host, int(port))  # type: ignore[misc]
    for connection in connections:
        await connection.begun.wait()
    print("watching", flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        read_bytes = sum(connection.read_bytes for connection in connections)
        print(min(map(_revision, connections)), read_bytes, flush=True)


def _revision(connection: _Watching) -> int:
    messages = map(WatchResponse.FromString, connection.last.values())
    return min(m.events[-1].revision if m.events else 0 for m in messages)


if __name__ == "__main__":
    uvloop.run(_watch(sys.argv[1], int(sys.argv[2])))
