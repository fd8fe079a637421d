"""The Admin of a server, and what its backups leave in their folder."""

from pathlib import Path

import grpc

from statekeeper.v1.admin_pb2 import (
    BackupRequest,
    BackupResponse,
    CompactRequest,
    CompactResponse,
    StatsRequest,
    StatsResponse,
)
from statekeeper.v1.admin_pb2_grpc import AdminStub
from tests.support.raw import DEADLINE_S, RawClient, Refusal


def stats(raw: RawClient) -> StatsResponse:
    """How the server stands."""
    response: StatsResponse = AdminStub(raw.channel).Stats(StatsRequest(), timeout=DEADLINE_S)
    return response


def backup(raw: RawClient, name: str = "") -> list[BackupResponse]:
    """Make a backup: all that is told of it."""
    call = AdminStub(raw.channel).Backup(BackupRequest(name=name), timeout=DEADLINE_S)
    return list(call)


def backup_refusal(raw: RawClient, name: str = "") -> Refusal:
    """The error that a backup meets."""
    try:
        told = backup(raw, name)
    except grpc.RpcError as error:
        return Refusal.of(error)
    raise AssertionError(f"it was not refused but made: {told}")


def compact(raw: RawClient) -> CompactResponse:
    """Compact, to the end: the last that is told of it."""
    *_, last = AdminStub(raw.channel).Compact(CompactRequest(), timeout=DEADLINE_S)
    assert isinstance(last, CompactResponse)
    assert last.HasField("result")
    return last


def names_in(folder: Path) -> list[str]:
    """All that is in a folder, what is hidden too."""
    return sorted(each.name for each in folder.iterdir())
