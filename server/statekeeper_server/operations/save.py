"""Save: replace the whole state of an execution, or create it."""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import EVENT_KIND_SAVED
from statekeeper.v1.state_requests_pb2 import SaveResponse
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.draft import Draft, Entries
from statekeeper_server.operations.writing import WriteOptions


class Save(NamedTuple):
    """A checked SaveRequest; its values have been taken out of `state`."""

    key: ExecutionKey
    options: WriteOptions
    state: ExecutionState
    start_time_given: bool
    entries: Entries
    stored_bytes: int


def save(draft: Draft, request: Save) -> SaveResponse:
    """Keep exactly the state given; what was there and is not in it goes."""
    state = request.state
    if not request.start_time_given:
        # Set in place: should the batch be applied again, it is set again.
        if draft.state is None:
            state.start_time.FromMicroseconds(draft.now_us)
        else:
            state.start_time.CopyFrom(draft.state.start_time)
    draft.act(EVENT_KIND_SAVED)
    draft.replace_state(request.entries)
    draft.put_state(state)
    return SaveResponse()
