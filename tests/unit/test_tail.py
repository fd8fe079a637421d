"""A watcher's place in a shard, step by step."""

from typing import Any, cast

from statekeeper.v1.watch_pb2 import WATCH_INCLUDE_HEAD
from statekeeper_server.channel import Channel
from statekeeper_server.operations.watch import Piece, Place, Scope, Step, Watch
from statekeeper_server.tail import Tail

WATCH = Watch(
    scope=Scope("ns", "", single=False),
    kinds=frozenset(),
    include=WATCH_INCLUDE_HEAD,
    heartbeat_s=1.0,
    snapshot=False,
    places=None,
    start_field="resume_token",
)


class SilentChannel:
    """A channel that tells nothing by itself."""

    def add(self, listener: object) -> None:
        """Take in somebody who listens."""

    def remove(self, listener: object) -> None:
        """Leave somebody out who listened."""


def row(revision: int) -> Any:
    piece = Piece(b"%d" % revision, Place(revision))
    return revision, [piece], len(piece.fields)


def test_b82_what_is_committed_while_the_log_is_read_is_not_told_before_the_log() -> None:
    """A stream that ends in between would leave its place behind what was never told."""
    tail = Tail(cast("Channel", SilentChannel()), WATCH, lambda: None)
    tail.follow(Step(Place(4), at_end=True))
    tail.push(*row(7))
    assert tail.take() == []

    # The log is read up to 6, which was committed before 7.
    tail.follow(Step(Place(6), at_end=True))
    assert [piece.place for piece in tail.take()] == [Place(7)]
