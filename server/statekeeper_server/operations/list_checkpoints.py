"""ListCheckpoints: the checkpoints of an execution, the oldest first."""

from typing import NamedTuple

from statekeeper.v1.checkpoint_pb2 import Checkpoint, ListCheckpointsResponse
from statekeeper.v1.execution_pb2 import Execution
from statekeeper_server.documents import DOCUMENT_NUMBERS
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import ANSWER_BYTES_MAX
from statekeeper_server.operations.load import Loaded, put_loaded
from statekeeper_server.operations.selection import Selection
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import living
from statekeeper_server.store.reader import Reader

_STATE_ALONE = Selection(
    frozenset(("current_member", "start_time", "labels", "schema_version")),
    frozenset(DOCUMENT_NUMBERS.values()),
)


class Place(NamedTuple):
    """A place in the list: a position of the log, and which of those made there."""

    position: int
    ordinal: int


FIRST = Place(0, 0)


class ListCheckpoints(NamedTuple):
    """A checked ListCheckpointsRequest."""

    key: ExecutionKey
    include_state: bool
    page_size: int
    after: Place


def list_checkpoints(
    store: Reader, request: ListCheckpoints, now_us: int
) -> tuple[ListCheckpointsResponse, Place | None]:
    """A page of checkpoints, and after which place the next one begins."""
    response = ListCheckpointsResponse()
    head = living(store.head(request.key), now_us)
    if head is None or not head.checkpoints:
        return response, None
    found = [
        (place, name, row)
        for name, row in store.checkpoints(head.uid)
        if (place := Place(row.position, row.ordinal)) > request.after
    ]
    found.sort(key=lambda each: each[0])
    size_bytes, last = 0, request.after
    for place, name, row in found:
        if len(response.checkpoints) == request.page_size:
            return response, last
        message = Checkpoint(name=name, revision=row.revision, actor=row.actor)
        set_time(message.create_time, row.time_us)
        if request.include_state:
            execution = Execution()
            put_loaded(execution, store, Loaded(head, row.execution), _STATE_ALONE)
            message.state.CopyFrom(execution.state)
        size_bytes += message.ByteSize()
        if response.checkpoints and size_bytes > ANSWER_BYTES_MAX:
            return response, last
        response.checkpoints.append(message)
        last = place
    return response, None
