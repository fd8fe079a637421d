"""List: the executions of a namespace, by what they are.

What is asked for by status and labels is found in indexes, and otherwise all executions
of the namespace are walked, in the order of their ids. What was written after some moment
is also found in the end of the log: there, an execution stands at the first change that
it has had since, and that place never changes. The first page takes whichever is
shorter, and the others go on with it: so in both ways a page begins after the place of
the last one, and nothing that stays can be left out or come twice.
"""

import heapq
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from statekeeper.v1.list_pb2 import ListResponse
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import ANSWER_BYTES_MAX
from statekeeper_server.operations.load import Loaded, put_loaded
from statekeeper_server.operations.past import check_kept
from statekeeper_server.operations.selection import Selection
from statekeeper_server.operations.times import to_us
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Event, Head
from statekeeper_server.store.ids import AnyIds, Ids, in_all
from statekeeper_server.store.reader import Reader

# So many may be looked at for a page, however few of them are meant.
LOOKED_AT_MAX = 10_000
# So few are walked sooner than it is found out what else could be.
_FEW = 1_000


class Query(NamedTuple):
    """What executions are asked for; None and what is empty: any."""

    namespace: str
    statuses: frozenset[int]
    id_prefix: bytes
    labels: tuple[tuple[str, str], ...]
    updated_after_us: int | None


class AfterId(NamedTuple):
    """A place in the order of ids, which are those of all shards."""

    execution_id: bytes


class AfterChange(NamedTuple):
    """A place in the log of a shard: in its part after `since`."""

    shard: int
    since: int
    revision: int


Place = AfterId | AfterChange


class List(NamedTuple):
    """A checked ListRequest; `subject` is what all pages of a list have in common."""

    query: Query
    selection: Selection | None
    page_size: int
    after: Place | None
    subject: bytes


class _Step(NamedTuple):
    """One that was looked at; the head of one that is meant."""

    place: Place
    store: Reader
    head: Head | None


def list_executions(
    stores: Sequence[Reader], request: List, now_us: int
) -> tuple[ListResponse, Place | None]:
    """A page of executions, and after which place the next one begins.

    Args:
        stores: snapshots of all shards.
        request: what to list.
        now_us: when; what has expired is left out (B17).

    Raises:
        RevisionCompactedError: the log that the pages are read from is no longer kept.
    """
    response = ListResponse()
    executions = response.executions
    size_bytes, last = 0, request.after
    for number, step in enumerate(_walk(stores, request, now_us), 1):
        if step.head is not None:
            if len(executions) == request.page_size:
                return response, last
            execution = executions.add()
            loaded = Loaded(step.head, step.head.execution)
            put_loaded(execution, step.store, loaded, request.selection)
            size_bytes += execution.ByteSize()
            if size_bytes > ANSWER_BYTES_MAX and len(executions) > 1:
                del executions[-1]
                return response, last
        last = step.place
        if number == LOOKED_AT_MAX:
            return response, last
    return response, None


def _walk(stores: Sequence[Reader], request: List, now_us: int) -> Iterator[_Step]:
    query, after = request.query, request.after
    if after is None:
        by_changes = query.updated_after_us is not None and _are_changes_fewer(
            stores, query, query.updated_after_us
        )
        after = AfterChange(0, 0, 0) if by_changes else AfterId(b"")
    if isinstance(after, AfterChange):
        return _by_changes(stores, query, after, now_us)
    walks = [_by_ids(store, query, after.execution_id, now_us) for store in stores]
    return heapq.merge(*walks, key=lambda step: step.place)


def _are_changes_fewer(stores: Sequence[Reader], query: Query, updated_after_us: int) -> bool:
    """Whether there is less to look at in the log than among the executions."""
    changes = 0
    for store in stores:
        since, compacted = store.last_revision_by(updated_after_us), store.compacted_revision()
        if compacted and since == compacted:
            return False  # the log may not reach back to the moment
        changes += store.positions().count(since)
    if changes <= _FEW:
        return True
    if all(len(list(islice(_ids(store, query, b""), _FEW))) < _FEW for store in stores):
        return False
    return changes < sum(store.executions_count() for store in stores)


def _by_ids(store: Reader, query: Query, after: bytes, now_us: int) -> Iterator[_Step]:
    for execution_id, is_in_all in _ids(store, query, after):
        head = None
        if is_in_all:
            head = store.head(ExecutionKey(query.namespace, execution_id.decode()))
        meant = head is not None and _is_meant(query, head, now_us)
        yield _Step(AfterId(execution_id), store, head if meant else None)


def _ids(store: Reader, query: Query, after: bytes) -> Iterator[tuple[bytes, bool]]:
    """The ids after one that the indexes have, as `in_all` gives them."""
    namespace, prefix = query.namespace, query.id_prefix
    parts: list[Ids] = [store.ids_of_label(namespace, *label) for label in query.labels]
    if query.statuses:
        parts.append(AnyIds([store.ids_of_status(namespace, each) for each in query.statuses]))
    for execution_id, is_in_all in in_all(
        parts or [store.ids(namespace)], max(after + b"\0", prefix)
    ):
        if not execution_id.startswith(prefix):
            return
        yield execution_id, is_in_all


def _by_changes(
    stores: Sequence[Reader], query: Query, after: AfterChange, now_us: int
) -> Iterator[_Step]:
    """Shard by shard, each execution where it was first changed after the moment."""
    assert query.updated_after_us is not None  # noqa: S101 - for the type checker
    for shard, store in enumerate(stores):
        if shard < after.shard:
            continue
        if shard == after.shard and after.revision:
            since, revision = after.since, after.revision
        else:
            since = revision = store.last_revision_by(query.updated_after_us)
            if since == store.compacted_revision() > 0:
                check_kept(store, since - 1)
        check_kept(store, revision)
        for position, row in store.log(revision):
            event, head = Event.FromString(row), None
            if _is_first_change(event, position, since):
                head = _head_of(store, event, query)
            meant = head is not None and _is_meant(query, head, now_us)
            yield _Step(AfterChange(shard, since, position), store, head if meant else None)


def _is_first_change(event: Event, position: int, since: int) -> bool:
    """Whether an execution was changed here, and not before after a position."""
    return event.execution.revision == position and event.previous_revision <= since


def _head_of(store: Reader, event: Event, query: Query) -> Head | None:
    """The execution of an event, unless it is gone or cannot be meant."""
    key = event.execution.key
    if key.namespace != query.namespace:
        return None
    head = store.head(ExecutionKey(key.namespace, key.execution_id))
    return head if head is not None and head.uid == event.uid else None


def _is_meant(query: Query, head: Head, now_us: int) -> bool:
    execution = head.execution
    state = execution.state
    return (
        living(head, now_us) is not None
        and (not query.statuses or state.status in query.statuses)
        and all(state.labels.get(name) == text for name, text in query.labels)
        and state.id.encode().startswith(query.id_prefix)
        and (
            query.updated_after_us is None or to_us(execution.update_time) > query.updated_after_us
        )
    )
