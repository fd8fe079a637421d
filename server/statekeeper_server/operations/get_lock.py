"""GetLock: who holds the lock of an execution."""

from typing import NamedTuple

from statekeeper.v1.lock_pb2 import GetLockResponse
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.leases import put_holder
from statekeeper_server.store.reader import Reader


class GetLock(NamedTuple):
    """A checked GetLockRequest."""

    key: ExecutionKey


def get_lock(store: Reader, request: GetLock, now_us: int) -> GetLockResponse:
    """Who holds it; nobody, once the lease is over."""
    response = GetLockResponse()
    row = store.lock(request.key)
    if row is not None and row.expire_time_us > now_us:
        put_holder(response.holder, row)
    return response
