"""Watch: what is watched, and reading it from the log in short steps.

A watch with a snapshot comes upon the executions of a shard one after the other, in the
order of their keys, each as it is in the step's own snapshot of the store. From then on the
log tells what happens to it. So none is missed and none told twice, however long it takes,
and nothing has to be remembered but one place in the log and one among the keys.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.watch_pb2 import WatchInclude
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations import watch_events
from statekeeper_server.operations.past import check_kept
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Event, Head
from statekeeper_server.store.reader import Reader

# A step is over after so much: it holds back what is freed meanwhile, and a thread.
_STEP_ROWS = 1_000
_STEP_BYTES = 512 * 1024


class Place(NamedTuple):
    """Where a watch stands in a shard.

    Attributes:
        revision: what the log has up to there was told.
        reached: of a snapshot that is not complete: the last execution id that it has come
            to, of those that begin with the prefix; None: there is no snapshot to tell.
    """

    revision: int
    reached: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose events are told: those of one execution, or of those whose ids begin alike.

    Attributes:
        namespace: of all of them.
        id_prefix: what their ids begin with; of one execution, its id.
        single: whether it is one execution.
    """

    namespace: str
    id_prefix: str
    single: bool

    @property
    def key(self) -> ExecutionKey:
        """The one execution, or what the keys of all of them begin with."""
        return ExecutionKey(self.namespace, self.id_prefix)

    def has(self, namespace: str, execution_id: str) -> bool:
        """Whether an execution is one of them."""
        if namespace != self.namespace:
            return False
        if self.single:
            return execution_id == self.id_prefix
        return execution_id.startswith(self.id_prefix)


@dataclass(frozen=True, slots=True)
class Watch:
    """A checked WatchRequest.

    Attributes:
        scope: whose events.
        kinds: of which kinds; none: all.
        include: how much of the values.
        heartbeat_s: how long the stream may be silent.
        snapshot: whether to begin with the executions as they are.
        places: where to begin in each shard, or in that of the one execution; None: now.
        start_field: the field of the request that says so.
    """

    scope: Scope
    kinds: frozenset[EventKind]
    include: WatchInclude
    heartbeat_s: float
    snapshot: bool
    places: tuple[Place, ...] | None
    start_field: str


class Piece(NamedTuple):
    """A part of a message: events, serialised as its fields, and the place after them.

    The place is None where more events of the same revision follow.
    """

    fields: bytes
    place: Place | None


@dataclass(slots=True)
class Step:
    """What one step has read, where the watch stands then, and whether that is the end."""

    place: Place
    pieces: list[Piece] = field(default_factory=list)
    size_bytes: int = 0
    at_end: bool = False

    @property
    def is_full(self) -> bool:
        """Whether it has read enough."""
        return self.size_bytes >= _STEP_BYTES

    def add(self, fields: list[bytes], place: Place) -> None:
        """Add the events of a row, and move on to the place behind it."""
        self.pieces += pieces(fields, place)
        self.size_bytes += sum(map(len, fields))
        self.place = place


def pieces(fields: list[bytes], place: Place) -> list[Piece]:
    """The events of a row, together where they are small."""
    if sum(map(len, fields)) <= _STEP_BYTES:
        return [Piece(b"".join(fields), place)] if fields else []
    *others, last = fields
    return [*(Piece(one, None) for one in others), Piece(last, place)]


def read_step(store: Reader, watch: Watch, place: Place, now_us: int) -> Step:
    """Read on from a place: the log, and where that is at its end, more of the snapshot.

    Raises:
        RevisionCompactedError: what follows the place is no longer kept.
    """
    check_kept(store, place.revision)
    last = store.last_revision()
    if place.reached == "":
        # Nothing was told yet, so there is nothing yet whose changes are to be told.
        place = Place(last, "")
    step = Step(place)
    for rows, (revision, row) in enumerate(store.log(place.revision)):
        if rows == _STEP_ROWS or step.is_full:
            return step
        fields = _row_fields(store, watch, place.reached, revision, row)
        step.add(fields, Place(revision, place.reached))
    step.place = Place(last, place.reached)
    if place.reached is None:
        step.at_end = True
    elif not step.is_full:
        _read_snapshot(store, watch, step, now_us)
    return step


def _row_fields(
    store: Reader, watch: Watch, reached: str | None, revision: int, row: bytes
) -> list[bytes]:
    scope = watch.scope
    # What cannot be one of them need not be parsed.
    if scope.namespace.encode() not in row or scope.id_prefix.encode() not in row:
        return []
    event = Event.FromString(row)
    key = event.execution.key
    if not scope.has(key.namespace, key.execution_id):
        return []
    if reached is not None and key.execution_id > reached:
        # The snapshot will come to it.
        return []
    if watch.kinds and not any(act.kind in watch.kinds for act in event.acts):
        return []
    first = watch_events.values(store, revision, event, watch.include)
    return watch_events.fields(watch_events.heads(revision, event), watch.kinds, first)


def _read_snapshot(store: Reader, watch: Watch, step: Step, now_us: int) -> None:
    revision, reached = step.place
    assert reached is not None  # noqa: S101 - otherwise there is no snapshot
    for rows, head in enumerate(_heads(store, watch.scope, reached)):
        if rows == _STEP_ROWS or step.is_full:
            return
        place = Place(revision, head.execution.key.execution_id)
        fields = []
        if living(head, now_us) is not None:
            fields.append(watch_events.snapshot(store, head, watch.include))
        step.add(fields, place)
    step.place = Place(revision)
    step.at_end = True


def _heads(store: Reader, scope: Scope, reached: str) -> Iterator[Head]:
    """The executions of a snapshot behind the one that it has reached."""
    if scope.single:
        head = None if reached else store.head(scope.key)
        return iter(() if head is None else (head,))
    # No id has a NUL, so this is the next key.
    since = ExecutionKey(scope.namespace, reached).row + b"\0" if reached else b""
    return store.heads(scope.key.row, since)
