"""What watchers were told, compared with the log.

The log is read from where it is stored, not from a watch: what is compared must not come
from the code that is tried.
"""

import struct
from base64 import urlsafe_b64decode
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from statekeeper.v1.history_pb2 import (
    EVENT_KIND_CHECKPOINTED,
    EVENT_KIND_DELETED,
    EVENT_KIND_EXPIRED,
    EVENT_KIND_LOCKED,
    EVENT_KIND_PAUSE_EXPIRED,
    EVENT_KIND_SNAPSHOT,
    EVENT_KIND_UNLOCKED,
)
from statekeeper_server.closed_folder import ClosedFolder
from statekeeper_server.storage.v1.records_pb2 import Event as LogRow
from statekeeper_server.store.reader import Reader

UNMOVED = {EVENT_KIND_CHECKPOINTED, EVENT_KIND_LOCKED, EVENT_KIND_UNLOCKED}
"""Kinds that move no revision."""
BY_ITSELF = {EVENT_KIND_EXPIRED, EVENT_KIND_PAUSE_EXPIRED}
"""Kinds of what nobody asks for."""
_ENDS = {EVENT_KIND_DELETED, EVENT_KIND_EXPIRED}
_TOKEN_HEAD_BYTES = 17
_TOKEN_PLACE = struct.Struct(">QH")
_NO_SNAPSHOT = 0xFFFF


class Fact(NamedTuple):
    """One event, as the log has it."""

    revision: int
    name: str
    kind: int
    version: int


class Place(NamedTuple):
    """Where a resume token stands in a shard; `reached` as long as a snapshot is not complete."""

    revision: int
    reached: str | None


def places_of(token: str) -> list[Place]:
    """The places of a resume token; read here again, as old tokens are to be read for ever."""
    raw, at = urlsafe_b64decode(token)[_TOKEN_HEAD_BYTES:-4], 0
    places = []
    while at < len(raw):
        revision, size = _TOKEN_PLACE.unpack_from(raw, at)
        at += _TOKEN_PLACE.size
        if size == _NO_SNAPSHOT:
            places.append(Place(revision, None))
        else:
            places.append(Place(revision, raw[at : at + size].decode()))
            at += size
    return places


class Log:
    """The events of all shards, by namespace; read piece by piece, as a server forgets them."""

    def __init__(self, shards: int) -> None:
        self._facts: list[dict[str, list[Fact]]] = [defaultdict(list) for _ in range(shards)]
        self._read = [0] * shards

    def read(self, shard: int, store: Reader) -> None:
        """Read what a shard has added. Nothing may have been forgotten of it."""
        assert store.compacted_revision() <= self._read[shard]
        for revision, raw in store.log(self._read[shard]):
            row = LogRow.FromString(raw)
            key, version = row.execution.key, row.execution.version
            self._facts[shard][key.namespace] += [
                Fact(revision, key.execution_id, act.kind, version) for act in row.acts
            ]
            self._read[shard] = revision

    def read_folder(self, path: Path) -> None:
        """Read what all shards have added, of a folder that no server has."""
        with ClosedFolder(path) as folder:
            for shard in range(folder.format().shards):
                with folder.reading(shard) as txn:
                    self.read(shard, Reader(txn))

    def of(self, namespace: str) -> list[list[Fact]]:
        """The events of a namespace, shard by shard."""
        return [facts.get(namespace, []) for facts in self._facts]


@dataclass(frozen=True)
class Scope:
    """What a watcher watches; a key where it is one execution."""

    id_prefix: str = ""
    key: str = ""
    kinds: tuple[int, ...] = ()

    def has(self, event: Fact) -> bool:
        """Whether it is told of that."""
        if self.kinds and event.kind not in self.kinds:
            return False
        return event.name == self.key if self.key else event.name.startswith(self.id_prefix)


class Mark(NamedTuple):
    """A resume token that was given, and how many events before it."""

    places: list[Place]
    told: int


@dataclass
class Life:
    """What a watcher was told from one beginning on, over any number of streams.

    Attributes:
        shards: those that it watches.
        after: the positions in them that it begins behind; None: it begins with a snapshot.
        told: the events that it was told.
        marks: the tokens that it was given meanwhile.
    """

    shards: list[int]
    after: list[int] | None
    told: list[Fact] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def mark(self, token: str) -> None:
        """Note a token that came."""
        self.marks.append(Mark(places_of(token), len(self.told)))

    def check(self, scope: Scope, log: list[list[Fact]], shard_of: Callable[[str], int]) -> None:
        """Compare what was told with the log: all up to each token, once and in order."""
        for at, shard in enumerate(self.shards):
            due = [fact for fact in log[shard] if scope.has(fact)]
            told = [fact for fact in self.told if shard_of(fact.name) == shard]
            if self.after is None:
                self._check_snapshot(at, told, due)
                continue
            due = [fact for fact in due if fact.revision > self.after[at]]
            assert told == due[: len(told)]
            self._check_marks(at, told, [fact.revision for fact in due])

    def _check_marks(self, at: int, told: list[Fact], due: list[int]) -> None:
        """A token says up to where all was told."""
        mine = set(told)
        numbers = [n for n, fact in enumerate(self.told, 1) if fact in mine]
        for places, count in self.marks:
            assert bisect_right(numbers, count) == bisect_right(due, places[at].revision)

    def _check_snapshot(self, at: int, told: list[Fact], due: list[Fact]) -> None:
        if not self.marks:
            return
        place, told_before = self.marks[-1].places[at], set(self.told[: self.marks[-1].told])
        shown = [fact for fact in told if fact.kind == EVENT_KIND_SNAPSHOT]
        since = {fact.name: fact.revision for fact in shown}
        assert len(since) == len(shown), "shown twice"
        for name in {fact.name for fact in (*told, *due)}:
            mine = [fact for fact in told if fact.name == name]
            if place.reached is not None and name > place.reached:
                # The snapshot has not come to it by the last token.
                assert told_before.isdisjoint(mine)
                continue
            events = [fact for fact in mine if fact.kind != EVENT_KIND_SNAPSHOT]
            whole = [fact for fact in due if fact.name == name]
            first = whole.index(events[0]) if events else None
            assert events == ([] if first is None else whole[first : first + len(events)])
            before = [fact for fact in whole if fact.revision <= place.revision]
            missed = before if first is None else whole[:first]
            if name in since:
                assert mine[0].kind == EVENT_KIND_SNAPSHOT
                assert all(fact.revision > since[name] for fact in events)
                # What came between moved no revision: it was before the snapshot came to it.
                assert all(f.revision <= since[name] or f.kind in UNMOVED for f in missed)
            else:
                # It was not there when the snapshot came to it; it may have been locked.
                moved = [fact.kind for fact in missed if fact.kind not in UNMOVED]
                assert not moved or moved[-1] in _ENDS
            if first is not None:
                assert set(before[first:]) <= told_before
