"""How an execution ends: as one unit, and at the same cost at any size."""

from statekeeper.v1.history_pb2 import EventKind
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.events import event_after
from statekeeper_server.operations.pause_rows import unlist_pauses
from statekeeper_server.operations.times import set_time
from statekeeper_server.storage.v1.records_pb2 import Act, Head
from statekeeper_server.store.index import index_rows
from statekeeper_server.store.writer import Writer


def remove(
    store: Writer, key: ExecutionKey, head: Head, kind: EventKind, *, actor: str = "", now_us: int
) -> int:
    """Take an execution away, and leave what it has stored to be reclaimed.

    Args:
        store: the batch's transaction.
        key: the execution.
        head: what it is.
        kind: why it goes.
        actor: who takes it away, if anybody does.
        now_us: when.

    Returns:
        The position of the event.
    """
    unlist_pauses(store, key, head.open_pauses)
    store.reindex(index_rows(key, head.execution.state), frozenset())
    if head.sweep_time_us:
        store.remove_expiry(head.sweep_time_us, head.uid)
    store.remove_head(key)
    store.discard(head.uid)
    event = event_after(head, [Act(kind=kind)], actor)
    event.execution.revision = store.next_revision
    event.execution.version += 1
    set_time(event.execution.update_time, now_us)
    return store.append(event.SerializeToString(), now_us)
