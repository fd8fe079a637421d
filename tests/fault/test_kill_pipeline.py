"""kill -9 under streams: what was acknowledged is there, and nothing is there twice."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest

from statekeeper.v1.operation_pb2 import Operation, OperationResult
from tests.support.chance import chance
from tests.support.operations import Pipeline, do, save, update
from tests.support.raw import RawClient, key_of
from tests.support.server_process import ServerProcess

STREAMS = 3
EXECUTIONS_EACH = 5
UNDER_WAY = 40


@dataclass
class Sender:
    """One stream's writes on its own executions; each write sets an entry of its own."""

    number: int
    sent: int = 0
    written: dict[str, int] = field(default_factory=dict)
    under_way: dict[int, Operation] = field(default_factory=dict)

    def next(self) -> Operation:
        """A write that was not sent before."""
        self.sent += 1
        name = f"exec_{self.number}_{self.sent % EXECUTIONS_EACH}"
        values: dict[str, Any] = {f"k{self.sent}": "1" if self.sent % 50 else bytes(70_000)}
        operation = update(name, tag=self.sent, request_id=str(self.sent), **values)
        self.under_way[self.sent] = operation
        return operation

    def acknowledge(self, result: OperationResult) -> None:
        """A write was answered: in its turn, and not done before unless it was sent before."""
        operation = self.under_way.pop(result.tag)
        name = operation.update.key.execution_id
        self.written[name] = self.written.get(name, 1) + 1
        assert result.update.result.version == self.written[name], result

    def run(self, raw: RawClient, acknowledged: threading.Semaphore) -> None:
        """Send again what had no result, and go on until the server dies."""
        with Pipeline(raw) as pipeline:
            for operation in list(self.under_way.values()):
                pipeline.send(operation)
            with suppress(grpc.RpcError):
                while True:
                    while len(self.under_way) < UNDER_WAY:
                        pipeline.send(self.next())
                    for result in pipeline.take(1).values():
                        self.acknowledge(result)
                    acknowledged.release()
            assert pipeline.call.code() is grpc.StatusCode.UNAVAILABLE

    def check(self, raw: RawClient) -> None:
        """Settle what had no result, then compare."""
        with Pipeline(raw) as pipeline:
            pipeline.send(*self.under_way.values())
            for result in pipeline.take(len(self.under_way)).values():
                self.acknowledge(result)
        for name, version in self.written.items():
            found = raw.load(key_of(name))
            assert found is not None
            assert found.version == version
            assert len(found.state.context.entries) == version - 1


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(50, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])]
)
def test_nothing_acknowledged_to_a_stream_is_lost_or_done_twice(
    tmp_path: Path, rounds: int
) -> None:
    """B20, B69, B70: each write is the next version of its execution, over all kills."""
    dice = chance("kill a pipeline")
    senders = [Sender(number) for number in range(STREAMS)]
    with ServerProcess(tmp_path / "data", "--shards=2") as server:
        with RawClient(server.address) as raw:
            names = [f"exec_{n}_{m}" for n in range(STREAMS) for m in range(EXECUTIONS_EACH)]
            do(raw, *map(save, names))
        for _ in range(rounds):
            acknowledged = threading.Semaphore(0)
            with RawClient(server.address) as raw:
                threads = [
                    threading.Thread(target=sender.run, args=(raw, acknowledged))
                    for sender in senders
                ]
                for thread in threads:
                    thread.start()
                for _ in range(dice.randint(1, 300)):
                    assert acknowledged.acquire(timeout=30)
                server.kill()
                for thread in threads:
                    thread.join()
            server.start()
        with RawClient(server.address) as raw:
            for sender in senders:
                sender.check(raw)
        assert server.terminate() == 0
