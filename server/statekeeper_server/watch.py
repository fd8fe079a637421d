"""Watch: the streams of watchers, and how they end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import grpc

from statekeeper.v1.watch_pb2 import WatchRequest, WatchResponse
from statekeeper_server import wire
from statekeeper_server.admission import Admission
from statekeeper_server.channel import Channel
from statekeeper_server.clock import Clock
from statekeeper_server.errors import (
    OverloadedError,
    StorageError,
    invalid,
)
from statekeeper_server.operations.watch import Piece, Step, Watch
from statekeeper_server.requests import check_watch
from statekeeper_server.requests.resume_token import ResumeTokens
from statekeeper_server.rpc import Context, guarded, parse
from statekeeper_server.shards import Shards
from statekeeper_server.tail import Tail

_FIELDS = WatchResponse.DESCRIPTOR.fields_by_name
_TOKEN_KEY = wire.field_key(_FIELDS["resume_token"].number)
_HEARTBEAT = wire.varint_key(_FIELDS["heartbeat"].number) + b"\1"
_SNAPSHOT_TOKENS_KEY = wire.field_key(_FIELDS["snapshot_tokens"].number)
_SNAPSHOT_COMPLETE = wire.varint_key(_FIELDS["snapshot_complete"].number) + b"\1"

_THREADS = 2
# What is written at once; more events go into the next message.
_MESSAGE_BYTES = 1024 * 1024
# What a watcher that is told to go may still take.
_LAST_WORDS_S = 1.0
_RETRY_AFTER_S = 1.0
_NOT_READ = "the watch was not read for too long: resume from the token"
_STOPPING = "the server is stopping: resume from the token"
_OUT_OF_SERVICE = "a shard is out of service after an I/O error: resume from the token"


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How much watchers may take; each a field of the configuration."""

    watches_max: int
    unsent_bytes_max: int
    stall_s: float


class Watches:
    """Serves Watch.

    Args:
        shards: whose executions are watched.
        folder_id: the name of the data folder, which resume tokens are bound to.
        clock: the time by which snapshots are read.
        limits: how much watchers may take.
    """

    def __init__(self, shards: Shards, folder_id: str, clock: Clock, limits: WatchLimits) -> None:
        self._shards = shards
        self._folder_id = folder_id
        self._clock = clock
        self._limits = limits
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="statekeeper watch")
        self._channels = {shard: Channel(shard, self._threads) for shard in shards}
        self._room = Admission(limits.unsent_bytes_max)
        self._streams: set[_Stream] = set()
        self._count = 0
        self._draining = False

    def drain(self) -> None:
        """End all watches, each with a token to resume from."""
        self._draining = True
        for stream in self._streams:
            stream.end(_STOPPING)

    def close(self) -> None:
        """Give the threads back; no watch may be left."""
        self._threads.shutdown()

    def handlers(self) -> "dict[str, grpc.RpcMethodHandler[bytes, bytes]]":
        """The methods, by name."""
        return {"Watch": grpc.unary_stream_rpc_method_handler(self._watch)}

    async def _watch(self, raw: bytes, context: Context) -> None:
        # What is wrong with it is told with its key, as far as it could be read.
        request = WatchRequest()
        async with guarded(context, "Watch", request):
            request.CopyFrom(parse(WatchRequest, raw))
            stream = self._open(request, context)
            self._streams.add(stream)
            try:
                await stream.run()
            finally:
                self._streams.discard(stream)

    def _open(self, request: WatchRequest, context: Context) -> "_Stream":
        watch, tokens = check_watch(request, self._folder_id, len(self._channels))
        if self._draining:
            raise StorageError(_STOPPING)
        if self._count >= self._limits.watches_max:
            raise OverloadedError("there are too many watches", _RETRY_AFTER_S)
        self._count += 1
        # Counted until its end is told: to a caller that does not read that takes a while.
        context.add_done_callback(self._count_down)  # type: ignore[arg-type]  # the stubs say that it takes none
        shards = [self._shards.of(watch.scope.key)] if watch.scope.single else self._shards
        channels = [self._channels[shard] for shard in shards]

        async def read(tail: Tail) -> Step:
            now_us = self._clock.now_us()
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, tail.read, now_us
            )

        return _Stream(
            watch,
            tokens,
            channels,
            context,
            read=read,
            room=self._room,
            stall_s=self._limits.stall_s,
        )

    def _count_down(self, _: Context) -> None:
        self._count -= 1


