"""Bytes that nobody meant, sent to the calls about pauses and checkpoints."""

from typing import Any

import pytest
from google.protobuf.message import Message

from statekeeper.v1.checkpoint_pb2 import ListCheckpointsRequest
from statekeeper.v1.pause_pb2 import EXPIRY_ACTION_RESUME
from statekeeper.v1.pause_requests_pb2 import GetPauseRequest, ListPausesRequest
from tests.support.chance import chance
from tests.support.checkpoints import (
    checkpoint,
    checkpoint_request,
    checkpoints_of,
    delete_checkpoint_request,
    restore_request,
)
from tests.support.pauses import (
    execution_of,
    from_now,
    get_pause,
    open_pause,
    pause_request,
    resume,
    resume_request,
)
from tests.support.raw import DEADLINE_S, RawClient, Refusal, document, key_of

VICTIM = "victim-of-noise"
EXPECTED = {
    *("INVALID_REQUEST", "SERIALIZATION_ERROR", "CONFLICT", "STATE_NOT_FOUND", "INVALID_TOKEN"),
    *("CHECKPOINT_NOT_FOUND", "REVISION_COMPACTED", "REQUEST_ID_REUSED", "FENCED"),
}
WRITE: dict[str, Any] = {"actor": "me", "request_id": "r1", "expected_revision": 3}
SOUND: dict[str, Message] = {
    "Pause": pause_request(
        VICTIM,
        data=document(a='{"b": [1]}', c=b"raw"),
        default_input=document(a="1"),
        on_expiry=EXPIRY_ACTION_RESUME,
        expire_time=from_now(3_600),
        **WRITE,
    ),
    "Resume": resume_request(VICTIM, token="hitl_" + "A" * 32, input=document(a="1"), **WRITE),
    "GetPause": GetPauseRequest(key=key_of(VICTIM), pause_id="p1.2"),
    "ListPauses": ListPausesRequest(namespace="orders", page_size=3, page_token="A" * 48),
    "Checkpoint": checkpoint_request(VICTIM, "name", **WRITE),
    "Restore": restore_request(VICTIM, 3, **WRITE),
    "ListCheckpoints": ListCheckpointsRequest(
        key=key_of(VICTIM), page_size=3, page_token="A" * 28, include_state=True
    ),
    "DeleteCheckpoint": delete_checkpoint_request(VICTIM, "name", **WRITE),
}


@pytest.mark.parametrize("rpc", SOUND)
def test_no_bytes_can_crash_the_server(raw: RawClient, execution_id: str, rpc: str) -> None:
    """B80: cut, bent and made-up messages are refused or understood, and others unharmed."""
    dice = chance(("noise", rpc))
    token = open_pause(raw, execution_id, data=document(a="1")).token
    checkpoint(raw, execution_id, "kept")
    before = execution_of(raw, execution_id)
    open_pause(raw, VICTIM)
    sound = SOUND[rpc].SerializeToString()
    calls = []
    for n in range(150):
        bent = bytearray(sound)
        for _ in range(dice.randint(1, 4)):
            bent[dice.randrange(len(bent))] = dice.randrange(256)
        kinds = (bytes(bent), sound[: dice.randrange(len(sound))], dice.randbytes(n))
        calls.append(raw.method(rpc).future(kinds[n % 3], timeout=DEADLINE_S))
    for call in calls:
        if (error := call.exception()) is not None:
            assert Refusal.of(error).reason in EXPECTED

    assert execution_of(raw, execution_id) == before
    assert len(checkpoints_of(raw, execution_id)) == 1
    assert get_pause(raw, token=token).pause == before.pauses[0]
    resume(raw, token=token)
    raw.delete(key_of(VICTIM))
