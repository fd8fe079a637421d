"""What is shown of a state of the past."""

from google.protobuf.duration_pb2 import Duration

from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    ListCheckpointsRequest,
)
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.state_requests_pb2 import LoadRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from tests.support.raw import RawClient, key_of, save_request


def test_a_past_state_of_what_never_expires_has_no_expire_time(
    raw: RawClient, execution_id: str
) -> None:
    """B3, B52."""
    never = Duration()
    first = raw.stub.Save(save_request(execution_id, ttl=never)).result.revision
    raw.stub.Save(save_request(execution_id))
    past = raw.stub.Load(LoadRequest(key=key_of(execution_id), revision=first)).execution

    assert past.revision == first
    assert not past.HasField("expire_time")


def test_checkpoints_of_one_transaction_are_listed_in_pages_of_any_size(
    raw: RawClient, execution_id: str
) -> None:
    """B47: none is left out between two pages."""
    key = key_of(execution_id)
    made = [Operation(checkpoint=CheckpointRequest(name=name)) for name in ("a", "b", "c")]
    save = Operation(save=save_request(execution_id))
    raw.stub.Transaction(TransactionRequest(key=key, operations=[save, *made]))
    raw.stub.Checkpoint(CheckpointRequest(key=key, name="d"))

    listed: list[str] = []
    token = ""
    while not listed or token:
        page = raw.stub.ListCheckpoints(
            ListCheckpointsRequest(key=key, page_size=1, page_token=token)
        )
        listed += [each.name for each in page.checkpoints]
        token = page.next_page_token
    assert listed == ["a", "b", "c", "d"]
