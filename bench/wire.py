"""Load from prepared HTTP/2 frames: many calls in flight, each with a body of its own.

A gRPC call is an HTTP/2 POST whose body is the message behind five bytes. A gRPC client
in Python spends as much on a call as the server does; this one only strings prepared
bytes together, so that it takes little of the processor from the server that is measured,
and unlike h2load it can send other bytes with each call.

A call that fails has no message in its answer: that is how failures are counted.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import uvloop

STREAMS = 16
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, _HEADERS, _RST_STREAM, SETTINGS, PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, ACK = 0x1, 0x4, 0x1
FRAME_HEAD_BYTES = 9
WINDOW_BYTES = 65_535
WINDOW_BYTES_MAX = 2**31 - 1
INITIAL_WINDOW_SIZE = 4
_MESSAGE_BYTES_MAX = 4096
# The four headers below, once they are in the peer's table (RFC 7541, 6.1).
INDEXED_BLOCK = b"\x83\x86\xc1\xc0\xbf\xbe"
_DRAIN_S_MAX = 30.0


@dataclass(frozen=True, slots=True)
class Driven:
    """What was answered.

    Attributes:
        rate: successful answers per second while it was measured.
        done: successful answers in all, with those that were under way at the end.
    """

    rate: float
    done: int


class LoadError(Exception):
    """Calls failed or were not answered: nothing was measured."""


def drive(address: str, method: str, bodies: list[Iterator[bytes]], *, duration_s: float) -> Driven:
    """Keep STREAMS calls in flight on one connection for each iterator of messages.

    Raises:
        LoadError: a call failed.
    """
    return uvloop.run(_drive(address, method, bodies, duration_s))


async def _drive(
    address: str, method: str, bodies: list[Iterator[bytes]], duration_s: float
) -> Driven:
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    connections = [_Connection(method, address, messages) for messages in bodies]
    for connection in connections:
        await loop.create_connection(_protocol(connection), host, int(port))
    began = loop.time()
    for connection in connections:
        connection.start()
    await asyncio.sleep(duration_s)
    in_time = sum(connection.done for connection in connections)
    elapsed_s = loop.time() - began
    async with asyncio.timeout(_DRAIN_S_MAX):
        await asyncio.gather(*(connection.stop() for connection in connections))
    if failed := sum(connection.failed for connection in connections):
        raise LoadError(f"{failed} calls of {method} failed")
    return Driven(in_time / elapsed_s, sum(connection.done for connection in connections))


def _protocol(connection: "_Connection") -> Callable[[], "_Connection"]:
    return lambda: connection


class _Connection(asyncio.Protocol):
    def __init__(self, method: str, authority: str, messages: Iterator[bytes]) -> None:
        self.done = 0
        self.failed = 0
        self._messages = messages
        self._block = first_block(method, authority)
        self._stream = 1
        # Streams in flight, and whether a message has come back on them.
        self._answered: dict[int, bool] = {}
        self._window_bytes = WINDOW_BYTES
        self._rest = b""
        self._stopping = False
        self._idle = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no common class with asyncio's.
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(greeting())

    def start(self) -> None:
        """Send as many calls as may be in flight."""
        self._send()

    async def stop(self) -> None:
        """Send no more; returns when all are answered."""
        self._stopping = True
        if self._answered:
            await self._idle.wait()
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.failed += len(self._answered)
        self._answered.clear()
        self._stopping = True
        self._idle.set()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at, end = 0, len(data)
        while end - at >= FRAME_HEAD_BYTES:
            payload = at + FRAME_HEAD_BYTES
            stop = payload + int.from_bytes(data[at : at + 3])
            if stop > end:
                break
            kind, flags = data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5 : payload])
            if kind == DATA:
                if stop > payload:
                    self._answered[stream] = True
            elif kind == _HEADERS:
                if flags & _END_STREAM:
                    self._finish(stream)
            else:
                self._control(kind, flags, stream, data[payload:stop])
            at = stop
        self._rest = data[at:]
        if self._stopping and not self._answered:
            self._idle.set()
        self._send()

    def _finish(self, stream: int) -> None:
        answered = self._answered.pop(stream, None)
        if answered:
            self.done += 1
        elif answered is not None:
            self.failed += 1

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _WINDOW_UPDATE and not stream:
            self._window_bytes += int.from_bytes(payload)
        elif kind in (SETTINGS, PING) and not flags & ACK:
            answer = payload if kind == PING else b""
            self._transport.write(frame(kind, ACK, 0, answer))
        elif kind == _RST_STREAM:
            # Follows an answer too, where the server has not seen the request's end yet.
            self._finish(stream)
        elif kind == _GOAWAY:
            self._transport.close()

    def _send(self) -> None:
        frames: list[bytes] = []
        # What does not fit the window waits for the next frame from the peer.
        while (
            not self._stopping
            and len(self._answered) < STREAMS
            and self._window_bytes >= _MESSAGE_BYTES_MAX
        ):
            message = next(self._messages)
            length = len(message)
            frames += call_frames(self._block, self._stream, message)
            self._block = INDEXED_BLOCK
            self._answered[self._stream] = False
            self._stream += 2
            self._window_bytes -= length + 5
        if frames:
            self._transport.write(b"".join(frames))


def greeting() -> bytes:
    """What a client begins with: it takes all that is sent."""
    window = INITIAL_WINDOW_SIZE.to_bytes(2) + WINDOW_BYTES_MAX.to_bytes(4)
    more = (WINDOW_BYTES_MAX - WINDOW_BYTES).to_bytes(4)
    return PREFACE + frame(SETTINGS, 0, 0, window) + frame(_WINDOW_UPDATE, 0, 0, more)


def call_frames(block: bytes, stream: int, message: bytes) -> tuple[bytes, ...]:
    """A call that sends one message; the block is `first_block`, then INDEXED_BLOCK."""
    number, length = stream.to_bytes(4), len(message)
    return (
        len(block).to_bytes(3),
        b"\x01\x04",  # HEADERS, END_HEADERS
        number,
        block,
        (length + 5).to_bytes(3),
        b"\x00\x01",  # DATA, END_STREAM
        number,
        b"\x00",  # not compressed
        length.to_bytes(4),
        message,
    )


def first_block(method: str, authority: str) -> bytes:
    """The headers of the first call; the peer keeps the literal ones in its table."""
    parts = (
        b"\x83\x86",  # :method POST, :scheme http
        b"\x44",  # :path
        _text(method),
        b"\x41",  # :authority
        _text(authority),
        b"\x5f",  # content-type
        _text("application/grpc"),
        b"\x40",  # another one
        _text("te"),
        _text("trailers"),
    )
    return b"".join(parts)


def _text(text: str) -> bytes:
    return bytes((len(text),)) + text.encode()


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """A frame of HTTP/2."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload
