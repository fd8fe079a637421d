"""What makes requests about locks valid."""

from google.protobuf.duration_pb2 import Duration

from statekeeper.v1.lock_pb2 import GetLockRequest, LockRequest, RenewLockRequest, UnlockRequest
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import (
    LEASE_DEFAULT_US,
    LEASE_MAX_US,
    LEASE_MIN_US,
    OVERHEAD_BYTES,
    WAIT_MAX_US,
)
from statekeeper_server.operations.get_lock import GetLock
from statekeeper_server.operations.leases import Lock
from statekeeper_server.operations.lock import HeldLock
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.fields import (
    WriteMessage,
    check_duration,
    check_key,
    check_options,
    check_text,
    refuse_options,
)


def check_lock(request: LockRequest) -> Lock:
    """Check a LockRequest."""
    key = check_key(request.key)
    options = _check_options(request, key)
    owner = check_text("owner", request.owner)
    lease_us = _check_lease(request.lease) if request.HasField("lease") else LEASE_DEFAULT_US
    wait_us = check_duration("wait", request.wait, WAIT_MAX_US, "24 hours")
    return Lock(key, options, owner, lease_us, wait_us, request.exclusive, OVERHEAD_BYTES)


def check_renew_lock(request: RenewLockRequest) -> HeldLock:
    """Check a RenewLockRequest."""
    key = check_key(request.key)
    lease_us = _check_lease(request.lease) if request.HasField("lease") else None
    return _check_held(request, key, lease_us, OVERHEAD_BYTES)


def check_unlock(request: UnlockRequest) -> HeldLock:
    """Check an UnlockRequest. It frees more than it adds, so it is served without room."""
    return _check_held(request, check_key(request.key), None, 0)


def check_get_lock(request: GetLockRequest) -> GetLock:
    """Check a GetLockRequest."""
    return GetLock(check_key(request.key))


def _check_held(
    request: RenewLockRequest | UnlockRequest,
    key: ExecutionKey,
    lease_us: int | None,
    stored_bytes: int,
) -> HeldLock:
    options = _check_options(request, key)
    holder = request.WhichOneof("holder")
    if holder is None:
        raise invalid("owner", "is missing: either an owner or a fencing_token is needed")
    if holder == "owner":
        check_text("owner", request.owner)
    elif request.fencing_token <= 0:
        raise invalid("fencing_token", f"is {request.fencing_token}, tokens are positive")
    return HeldLock(key, options, request.owner, request.fencing_token, lease_us, stored_bytes)


def _check_options(request: WriteMessage, key: ExecutionKey) -> WriteOptions:
    refuse_options(request, "a lock", "expected_revision", "ttl", "fencing_token")
    return check_options(request, key)


def _check_lease(lease: Duration) -> int:
    lease_us = check_duration("lease", lease, LEASE_MAX_US, "24 hours")
    if lease_us < LEASE_MIN_US:
        raise invalid("lease", "is shorter than 1 ms")
    return lease_us
