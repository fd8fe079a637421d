"""What requests about locks may not be."""

from collections.abc import Callable

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from statekeeper.v1.lock_pb2 import GetLockRequest, LockRequest, RenewLockRequest, UnlockRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.locks import granted, holder_of, lock_request, renew_request, unlock_request
from tests.support.raw import RawClient, key_of

YEAR_S = 365 * 24 * 3600
RPCS = ("Lock", "RenewLock", "Unlock", "GetLock")

Request = LockRequest | RenewLockRequest | UnlockRequest | GetLockRequest
Bend = Callable[[Request], object]


def sound(rpc: str, execution_id: str) -> Request:
    if rpc == "Lock":
        return lock_request(execution_id, "a")
    if rpc == "RenewLock":
        return renew_request(execution_id, "a")
    if rpc == "Unlock":
        return unlock_request(execution_id, "a")
    return GetLockRequest(key=key_of(execution_id))


def check_refused(raw: RawClient, rpc: str, request: Message, field: str) -> None:
    refusal = raw.refusal(getattr(raw.stub, rpc), request)
    assert (refusal.reason, refusal.fields) == ("INVALID_REQUEST", [field])


@pytest.mark.parametrize("rpc", RPCS)
def test_the_execution_must_be_named(raw: RawClient, rpc: str) -> None:
    """B80."""
    request = sound(rpc, "")
    check_refused(raw, rpc, request, "key.execution_id")
    request.ClearField("key")
    check_refused(raw, rpc, request, "key.execution_id")
    request = sound(rpc, "x")
    request.key.namespace = "no spaces"
    check_refused(raw, rpc, request, "key.namespace")


@pytest.mark.parametrize("rpc", ["Lock", "RenewLock", "Unlock"])
@pytest.mark.parametrize("owner", ["", "x" * 257, "🦶" * 65])
def test_an_owner_has_1_to_256_bytes(
    raw: RawClient, execution_id: str, rpc: str, owner: str
) -> None:
    """B80."""
    request = sound(rpc, execution_id)
    assert not isinstance(request, GetLockRequest)
    request.owner = owner
    check_refused(raw, rpc, request, "owner")
    assert holder_of(raw, execution_id) is None


@pytest.mark.parametrize("rpc", ["Lock", "RenewLock", "Unlock"])
def test_an_owner_is_utf8(raw: RawClient, execution_id: str, rpc: str) -> None:
    """B80."""
    bent = sound(rpc, execution_id).SerializeToString().replace(b"\x01a", b"\x01\xff")
    refusal = raw.refusal_of_bytes(rpc, bent)

    assert (refusal.reason, refusal.fields) == ("INVALID_REQUEST", ["owner"])
    assert holder_of(raw, execution_id) is None


@pytest.mark.parametrize(
    "lease",
    [
        Duration(),
        Duration(seconds=-1),
        Duration(nanos=-1),
        Duration(nanos=999_000),
        Duration(seconds=24 * 3600, nanos=1),
        Duration(seconds=YEAR_S),
        Duration(seconds=2**62),
        Duration(seconds=1, nanos=2**30),
    ],
    ids=str,
)
@pytest.mark.parametrize("rpc", ["Lock", "RenewLock"])
def test_a_lease_is_of_1_ms_to_24_h(
    raw: RawClient, execution_id: str, rpc: str, lease: Duration
) -> None:
    """B80."""
    token = granted(raw, execution_id, "a")
    before = holder_of(raw, execution_id)
    request = sound(rpc, execution_id)
    assert isinstance(request, LockRequest | RenewLockRequest)
    request.lease.CopyFrom(lease)

    check_refused(raw, rpc, request, "lease")
    assert holder_of(raw, execution_id) == before
    assert before is not None
    assert before.fencing_token == token


@pytest.mark.parametrize(
    "wait",
    [
        Duration(seconds=-1),
        Duration(nanos=-1),
        Duration(seconds=24 * 3600, nanos=1),
        Duration(seconds=YEAR_S),
        Duration(seconds=-(2**62)),
    ],
    ids=str,
)
def test_a_wait_is_of_up_to_24_h(raw: RawClient, execution_id: str, wait: Duration) -> None:
    """B80."""
    request = lock_request(execution_id, "a")
    request.wait.CopyFrom(wait)
    check_refused(raw, "Lock", request, "wait")
    assert holder_of(raw, execution_id) is None


@pytest.mark.parametrize("rpc", ["Lock", "RenewLock", "Unlock"])
@pytest.mark.parametrize(
    "options",
    [
        WriteOptions(expected_revision=0),
        WriteOptions(expected_revision=5),
        WriteOptions(ttl=Duration()),
        WriteOptions(ttl=Duration(seconds=60)),
        WriteOptions(fencing_token=1),
        WriteOptions(fencing_token=-1),
    ],
    ids=str,
)
def test_options_without_a_meaning_are_refused(
    raw: RawClient, execution_id: str, rpc: str, options: WriteOptions
) -> None:
    """B80: or a caller would think that they have one."""
    request = sound(rpc, execution_id)
    assert not isinstance(request, GetLockRequest)
    request.options.CopyFrom(options)
    ((field, _),) = options.ListFields()

    check_refused(raw, rpc, request, f"options.{field.name}")
    assert holder_of(raw, execution_id) is None


@pytest.mark.parametrize("rpc", ["Lock", "RenewLock", "Unlock"])
@pytest.mark.parametrize("name", ["request_id", "actor"])
def test_the_other_options_have_at_most_256_bytes(
    raw: RawClient, execution_id: str, rpc: str, name: str
) -> None:
    """B80."""
    request = sound(rpc, execution_id)
    assert not isinstance(request, GetLockRequest)
    setattr(request.options, name, "x" * 257)
    check_refused(raw, rpc, request, f"options.{name}")


@pytest.mark.parametrize("rpc", ["RenewLock", "Unlock"])
def test_a_holder_must_be_named(raw: RawClient, execution_id: str, rpc: str) -> None:
    """B80: neither an owner nor a token."""
    granted(raw, execution_id, "a")
    request = sound(rpc, execution_id)
    request.ClearField("owner")
    check_refused(raw, rpc, request, "owner")


@pytest.mark.parametrize("rpc", ["RenewLock", "Unlock"])
@pytest.mark.parametrize("token", [0, -1, -(2**63)])
def test_a_holders_token_is_positive(
    raw: RawClient, execution_id: str, rpc: str, token: int
) -> None:
    """B80."""
    granted(raw, execution_id, "a")
    request = sound(rpc, execution_id)
    assert isinstance(request, RenewLockRequest | UnlockRequest)
    request.fencing_token = token
    check_refused(raw, rpc, request, "fencing_token")
    assert holder_of(raw, execution_id) is not None
