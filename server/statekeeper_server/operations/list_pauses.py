"""ListPauses: what waits for an answer in a namespace, the oldest first (B41)."""

from collections.abc import Iterator
from typing import NamedTuple

from statekeeper.v1.pause_pb2 import EXPIRY_ACTION_KEEP, PAUSE_STATUS_OVERDUE
from statekeeper.v1.pause_requests_pb2 import WaitingPause
from statekeeper_server.keys import ExecutionKey, PauseNumber, inbox_key
from statekeeper_server.operations.answers import put_pause, stored_documents
from statekeeper_server.operations.draft import number_of
from statekeeper_server.operations.times import to_us
from statekeeper_server.operations.writing import living
from statekeeper_server.store.reader import Reader


class Place(NamedTuple):
    """A place in the inbox of a namespace, whose rows lie in several shards."""

    create_time_us: int
    shard: int
    number: PauseNumber


FIRST = Place(0, 0, PauseNumber(0, 0))


class ListPauses(NamedTuple):
    """A checked ListPausesRequest."""

    namespace: str
    page_size: int
    after: Place


def list_pauses(
    store: Reader, shard: int, request: ListPauses, now_us: int
) -> Iterator[tuple[Place, WaitingPause]]:
    """The pauses of one shard that wait, from a place on."""
    since = inbox_key(request.namespace, request.after.create_time_us, _first(shard, request.after))
    for create_time_us, number, ref in store.waiting(request.namespace, since):
        place = Place(create_time_us, shard, number)
        if place <= request.after:
            continue
        key = ExecutionKey(ref.key.namespace, ref.key.execution_id)
        waiting = _waiting(store, key, number, now_us)
        if waiting is not None:
            yield place, waiting


def _first(shard: int, after: Place) -> PauseNumber:
    return after.number if shard == after.shard else PauseNumber(0, 0)


def _waiting(
    store: Reader, key: ExecutionKey, number: PauseNumber, now_us: int
) -> WaitingPause | None:
    head = living(store.head(key), now_us)
    if head is None or all(number_of(pause) != number for pause in head.open_pauses):
        return None
    row = store.pause(head.uid, number)
    if row is None:
        return None
    waiting = WaitingPause(execution=head.execution)
    read = stored_documents(store, head.uid)
    put_pause(waiting.pause, row, head.execution.revision, read)
    if to_us(waiting.pause.expire_time) <= now_us:
        # Its timer is about to come.
        if waiting.pause.on_expiry != EXPIRY_ACTION_KEEP:
            return None
        waiting.pause.status = PAUSE_STATUS_OVERDUE
    return waiting
