"""What docs/protocol.md says, done with generated stubs alone: no client of statekeeper.

    python examples/stubs_only.py --target 127.0.0.1:7460

Some meters are read many times, in one stream, while a watch follows them. Restart the
server meanwhile, or kill it: each reading is stored once, and each is seen once. stubs_only.rb
is the same in Ruby, with the stubs that protoc makes there.
"""

import argparse
import json
import random
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import grpc
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionKey, ExecutionState
from statekeeper.v1.operation_pb2 import Operation, OperationResult
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.watch_pb2 import Event, WatchRequest
from statekeeper.v1.write_pb2 import WriteOptions

NAMESPACE = "meters"
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
RETRIES = {
    "methodConfig": [
        {
            "name": [{"service": "statekeeper.v1.StateManager"}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED"],
            },
        },
        {
            "name": [
                {"service": "statekeeper.v1.StateManager", "method": "Pipeline"},
                {"service": "statekeeper.v1.StateManager", "method": "Watch"},
            ]
        },
    ]
}
CHANNEL_OPTIONS = (
    ("grpc.service_config", json.dumps(RETRIES)),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
DEADLINE_S = 10.0
OPERATIONS_PER_MESSAGE = 500
HEARTBEAT_S = 1
# For how long nothing may be heard of a server.
GIVE_UP_S = 30.0
# A stream that has ended is worth another one then, and so is an operation.
PASSING = (
    grpc.StatusCode.OK,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)
PASSING_REASONS = ("STORAGE_ERROR", "OVERLOADED")


class Refusal(NamedTuple):
    """What the service says of a call or an operation that failed."""

    reason: str
    metadata: Mapping[str, str]
    retry_after_s: float


def read_status(status: Status) -> Refusal:
    """Reads a google.rpc.Status: its reason is empty where the service gave none."""
    info, retry = ErrorInfo(), RetryInfo()
    for detail in status.details:
        for kind in (info, retry):
            if detail.Is(kind.DESCRIPTOR):
                detail.Unpack(kind)
    ours = info.domain == "statekeeper"
    return Refusal(
        info.reason if ours else "", info.metadata, retry.retry_delay.ToMilliseconds() / 1_000
    )


def read_error(error: grpc.RpcError) -> Refusal:
    """Reads what a call has failed with, from the trailer that has it."""
    trailers: Any = error.trailing_metadata() or ()
    return read_status(Status.FromString(dict(trailers).get("grpc-status-details-bin", b"")))


class Patience:
    """Waits that grow to a second, until nothing was heard of a server for too long."""

    def __init__(self) -> None:
        self.heard()

    def heard(self) -> None:
        """Notes that the server answers."""
        self._since_s = time.monotonic()
        self._delay_s = 0.01

    def wait(self, at_least_s: float, problem: str) -> None:
        """Waits before the next attempt. Raises TimeoutError when there is no use in one."""
        if time.monotonic() - self._since_s > GIVE_UP_S:
            raise TimeoutError(problem)
        time.sleep(at_least_s + self._delay_s * random.random())  # noqa: S311 - no secret
        self._delay_s = min(2 * self._delay_s, 1.0)


def pipeline(stub: StateManagerStub, operations: list[Operation]) -> dict[int, OperationResult]:
    """Does operations in one stream after the other, until each has a result; by their tags."""
    left = {operation.tag: operation for operation in operations}
    results: dict[int, OperationResult] = {}
    patience = Patience()
    while left:
        # In the order that they had, and with the request ids that they had.
        stream = stub.Pipeline(messages(list(left.values())))
        delay_s = 0.0
        try:
            for message in stream:
                patience.heard()
                for result in message.results:
                    refusal = read_status(result.error)
                    if refusal.reason in PASSING_REASONS:
                        delay_s = max(delay_s, refusal.retry_after_s)
                    elif left.pop(result.tag, None):
                        results[result.tag] = result
        except grpc.RpcError:
            if stream.code() not in PASSING:
                raise
        if left:
            patience.wait(delay_s, "the server takes no operations")
    return results


def messages(operations: list[Operation]) -> Iterator[BatchRequest]:
    """Makes the messages of a stream; its end half-closes it."""
    for first in range(0, len(operations), OPERATIONS_PER_MESSAGE):
        yield BatchRequest(operations=operations[first : first + OPERATIONS_PER_MESSAGE])


def watch(stub: StateManagerStub, request: WatchRequest, begun: threading.Event) -> Iterator[Event]:
    """Gives what happens, over any number of streams: nothing is missed, nothing comes twice.

    Args:
        stub: The service.
        request: What to watch.
        begun: Is set when the watch stands.
    """
    request.heartbeat_interval.FromSeconds(HEARTBEAT_S)
    patience = Patience()
    while True:
        stream = stub.Watch(request)
        # Of a revision whose events are in several messages: all of it, or nothing.
        events: list[Event] = []
        try:
            for message in unless_silent(stream, 3 * HEARTBEAT_S):
                patience.heard()
                begun.set()
                events.extend(message.events)
                if message.resume_token:
                    yield from events
                    # The caller has come back for more, so these are dealt with.
                    request.resume_token = message.resume_token
                    events.clear()
            delay_s = 0.0
        except grpc.RpcError as error:
            if stream.code() not in PASSING:
                raise
            delay_s = read_error(error).retry_after_s
        finally:
            stream.cancel()
        patience.wait(delay_s, "the server takes no watch")


def unless_silent(stream: Any, limit_s: float) -> Iterator[Any]:
    """Gives the messages of a stream, and cancels it where none comes for too long."""
    while True:
        timer = threading.Timer(limit_s, stream.cancel)
        timer.start()
        try:
            message = next(stream, None)
        finally:
            timer.cancel()
        if message is None:
            return
        yield message


def reading(meter: str, number: int, tag: int) -> Operation:
    """Makes the operation that stores one reading."""
    # The request id goes with the write wherever it is sent again.
    return Operation(
        tag=tag,
        update=UpdateRequest(
            key=ExecutionKey(namespace=NAMESPACE, execution_id=meter),
            options=WriteOptions(request_id=uuid.uuid4().hex),
            changes=ExecutionState(
                context=Document(entries={f"reading-{number}": Value(json=json.dumps(number * 7))})
            ),
        ),
    )


def run(target: str, meters: int, readings: int) -> None:
    """Stores readings of meters, and prints how often each was stored and seen."""
    with grpc.insecure_channel(target, CHANNEL_OPTIONS) as channel:
        stub = StateManagerStub(channel)
        names = [f"meter-{uuid.uuid4().hex}" for _ in range(meters)]
        for name in names:
            save = SaveRequest(
                key=ExecutionKey(namespace=NAMESPACE, execution_id=name),
                options=WriteOptions(request_id=uuid.uuid4().hex, expected_revision=0),
                state=ExecutionState(status=STATUS_RUNNING),
            )
            stub.Save(save, timeout=DEADLINE_S)

        seen: list[str] = []
        begun = threading.Event()

        def follow() -> None:
            request = WatchRequest(namespace=NAMESPACE, id_prefix="meter-")
            for event in watch(stub, request, begun):
                seen.extend(event.changed if event.key.execution_id in names else ())
                if len(seen) >= meters * readings:
                    return

        watching = threading.Thread(target=follow)
        watching.start()
        begun.wait()
        print("watching", flush=True)

        operations = [
            reading(name, number, tag=number * meters + which + 1)
            for number in range(readings)
            for which, name in enumerate(names)
        ]
        results = pipeline(stub, operations)
        refused = [result for result in results.values() if result.HasField("error")]
        watching.join()

        stored = 0
        for name in names:
            load = LoadRequest(key=ExecutionKey(namespace=NAMESPACE, execution_id=name))
            execution = stub.Load(load, timeout=DEADLINE_S, wait_for_ready=True).execution
            # The first change was the save: a reading that was stored twice would be one more.
            stored += execution.version - 1
            if len(execution.state.context.entries) != readings:
                sys.exit(f"{name} lacks readings")
        replayed = sum(result.update.result.replayed for result in results.values())
        print(f"readings: {len(operations)}, refused: {len(refused)}")
        print(f"stored: {stored}, seen: {len(seen)}")
        print(f"sent again and not done again: {replayed}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="127.0.0.1:7460")
    parser.add_argument("--meters", type=int, default=20)
    parser.add_argument("--readings", type=int, default=500)
    given = parser.parse_args()
    try:
        run(given.target, given.meters, given.readings)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
