"""Watches for a fake service: streams that say what a test has lined up."""

import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import grpc
from google.protobuf.message import Message

from statekeeper.v1 import execution_pb2, history_pb2, watch_pb2

from .answers import Answer

SAVED = history_pb2.EVENT_KIND_SAVED


Line = Message | Answer | threading.Event
"""What a stream does next: sends a message, ends with a refusal, or waits."""


class FakeWatches:
    """Answers each watch with the next lines that a test has given, and then is silent.

    Attributes:
        requests: What was asked for, in order.
        streams: The lines of the streams to come.
        ended: Released whenever a stream has ended.
    """

    def __init__(self) -> None:
        self.requests: list[watch_pb2.WatchRequest] = []
        self.streams: deque[tuple[Line, ...]] = deque()
        self.ended = threading.Semaphore(0)

    def line_up(self, *lines: Line) -> None:
        """Gives the lines of one more stream."""
        self.streams.append(lines)

    def watch(
        self, request: watch_pb2.WatchRequest, context: grpc.ServicerContext
    ) -> Iterator[watch_pb2.WatchResponse]:
        """Answers a watch."""
        self.requests.append(request)
        over = threading.Event()
        if not context.add_callback(over.set):
            over.set()
        lines = self.streams.popleft() if self.streams else (begun("now"),)
        try:
            for line in lines:
                if isinstance(line, threading.Event):
                    line.wait(30)
                elif isinstance(line, watch_pb2.WatchResponse):
                    yield line
                else:
                    assert callable(line)
                    line(request, context)
            over.wait(60)
        finally:
            self.ended.release()


def begun(token: str) -> watch_pb2.WatchResponse:
    """The first message of a stream, and that of a heartbeat."""
    return watch_pb2.WatchResponse(resume_token=token, heartbeat=True)


def told(token: str, *events: watch_pb2.Event, complete: bool = False) -> watch_pb2.WatchResponse:
    """A message with events; without a token more of the same revision follows."""
    return watch_pb2.WatchResponse(events=events, resume_token=token, snapshot_complete=complete)


def event(
    execution_id: str, revision: int, kind: history_pb2.EventKind = SAVED, **fields: Any
) -> watch_pb2.Event:
    """One event."""
    values = {
        "key": execution_pb2.ExecutionKey(namespace="orders", execution_id=execution_id),
        "revision": revision,
        "execution_revision": revision,
        "version": 1,
        "status": execution_pb2.STATUS_RUNNING,
        "kind": kind,
        **fields,
    }
    return watch_pb2.Event(**values)
