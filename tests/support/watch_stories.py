"""A short story: writers write to a namespace, and watchers of it come, stumble and go on."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import grpc

from statekeeper import AsyncClient, WatchEvent
from statekeeper.places import Place as ClientPlace
from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import (
    EVENT_KIND_DELETED,
    EVENT_KIND_SAVED,
    EventKind,
)
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import LoadRequest
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_CHANGES,
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_STATE,
    Event,
    WatchInclude,
    WatchRequest,
    WatchResponse,
)
from tests.support.operations import seconds
from tests.support.placement import shard_of
from tests.support.raw import Refusal, key_of
from tests.support.watch_truth import BY_ITSELF, UNMOVED, Fact, Life, Log, Scope, places_of
from tests.support.watching import merge
from tests.support.writers import PASSING, Author, Write

DEADLINE_S = 60.0
_WRITERS = 3
_WRITES = 8
_HEARTBEAT_S = 0.1
# A stream says something within this time, however much else there is to do.
_SILENCE_S = 20.0
_INCLUDES: tuple[WatchInclude, ...] = (
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_CHANGES,
    WATCH_INCLUDE_STATE,
)


@dataclass
class World:
    """What a story takes place in.

    Attributes:
        stub: of a channel to the server, of this event loop.
        client: the client for the same.
        shards: how many the server has.
        wrote: told of each write that was answered.
        may_be_forgotten: whether the server may have forgotten what follows these places,
            one for each of these shards.
        stumbles: how often streams have ended, by what they ended with.
    """

    stub: StateManagerStub
    client: AsyncClient
    shards: int
    wrote: Callable[[], None]
    may_be_forgotten: Callable[[list[int], list[int]], bool]
    stumbles: Counter[str] = field(default_factory=Counter)


class Watcher:
    """Watches the namespace of a story.

    Attributes:
        scope: what of it.
        lives: what it was told, from each beginning.
    """

    def __init__(self, world: World, namespace: str, scope: Scope, dice: Random) -> None:
        self.scope = scope
        self.lives: list[Life] = []
        self._world = world
        self._namespace = namespace
        self._dice = dice
        every = range(world.shards)
        self._shards = [self.shard_of(scope.key)] if scope.key else list(every)

    def shard_of(self, name: str) -> int:
        """Where an execution of its namespace is."""
        return shard_of(name, self._world.shards, self._namespace)

    async def watch(self, end: "asyncio.Future[list[int]]") -> None:
        """Watch until it was told all, up to these positions in the shards."""
        raise NotImplementedError

    def __repr__(self) -> str:
        life = self.lives[-1] if self.lives else None
        last = life.marks[-1] if life and life.marks else None
        return f"{type(self).__name__}({self.scope}, {self._shards}, {len(self.lives)}, {last})"

    def has_come_to(self, end: list[int]) -> bool:
        """Whether it was told all up to there."""
        if not self.lives or not self.lives[-1].marks:
            return False
        places = self.lives[-1].marks[-1].places
        return all(
            place.revision >= end[shard] and place.reached is None
            for place, shard in zip(places, self._shards, strict=True)
        )

    def _check_forgotten(self, token: str) -> None:
        """A watch may only be refused when something is forgotten."""
        self._world.stumbles["REVISION_COMPACTED"] += 1
        places = [place.revision for place in places_of(token)]
        assert self._world.may_be_forgotten(self._shards, places)


class RawWatcher(Watcher):
    """Watches by streams of its own, and leaves them when it likes."""

    def __init__(self, world: World, namespace: str, scope: Scope, dice: Random) -> None:
        super().__init__(world, namespace, scope, dice)
        self._include = dice.choice(_INCLUDES)
        self._token = ""
        # What the executions are by what was told; None where that cannot be known.
        self._states: dict[str, ExecutionState | None] = {}
        # The moment from which on a watch that begins now has to tell everything.
        self.begun_s: dict[int, float] = {}

    async def watch(self, end: "asyncio.Future[list[int]]") -> None:
        """Watch until it was told all, up to these positions in the shards."""
        while not (end.done() and self.has_come_to(end.result())):
            request = self._request()
            call: Any = self._world.stub.Watch(request, timeout=DEADLINE_S, wait_for_ready=True)
            patience = self._dice.choice((1, 3, 10, 1_000))
            try:
                while patience > 0 and not (end.done() and self.has_come_to(end.result())):
                    self._take(request, await self._read(call))
                    patience -= 1
                    await self._dawdle(ending=end.done())
            except grpc.aio.AioRpcError as error:
                await self._stumble(request, Refusal.of(error))
            finally:
                call.cancel()

    async def _read(self, call: Any) -> WatchResponse:
        """The next message. Heartbeats come where there is nothing to tell (B83)."""
        try:
            async with asyncio.timeout(_SILENCE_S):
                message: WatchResponse = await call.read()
        except TimeoutError:
            raise AssertionError(f"a stream is silent for {_SILENCE_S} s: {self}") from None
        return message

    async def check_values(self) -> None:
        """Compare what the values come to with what is stored."""
        if self.scope.kinds or self._include == WATCH_INCLUDE_HEAD:
            return
        for name, state in self._states.items():
            if state is not None:
                request = LoadRequest(key=key_of(name, self._namespace))
                response = await insist(self._world.stub.Load, request)
                assert response.execution.state == state

    def _request(self) -> WatchRequest:
        scope = self.scope
        request = WatchRequest(kinds=scope.kinds, include=self._include)  # type: ignore[arg-type]
        request.heartbeat_interval.CopyFrom(seconds(_HEARTBEAT_S))
        if scope.key:
            request.key.CopyFrom(key_of(scope.key, self._namespace))
        else:
            request.namespace, request.id_prefix = self._namespace, scope.id_prefix
        if self._token:
            request.resume_token = self._token
        elif scope.key and self._dice.random() < 0.5:
            request.after_revision = 0
        elif not scope.kinds and self._dice.random() < 0.6:
            request.snapshot = True
        return request

    def _take(self, request: WatchRequest, message: WatchResponse) -> None:
        if not self._token:
            self._begin(request, message.resume_token)
        life = self.lives[-1]
        for event in message.events:
            name = event.key.execution_id
            life.told.append(Fact(event.revision, name, event.kind, event.version))
            self._follow(name, event)
        if message.resume_token:
            self._token = message.resume_token
            life.mark(message.resume_token)

    def _begin(self, request: WatchRequest, token: str) -> None:
        self._states.clear()
        after: list[int] | None = None
        if request.WhichOneof("start") == "after_revision":
            after = [0]
        elif not request.snapshot:
            after = [place.revision for place in places_of(token)]
            self.begun_s[len(self.lives)] = time.monotonic()
        self.lives.append(Life(self._shards, after))

    def _follow(self, name: str, event: Event) -> None:
        """Make of the state before an event the state after it."""
        if event.kind == EVENT_KIND_DELETED or event.values_missing:
            self._states[name] = None
        elif event.HasField("execution"):
            self._states[name] = event.execution.state
        elif event.HasField("changes"):
            before = ExecutionState(id=name) if event.version == 1 else self._states.get(name)
            if before is not None:
                merge(before, event)
            self._states[name] = before

    async def _dawdle(self, *, ending: bool) -> None:
        """Leave what comes unread for a while."""
        if not ending and self._dice.random() < 0.1:
            await asyncio.sleep(self._dice.choice((0.005, 0.02, 0.5)) * self._dice.random())

    async def _stumble(self, request: WatchRequest, refusal: Refusal) -> None:
        if refusal.reason == "REVISION_COMPACTED":
            if request.WhichOneof("start") == "resume_token":
                self._check_forgotten(request.resume_token)
            self._token = ""
            return
        self._world.stumbles[refusal.reason or refusal.code.name] += 1
        assert refusal.reason == "OVERLOADED" or refusal.code in PASSING, refusal
        told = refusal.metadata.get("resume_token", "")
        assert told in ("", self._token), "it ends with the last token that was given"
        await asyncio.sleep(0.01)


class ClientWatcher(Watcher):
    """Watches by the client, gives up steps, leaves in the midst of a message, and resumes."""

    def __init__(self, world: World, namespace: str, scope: Scope, dice: Random) -> None:
        super().__init__(world, namespace, scope, dice)
        self._place = ""

    async def watch(self, end: "asyncio.Future[list[int]]") -> None:
        """Watch until it was told all, up to these positions in the shards."""
        snapshot = True
        while not (end.done() and self.has_come_to(end.result())):
            patience = self._dice.choice((1, 3, 10, 1_000))
            async with self._world.client.watch(
                namespace=self._namespace,
                id_prefix=self.scope.id_prefix,
                snapshot=snapshot,
                resume_token=self._place or None,
                heartbeat=_HEARTBEAT_S,
                on_compacted="snapshot",
            ) as events:
                if snapshot:
                    self.lives.append(Life(self._shards, None))
                    snapshot = False
                while patience > 0 and not (end.done() and self.has_come_to(end.result())):
                    await self._step(anext(events), end)
                    self._keep(events.resume_token)
                    patience -= 1

    async def _step(self, step: Awaitable[WatchEvent], end: "asyncio.Future[list[int]]") -> None:
        # In the end, what is waited for is a heartbeat, which gives no event.
        limits_s = (0.002, 0.02, 0.2) if not end.done() else (3 * _HEARTBEAT_S,)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._dice.choice(limits_s)):
                self._take(await step)

    def _take(self, event: WatchEvent) -> None:
        if event.kind == "gap":
            token = ClientPlace.read(self._place).token
            # Without one, only the client knows yet where it was.
            if token:
                self._check_forgotten(token)
            self.lives.append(Life(self._shards, None))
        elif event.kind != "snapshot_complete":
            kind = EventKind.Value(f"EVENT_KIND_{event.kind.name}")
            fact = Fact(event.revision, event.execution_id, kind, event.version)
            self.lives[-1].told.append(fact)

    def _keep(self, text: str) -> None:
        """Note where it stands."""
        self._place = text
        place = ClientPlace.read(text)
        if place.token and not place.count:
            self.lives[-1].mark(place.token)


@dataclass
class Story:
    """What has been done and told, to be compared with the log."""

    namespace: str
    authors: list[Author]
    watchers: list[Watcher]
    # When each write that was answered was sent first, by revision and execution.
    sent_s: dict[tuple[int, str], float] = field(default_factory=dict)

    def check(self, log: Log) -> None:
        """Compare it."""
        shards = log.of(self.namespace)
        answered = sorted(told for author in self.authors for told in author.told)
        found = sorted(
            (fact.name, fact.revision, EventKind.Name(fact.kind)[11:].lower())
            for shard in shards
            for fact in shard
            if fact.kind not in UNMOVED | BY_ITSELF
        )
        assert found == answered
        for watcher in self.watchers:
            for number, life in enumerate(watcher.lives):
                life.check(watcher.scope, shards, watcher.shard_of)
                if isinstance(watcher, RawWatcher) and number in watcher.begun_s:
                    self._check_begun(watcher, life, watcher.begun_s[number])

    def _check_begun(self, watcher: RawWatcher, life: Life, begun_s: float) -> None:
        """What was sent after the watch had begun is behind where it began."""
        assert life.after is not None
        after = dict(zip(life.shards, life.after, strict=True))
        for (revision, name), sent_s in self.sent_s.items():
            if sent_s > begun_s and watcher.shard_of(name) in after:
                assert revision > after[watcher.shard_of(name)]


async def tell(world: World, namespace: str, dice: Random) -> Story:
    """Let a story take place in a namespace that is empty."""
    authors = [Author(n, dice, namespace) for n in range(_WRITERS)]
    watchers = [_watcher(world, namespace, dice, authors) for _ in range(dice.randint(1, 4))]
    story = Story(namespace, authors, watchers)
    end: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()

    async def write_all() -> None:
        await asyncio.gather(*(_write(world, story, author, dice) for author in authors))
        end.set_result(_end(world, story))

    async def watch(watcher: Watcher) -> None:
        await asyncio.sleep(dice.choice((0, 0.02)) * dice.random())
        await watcher.watch(end)
        if isinstance(watcher, RawWatcher):
            await watcher.check_values()

    try:
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
            group.create_task(write_all())
            for watcher in watchers:
                group.create_task(watch(watcher))
    except TimeoutError:
        written = f"written up to {end.result()}" if end.done() else "not all is written"
        raise AssertionError(f"{namespace}: {written}, {watchers}") from None
    return story


def _watcher(world: World, namespace: str, dice: Random, authors: list[Author]) -> Watcher:
    author = dice.choice(authors)
    scopes = (
        Scope(),
        Scope(id_prefix=author.names[0][:-1]),
        Scope(key=dice.choice(author.names)),
        Scope(kinds=(EVENT_KIND_SAVED, EVENT_KIND_DELETED)),
    )
    if dice.random() < 0.3:
        return ClientWatcher(world, namespace, dice.choice(scopes[:2]), dice)
    return RawWatcher(world, namespace, dice.choice(scopes), dice)


def _end(world: World, story: Story) -> list[int]:
    """Up to where the shards have come with it."""
    end = [0] * world.shards
    for name, revision, _ in (told for author in story.authors for told in author.told):
        shard = shard_of(name, world.shards, story.namespace)
        end[shard] = max(end[shard], revision)
    return end


async def _write(world: World, story: Story, author: Author, dice: Random) -> None:
    for _ in range(_WRITES):
        await _do(world, story, author, author.think())
        await asyncio.sleep(dice.choice((0, 0, 0.005)) * dice.random())
    # The answers to locks and checkpoints do not say where they are: this one comes after them.
    await _do(world, story, author, author.save(author.names[0]))


async def _do(world: World, story: Story, author: Author, write: Write) -> None:
    sent_s = time.monotonic()
    response = await insist(getattr(world.stub, write.rpc), write.request)
    author.note(write, response)
    if write.kinds:
        story.sent_s[response.result.revision, write.name] = sent_s
    world.wrote()


async def insist(method: Any, request: Any) -> Any:
    """Send a request until it is answered."""
    while True:
        try:
            return await method(request, timeout=5, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            if Refusal.of(error).code not in PASSING:
                raise
            await asyncio.sleep(0.01)
