"""ListCheckpoints: the checkpoints of an execution, the oldest first."""

from typing import NamedTuple

from statekeeper.v1.checkpoint_pb2 import ListCheckpointsResponse
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


class ListCheckpoints(NamedTuple):
    """A checked ListCheckpointsRequest.

    `after` is a position of the log, and how many of those made there were listed already:
    a transaction makes several at one position.
    """

    key: ExecutionKey
    include_state: bool
    page_size: int
    after: tuple[int, int]


def list_checkpoints(
    store: Reader, request: ListCheckpoints, now_us: int
) -> tuple[ListCheckpointsResponse, tuple[int, int] | None]:
    """A page of checkpoints, and after which place the next one begins."""
    response = ListCheckpointsResponse()
    head = living(store.head(request.key), now_us)
    if head is None or not head.checkpoints:
        return response, None
    found = sorted(store.checkpoints(head.uid), key=lambda each: each[1].position)
    size_bytes, last = 0, (0, 0)
    for name, row in found:
        place = (row.position, last[1] + 1 if row.position == last[0] else 1)
        if place <= request.after:
            last = place
            continue
        if len(response.checkpoints) == request.page_size or size_bytes > ANSWER_BYTES_MAX:
            return response, last
        message = response.checkpoints.add(name=name, revision=row.revision, actor=row.actor)
        set_time(message.create_time, row.time_us)
        if request.include_state:
            execution = Execution()
            put_loaded(execution, store, Loaded(head, row.execution), _STATE_ALONE)
            message.state.CopyFrom(execution.state)
        size_bytes += message.ByteSize()
        last = place
    return response, None
