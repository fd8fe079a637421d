"""Batch and Pipeline: entries that come in one message, or in a stream of messages."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Executor

import grpc

from statekeeper.v1.operation_pb2 import OperationResult
from statekeeper_server.admission import Admission
from statekeeper_server.entries import Entries, Entry, Kind
from statekeeper_server.errors import OverloadedError, invalid
from statekeeper_server.incoming import Operations
from statekeeper_server.limits import (
    ANSWER_BYTES_MAX,
    LARGE_BYTES,
    OPERATIONS_MAX,
    RESULT_BYTES_SMALL,
)
from statekeeper_server.operation_result import listed
from statekeeper_server.requests import ReadWrites
from statekeeper_server.rpc import Context, guarded, leave_when_sent
from statekeeper_server.shards import Shards
from statekeeper_server.write_group import WriteGroup

# A stream is not read while so much of it is under way.
_UNDER_WAY_MAX = 4 * OPERATIONS_MAX
_UNSENT_BYTES_MAX = 4 * 1024 * 1024
# What is written at once; more results go into the next message.
_MESSAGE_BYTES = 1024 * 1024
_TOO_MUCH = invalid("operation", "its answer has no room in that of the batch: ask by itself")


class Batches:
    """Serves Batch and Pipeline.

    Args:
        kinds: how each operation is done, by its name in Operation.
        read_writes: reads messages that have nothing but plain writes; None: nothing does.
        shards: where.
        threads: where large messages are checked.
        admission: counts the bytes that are under way.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        read_writes: ReadWrites | None,
        shards: Shards,
        threads: Executor,
        admission: Admission,
    ) -> None:
        self._kinds = kinds
        self._operations = Operations(kinds, read_writes)
        self._shards = shards
        self._threads = threads
        self._admission = admission
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Read no more from streams, and end them when what is under way is done."""
        self._draining.set()

    def handlers(self) -> "dict[str, grpc.RpcMethodHandler[bytes, bytes]]":
        """The methods, by name."""
        return {
            "Batch": grpc.unary_unary_rpc_method_handler(self._batch),
            "Pipeline": grpc.stream_stream_rpc_method_handler(self._pipeline),
        }

    async def _batch(self, raw: bytes, context: Context) -> bytes:
        response = b""
        async with guarded(context, "Batch"):
            with self._admission.room(len(raw)):
                response = await self._answer(raw)
            leave_when_sent(context, self._admission, len(response))
        return response

    async def _answer(self, raw: bytes) -> bytes:
        """The results, which admission has counted."""
        writes = self._operations.writes(raw)
        operations = self._operations.read(raw) if writes is None else []
        results: list[bytes] = [b""] * len(writes or operations)
        granted: list[Entry] = []
        left, size_bytes = len(results), 0
        done = asyncio.get_running_loop().create_future()

        def deliver(entry: Entry, result: bytes) -> None:
            if len(result) > RESULT_BYTES_SMALL and size_bytes + len(result) > ANSWER_BYTES_MAX:
                result = _shortened(entries, entry, result)
            if entry.granted is not None:
                granted.append(entry)
            keep(entry.number, listed(entries.bounded(entry, result)), 1)

        def deliver_group(group: WriteGroup, group_results: bytes) -> None:
            keep(group.number, group_results, group.count)

        def keep(number: int, some: bytes, count: int) -> None:
            nonlocal left, size_bytes
            self._admission.hold(len(some))
            size_bytes += len(some)
            results[number] = some
            left -= count
            if not left and not done.done():
                done.set_result(None)

        entries = Entries(
            self._kinds,
            self._shards,
            self._threads,
            self._admission,
            deliver=deliver,
            deliver_group=deliver_group,
        )
        try:
            large = len(raw) > LARGE_BYTES
            if writes is not None:
                entries.start_writes(0, writes, counting=True)
            for number, operation in enumerate(operations):
                entries.start(number, operation, large=large)
            await done
        except BaseException:
            self._admission.leave(size_bytes)
            entries.take_back(granted)
            raise
        finally:
            entries.leave()
        return b"".join(results)

    async def _pipeline(self, requests: AsyncIterator[bytes], context: Context) -> None:
        async with guarded(context, "Pipeline"):
            stream = _Stream(
                self._operations, self._kinds, self._shards, self._threads, self._admission
            )
            await stream.run(requests, context, self._draining)


class _Stream:
    """One caller's pipeline."""

    def __init__(
        self,
        operations: Operations,
        kinds: Mapping[str, Kind],
        shards: Shards,
        threads: Executor,
        admission: Admission,
    ) -> None:
        self._operations = operations
        self._entries = Entries(
            kinds,
            shards,
            threads,
            admission,
            deliver=self._deliver,
            deliver_group=self._deliver_group,
        )
        self._admission = admission
        # With the entry that it is of; None: a group's.
        self._results: list[tuple[Entry | None, bytes]] = []
        self._unsent_bytes = 0
        # What each message holds: its bytes, and how many of its operations are under way.
        self._messages: dict[int, list[int]] = {}
        self._under_way = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()

    async def run(
        self, requests: AsyncIterator[bytes], context: Context, draining: asyncio.Event
    ) -> None:
        """Read, do and answer until the caller has sent all, or the server drains."""
        reading = asyncio.ensure_future(self._read(requests))
        ending = asyncio.ensure_future(draining.wait())
        for task in (reading, ending):
            task.add_done_callback(lambda _: self._wake.set())
        try:
            while True:
                if self._results:
                    message = self._take()
                    try:
                        await context.write(message)
                    except grpc.aio.InternalError:
                        # It cannot be sent: the caller has gone.
                        return
                    self._unsent_bytes -= len(message)
                    self._admission.leave(len(message))
                    self._room.set()
                    continue
                if reading.done() and not reading.cancelled():
                    reading.result()
                if not self._under_way and (reading.done() or ending.done()):
                    return
                self._wake.clear()
                if ending.done() and not reading.done():
                    reading.cancel()
                await self._wake.wait()
        finally:
            reading.cancel()
            ending.cancel()
            self._entries.leave()
            self._entries.take_back([entry for entry, _ in self._results if entry])
            held = [size_bytes for size_bytes, _ in self._messages.values()]
            self._admission.leave(sum(held) + self._unsent_bytes)

    async def _read(self, requests: AsyncIterator[bytes]) -> None:
        number = 0
        async for raw in requests:
            number += 1
            self._begin(number, raw)
            while self._is_full():
                self._room.clear()
                await self._room.wait()

    def _is_full(self) -> bool:
        """Whether enough is under way; what the caller is slow to read is."""
        return (
            self._under_way + len(self._results) >= _UNDER_WAY_MAX
            or self._unsent_bytes >= _UNSENT_BYTES_MAX
        )

    def _begin(self, number: int, raw: bytes) -> None:
        writes = self._operations.writes(raw)
        operations = self._operations.read(raw) if writes is None else []
        count = len(writes or operations)
        size_bytes = len(raw)
        try:
            self._admission.enter(size_bytes)
        except OverloadedError as error:
            for each in writes or operations:
                self._entries.refuse(number, each.tag, error)
            return
        self._messages[number] = [size_bytes, count]
        self._under_way += count
        if writes is not None:
            self._entries.start_writes(number, writes, counting=False)
        large = size_bytes > LARGE_BYTES
        for operation in operations:
            self._entries.start(number, operation, large=large)

    def _deliver(self, entry: Entry, result: bytes) -> None:
        self._keep(entry, listed(self._entries.bounded(entry, result)))
        self._count(entry.number, 1)

    def _deliver_group(self, group: WriteGroup, results: bytes) -> None:
        self._keep(None, results)
        self._count(group.number, group.count)

    def _keep(self, entry: Entry | None, results: bytes) -> None:
        """Have results sent."""
        if not self._results:
            self._wake.set()
        # Counted until it is sent: a caller that reads slowly holds it here.
        self._admission.hold(len(results))
        self._unsent_bytes += len(results)
        self._results.append((entry, results))

    def _count(self, number: int, count: int) -> None:
        """So many operations of a message are done."""
        message = self._messages.get(number)
        if message is None:
            return
        self._under_way -= count
        message[1] -= count
        if not message[1]:
            del self._messages[number]
            self._admission.leave(message[0])
        self._room.set()

    def _take(self) -> bytes:
        """The results that are there, as one message that is not too large."""
        size_bytes = count = 0
        for _, result in self._results:
            size_bytes += len(result)
            if count and size_bytes > _MESSAGE_BYTES:
                break
            count += 1
        taken, self._results = self._results[:count], self._results[count:]
        return b"".join([result for _, result in taken])


def _shortened(entries: Entries, entry: Entry, result: bytes) -> bytes:
    """What is told instead of a result that has no room."""
    if entry.kind != "update":
        return entries.refusal(entry, _TOO_MUCH)
    # It is done, and its caller must hear of it.
    short = OperationResult.FromString(result)
    short.update.ClearField("execution")
    return short.SerializeToString()
