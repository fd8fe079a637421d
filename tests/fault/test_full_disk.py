"""No room is left: writes are refused, reads and deletes are served, nothing is lost."""

import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.state_requests_pb2 import DeleteRequest
from tests.support.chance import chance
from tests.support.health import HealthWatch, health_of
from tests.support.raw import (
    DEADLINE_S,
    RawClient,
    Refusal,
    document,
    key_of,
    save_request,
    update_request,
)
from tests.support.server_process import ServerProcess

_DISK_BYTES = 24 * 1024 * 1024
_VALUE_BYTES = 200_000
_PIECE_BYTES = 8_000
_ATTEMPTS_MAX = 2_000

Medium = Callable[[ExitStack, Path], ServerProcess]


def small_file_system(stack: ExitStack, folder: Path) -> ServerProcess:
    """A file system of its own, which is as good as a small disk."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    disk = folder / "disk"
    disk.mkdir()
    size = f"size={_DISK_BYTES}"
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)],  # noqa: S607 - from the PATH
        capture_output=True,
        text=True,
        check=False,
    )
    if mount.returncode:
        pytest.skip(f"a file system cannot be mounted here: {mount.stderr}")
    stack.callback(subprocess.run, ["umount", "--lazy", str(disk)], check=True)
    return ServerProcess(disk / "data", "--shards=1", log=folder / "log")


def file_size_limit(_: ExitStack, folder: Path) -> ServerProcess:
    """A process whose files cannot grow beyond a size."""
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({_DISK_BYTES},) * 2)"
    return ServerProcess(folder / "data", "--shards=1", wrapper=limit)


def map_size(_: ExitStack, folder: Path) -> ServerProcess:
    """A map that cannot grow beyond a size."""
    return ServerProcess(folder / "data", "--shards=1", f"--map-size={_DISK_BYTES}")


@pytest.fixture(params=[small_file_system, file_size_limit, map_size])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    """A server that soon has no room left."""
    with ExitStack() as stack:
        make: Medium = request.param
        yield stack.enter_context(make(stack, tmp_path))


def state(name: str, size_bytes: int = _VALUE_BYTES) -> ExecutionState:
    """A state that does not compress."""
    noise = chance(name).randbytes(size_bytes)
    return ExecutionState(status=STATUS_RUNNING, context=document(noise=noise, name=name.encode()))


def fill(raw: RawClient, size_bytes: int = _VALUE_BYTES) -> tuple[set[str], dict[str, Refusal]]:
    """Save executions, many at a time, until no room is left: who was kept, who was refused."""
    kept: set[str] = set()
    refused: dict[str, Refusal] = {}

    def save(n: int) -> None:
        name = f"exec_{n}"
        if refused:
            return
        try:
            raw.stub.Save(save_request(name, state(name, size_bytes)), timeout=DEADLINE_S)
        except grpc.RpcError as error:
            refused[name] = Refusal.of(error)
        else:
            kept.add(name)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(2 * _DISK_BYTES // size_bytes)))
    assert refused, "there was room for everything"
    assert {refusal.reason for refusal in refused.values()} == {"STORAGE_FULL"}
    return kept, refused


def check_kept(raw: RawClient, kept: set[str]) -> None:
    for name in kept:
        execution = raw.load(key_of(name))
        assert execution is not None, name
        assert execution.state.context == state(name).context


def save_as_soon_as_there_is_room(raw: RawClient, name: str) -> None:
    """What was deleted is reclaimed in the background, so room may take a moment."""
    for _ in range(_ATTEMPTS_MAX):
        try:
            raw.stub.Save(save_request(name, state(name)), timeout=DEADLINE_S)
        except grpc.RpcError as error:
            refusal = Refusal.of(error)
        else:
            return
    raise AssertionError(f"there is still no room: {refusal}")


def test_without_room_writes_are_refused_reads_served_and_deletes_make_room(
    server: ServerProcess,
) -> None:
    """B20, B73: over the whole way from a full disk to one with room, and a crash."""
    with RawClient(server.address) as raw:
        kept, refused = fill(raw)
        assert len(kept) > 10
        for refusal in refused.values():
            assert (refusal.code, refusal.reason) == (
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "STORAGE_FULL",
            )
            assert refusal.trailers["grpc-retry-pushback-ms"] == "-1"
        check_kept(raw, kept)
        for name in refused:
            assert raw.load(key_of(name)) is None
        refusal = raw.refusal(raw.stub.Update, update_request(min(kept), state("another")))
        assert refusal.reason == "STORAGE_FULL"
        assert health_of(raw.channel) == "SERVING"

    server.kill()
    server.start()
    with RawClient(server.address) as raw:
        check_kept(raw, kept)
        gone = set(sorted(kept)[::2])
        for name in gone:
            request = DeleteRequest(key=key_of(name))
            assert raw.stub.Delete(request, timeout=DEADLINE_S).existed
        for name in gone:
            assert raw.load(key_of(name)) is None
        check_kept(raw, kept - gone)

        again = set(sorted(gone)[: len(gone) // 2])
        for name in again:
            save_as_soon_as_there_is_room(raw, name)
        check_kept(raw, kept - gone | again)
    assert server.terminate() == 0
    assert "Traceback" not in server.log


def test_everything_can_be_deleted_and_written_again_and_again(server: ServerProcess) -> None:
    """B15, B20: a full disk is not the end, and room is not lost from round to round."""
    counts = []
    with RawClient(server.address) as raw:
        for _ in range(3):
            kept, _ = fill(raw)
            counts.append(len(kept))
            for name in kept:
                raw.delete(key_of(name))
            save_as_soon_as_there_is_room(raw, "exec_0")
            raw.delete(key_of("exec_0"))

    # Deleting takes a little room too, for the history and for reclaiming.
    assert min(counts) > counts[0] // 2


def test_what_deletes_have_left_in_pieces_is_used_or_refused(server: ServerProcess) -> None:
    """B20: a shard stays in service when its room is too scattered for a large value."""
    with RawClient(server.address) as raw, HealthWatch(raw.channel) as health:
        assert health.next() == "SERVING"
        kept, _ = fill(raw, _PIECE_BYTES)
        for name in sorted(kept)[::2]:
            raw.delete(key_of(name))
        outcomes = set()
        for n in range(2 * _DISK_BYTES // _VALUE_BYTES):
            name = f"large_{n}"
            try:
                raw.stub.Save(save_request(name, state(name)), timeout=DEADLINE_S)
                outcomes.add("SAVED")
            except grpc.RpcError as error:
                outcomes.add(Refusal.of(error).reason)
        assert outcomes <= {"SAVED", "STORAGE_FULL"}
        assert server.terminate() == 0
        assert [health.next(), health.next()] == ["NOT_SERVING", "ENDED"]
    assert "out of service" not in server.log
