"""Sends what waits in one go, as our own clients do: for peers that can be driven so, too."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from bench.callers import Caller

# A key and its value.
Write = tuple[str, str]


class Gatherer:
    """Writes of many callers over one connection.

    Args:
        send: writes keys and values, all in one go.
    """

    def __init__(self, send: Callable[[list[Write]], Awaitable[object]]) -> None:
        self._send = send
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []
        self._sender: asyncio.Task[None] | None = None

    def caller(self, writes: Iterator[Write]) -> Caller:
        """Who writes these, one after the other."""
        return lambda: self._write(next(writes))

    async def _write(self, write: Write) -> None:
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append((write, answer))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all())
        await answer

    async def _send_all(self) -> None:
        while self._waiting:
            going, self._waiting = self._waiting, []
            try:
                await self._send([write for write, _ in going])
            except Exception as error:  # noqa: BLE001 - whatever it is, all of them have failed
                for _, answer in going:
                    answer.set_exception(error)
            else:
                for _, answer in going:
                    answer.set_result(None)
