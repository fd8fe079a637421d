"""kill -9 in the middle of many transactions: each is there whole, or not at all."""

import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from statekeeper.v1.checkpoint_pb2 import ListCheckpointsRequest
from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest, TransactionResponse
from tests.support.chance import chance
from tests.support.raw import DEADLINE_S, RawClient, Refusal, key_of
from tests.support.server_process import ServerProcess
from tests.support.transactions import (
    checkpoint_op,
    load_op,
    pause_op,
    save_op,
    transaction_request,
    update_op,
)

WRITERS = 6
_LARGE_BYTES = 100_000


class Writer:
    """Writes one execution, and knows what it must be.

    Every transaction leaves its number in several entries, in a pause and in a checkpoint.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.acknowledged = 0
        self.doubtful: TransactionRequest | None = None
        self.tokens: dict[int, str] = {}

    def write(self, raw: RawClient, answered: threading.Semaphore, seed: object) -> None:
        """Write until the server dies."""
        dice = chance((seed, self.name))
        while True:
            self.doubtful = self._request(dice.random() < 0.2)
            try:
                response = raw.stub.Transaction(self.doubtful, timeout=DEADLINE_S)
            except grpc.RpcError as error:
                assert Refusal.of(error).code is grpc.StatusCode.UNAVAILABLE  # noqa: PT017
                return
            self._acknowledge(response)
            answered.release()

    def check(self, raw: RawClient) -> None:
        """Compare what is stored with what must be, and settle what is in doubt."""
        execution = raw.load(key_of(self.name))
        done = 0 if execution is None else execution.version
        assert done in (self.acknowledged, self.acknowledged + 1)
        self._check_whole(raw, execution, done)
        assert self.doubtful is not None
        response = raw.stub.Transaction(self.doubtful, timeout=DEADLINE_S)
        assert response.result.replayed == (done == self.acknowledged + 1)
        self._acknowledge(response)
        self._check_whole(raw, raw.load(key_of(self.name)), self.acknowledged)

    def _request(self, large: bool) -> TransactionRequest:  # noqa: FBT001 - one fact
        number = self.acknowledged + 1
        mark = f"{number}".encode().ljust(_LARGE_BYTES if large else 10, b" ")
        return transaction_request(
            self.name,
            save_op(a=mark, b=str(number)),
            update_op(c=mark, d=str(number)),
            pause_op(f"m{number}"),
            load_op(fields=["context.d"]),
            checkpoint_op(f"c{number % 4}"),
            request_id=f"r{number}",
        )

    def _acknowledge(self, response: TransactionResponse) -> None:
        self.acknowledged += 1
        assert response.result.version == self.acknowledged
        loaded = response.results[3].load.execution
        assert loaded.state.context.entries["d"].json == str(self.acknowledged)
        self.tokens[self.acknowledged] = response.results[2].pause.token
        self.doubtful = None

    def _check_whole(self, raw: RawClient, execution: Execution | None, number: int) -> None:
        if execution is None:
            assert number == 0
            return
        entries = execution.state.context.entries
        assert {int(value.json or value.binary) for value in entries.values()} == {number}
        assert len(entries) == 4
        assert execution.state.current_member == f"m{number}"
        assert execution.pauses[-1].member == f"m{number}"
        key = key_of(self.name)
        rows = raw.stub.ListRevisions(ListRevisionsRequest(key=key, page_size=1_000)).revisions
        # Each transaction gives four rows, and a page has at most a thousand.
        assert len({row.revision for row in rows}) == min(number, 250)
        assert rows[0].version == number
        listed = raw.stub.ListCheckpoints(ListCheckpointsRequest(key=key, include_state=True))
        last = listed.checkpoints[-1]
        assert (last.name, last.revision) == (f"c{number % 4}", execution.revision)
        assert last.state.context == execution.state.context
        if number in self.tokens:
            found = raw.stub.GetPause(GetPauseRequest(token=self.tokens[number]))
            assert found.pause.member == f"m{number}"


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(150, marks=[pytest.mark.long, pytest.mark.timeout(1_800)])]
)
def test_transactions_are_whole_or_not_there_over_kills(tmp_path: Path, rounds: int) -> None:
    """B20, B66, B70: run it again with the KILL_SEED that it prints."""
    seed = int(os.environ.get("KILL_SEED") or secrets.randbits(32))
    print(f"KILL_SEED={seed}")  # noqa: T201 - pytest shows it when the test fails
    dice = chance(seed)
    writers = [Writer(f"exec_{n}") for n in range(WRITERS)]
    with ServerProcess(tmp_path / "data", "--shards=2") as server:
        for number in range(rounds):
            answered = threading.Semaphore(0)
            with RawClient(server.address) as raw, ThreadPoolExecutor(WRITERS) as pool:
                writing = [
                    pool.submit(each.write, raw, answered, (seed, number)) for each in writers
                ]
                for _ in range(dice.randint(1, 100)):
                    assert answered.acquire(timeout=DEADLINE_S)
                server.kill()
                for each in writing:
                    each.result()
            server.start()
            with RawClient(server.address) as raw:
                for writer in writers:
                    writer.check(raw)
        assert server.terminate() == 0