class _Stream:
    """One watcher.

    Args:
        watch: what it watches.
        tokens: makes its resume tokens.
        channels: those of the shards that it watches.
        context: what its messages are written to.
        read: reads on in a shard.
        room: counts what is unread, of all watchers.
        stall_s: how long it may leave a message unread.
    """

    def __init__(
        self,
        watch: Watch,
        tokens: ResumeTokens,
        channels: Sequence[Channel],
        context: Context,
        *,
        read: Callable[[Tail], Awaitable[Step]],
        room: Admission,
        stall_s: float,
    ) -> None:
        self._watch = watch
        self._tokens = tokens
        self._tails = [Tail(channel, watch, self._wake) for channel in channels]
        self._context = context
        self._read = read
        self._room = room
        self._stall_s = stall_s
        self._loop = asyncio.get_running_loop()
        self._end = ""
        self._token = ""
        self._snapshot_left = False
        self._beat_at = 0.0
        self._writing: asyncio.Timeout | None = None
        self._woken = False
        self._sleep: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Tell what is watched until the watch is ended.

        Raises:
            StorageError: by a drain, or by a shard that is out of service.
            OverloadedError: as the caller does not read.
            StateError: it could not begin, or not go on.
        """
        try:
            self._begin()
            # By itself: with a first message that is given up, gRPC would try to send it a
            # second time with the status, fail, and leave the call without an end.
            await self._context.send_initial_metadata(())
            await self._send(flags=_HEARTBEAT)
            while not self._end:
                self._woken = False
                if not await self._turn():
                    await self._rest()
            await self._say_goodbye()
        except TimeoutError:
            if not self._end:
                raise self._cut_off() from None
        except grpc.aio.InternalError:
            # It cannot be sent: the caller has gone.
            return
        except StorageError as error:
            self._end = error.message
        finally:
            for tail in self._tails:
                tail.leave()
        raise StorageError(self._end, self._token)

    def end(self, problem: str) -> None:
        """Have it end, with a token to resume from."""
        self._end = problem
        self._wake()
        if self._writing is not None and not self._writing.expired():
            self._writing.reschedule(self._loop.time() + _LAST_WORDS_S)

    def _begin(self) -> None:
        watch = self._watch
        places = watch.places or [None] * len(self._tails)
        for tail, place in zip(self._tails, places, strict=True):
            if watch.snapshot:
                tail.begin_snapshot()
            elif not tail.begin(place):
                raise invalid(watch.start_field, "is in the future")
        self._snapshot_left = any(tail.place.reached is not None for tail in self._tails)

    async def _turn(self) -> bool:
        """Tell a little of each shard; whether there may be more at once."""
        busy = False
        for tail in self._tails:
            if tail.lost:
                self.end(_OUT_OF_SERVICE)
                return False
            if tail.live:
                pieces = tail.take()
                await self._tell(tail, pieces)
                busy = busy or bool(pieces)
            else:
                await self._catch_up(tail)
                busy = True
            if tail.place.reached is not None:
                # The snapshots of the shards come one after the other.
                break
        else:
            if self._snapshot_left:
                self._snapshot_left = False
                await self._send(flags=_HEARTBEAT + _SNAPSHOT_COMPLETE)
        if self._loop.time() >= self._beat_at:
            await self._send(flags=_HEARTBEAT)
        return busy

    async def _catch_up(self, tail: Tail) -> None:
        step = await self._read(tail)
        tail.follow(step)
        if step.pieces:
            step.pieces[-1] = step.pieces[-1]._replace(place=step.place)
            await self._tell(tail, step.pieces)
        tail.place = step.place

    async def _tell(self, tail: Tail, pieces: Sequence[Piece]) -> None:
        at = 0
        while at < len(pieces):
            end = _message_end(pieces, at)
            place = pieces[end - 1].place
            fields = b"".join([piece.fields for piece in pieces[at:end]])
            if tail.place.reached is not None:
                fields += self._snapshot_tokens(tail, pieces[at : end - 1])
            if place is not None:
                tail.place = place
            await self._send(fields, token=place is not None)
            at = end

    def _snapshot_tokens(self, tail: Tail, pieces: Sequence[Piece]) -> bytes:
        """The fields with the places after the executions of a snapshot.

        A place before one of them cannot stand for the one after it: if it is removed
        meanwhile, a watch that has not come to it will say nothing.
        """
        tokens = []
        for piece in pieces:
            if piece.place is not None and piece.place.reached != tail.place.reached:
                tail.place = piece.place
                tokens.append(wire.field(_SNAPSHOT_TOKENS_KEY, self._place_token().encode()))
        return b"".join(tokens)

    def _place_token(self) -> str:
        return self._tokens.token([tail.place for tail in self._tails])

    async def _send(self, fields: bytes = b"", *, token: bool = True, flags: bytes = b"") -> None:
        """Write a message.

        Raises:
            TimeoutError: the caller does not read.
        """
        message = fields + flags
        new_token = self._token
        if token:
            if not fields:
                for tail in self._tails:
                    tail.settle()
            new_token = self._place_token()
            message += wire.field(_TOKEN_KEY, new_token.encode())
        try:
            self._room.enter(len(message))
        except OverloadedError:
            raise self._cut_off() from None
        # What is handed over comes before whatever is said in the end.
        self._token = new_token
        try:
            async with asyncio.timeout(self._stall_s) as self._writing:
                await self._context.write(message)
        finally:
            self._writing = None
            self._room.leave(len(message))
        self._beat_at = self._loop.time() + self._watch.heartbeat_s

    async def _say_goodbye(self) -> None:
        for tail in self._tails:
            await self._tell(tail, tail.take())
        await self._send(flags=_HEARTBEAT)

    async def _rest(self) -> None:
        """Wait until there is something to tell, or it is time for a heartbeat."""
        if self._woken or self._end:
            return
        self._sleep = self._loop.create_future()
        timer = self._loop.call_at(self._beat_at, self._wake)
        try:
            await self._sleep
        finally:
            timer.cancel()
            self._sleep = None

    def _cut_off(self) -> OverloadedError:
        return OverloadedError(_NOT_READ, _RETRY_AFTER_S, self._token)

    def _wake(self) -> None:
        self._woken = True
        if self._sleep is not None and not self._sleep.done():
            self._sleep.set_result(None)


def _message_end(pieces: Sequence[Piece], at: int) -> int:
    """Where a message that begins at a piece ends. A part of a row has one of its own."""
    if pieces[at].place is None:
        return at + 1
    end, size_bytes = at + 1, len(pieces[at].fields)
    while end < len(pieces) and pieces[end].place is not None:
        size_bytes += len(pieces[end].fields)
        if size_bytes > _MESSAGE_BYTES:
            break
        end += 1
    return end
