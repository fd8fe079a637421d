"""From rows of the log to the events that watchers are told, serialised once for all of them.

What an event says of its values is read from the store, as of its revision; where
history was pruned meanwhile, the event says so.
"""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper.v1.history_pb2 import (
    EVENT_KIND_DELETED,
    EVENT_KIND_EXPIRED,
    EVENT_KIND_SNAPSHOT,
    EventKind,
)
from statekeeper.v1.value_pb2 import Document
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_CHANGES,
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_STATE,
    WatchInclude,
    WatchResponse,
)
from statekeeper.v1.watch_pb2 import Event as WatchEvent
from statekeeper_server import wire
from statekeeper_server.documents import DOCUMENT_NAMES, DOCUMENT_NUMBERS, SHARED_NAMES
from statekeeper_server.keys import (
    ExecutionKey,
    document_prefix,
    entry_prefix,
    read_entry_prefix,
)
from statekeeper_server.operations.load import Loaded, is_large, put_loaded
from statekeeper_server.operations.times import set_time
from statekeeper_server.storage.v1.records_pb2 import Event, Head
from statekeeper_server.store.reader import Entry, Reader

_EVENTS_KEY = wire.field_key(WatchResponse.DESCRIPTOR.fields_by_name["events"].number)
# After these the execution is not there any more.
_ENDS = frozenset((EVENT_KIND_DELETED, EVENT_KIND_EXPIRED))


class Told(NamedTuple):
    """Which part of what happened a watcher is told; no kinds: all."""

    include: WatchInclude
    kinds: frozenset[EventKind]


def heads(revision: int, event: Event) -> list[tuple[EventKind, bytes]]:
    """The events of a row of the log, by kind, each without values."""
    execution = event.execution
    ended = any(act.kind in _ENDS for act in event.acts)
    common = WatchEvent(
        key=execution.key,
        revision=revision,
        execution_revision=0 if ended else execution.revision,
        version=execution.version,
        status=execution.state.status,
        actor=event.actor,
    )
    if execution.revision == revision:
        common.time.CopyFrom(execution.update_time)
    else:
        set_time(common.time, event.time_us)
    # Messages that stand one after the other are one message.
    start = common.SerializeToString()
    return [
        (
            act.kind,
            start
            + WatchEvent(
                kind=act.kind,
                changed=act.changed,
                pause_id=act.pause_id,
                checkpoint=act.checkpoint,
                owner=act.owner,
            ).SerializeToString(),
        )
        for act in event.acts
    ]


def values(store: Reader, revision: int, event: Event, include: WatchInclude) -> bytes:
    """What a row's first event has besides: the values, as of its revision."""
    if not _has_values(revision, event, include):
        return b""
    return _values(store, _head_of(store, event), event, include)


def values_at_once(
    store: Reader, revision: int, event: Event, include: WatchInclude
) -> bytes | None:
    """The same, unless it takes too long for the event loop."""
    if not _has_values(revision, event, include):
        return b""
    head = _head_of(store, event)
    if head is not None and is_large(head):
        return None
    return _values(store, head, event, include)


def snapshot(store: Reader, head: Head, include: WatchInclude) -> bytes:
    """The event of an execution as it is."""
    execution = head.execution
    message = WatchEvent(
        kind=EVENT_KIND_SNAPSHOT,
        key=execution.key,
        revision=execution.revision,
        execution_revision=execution.revision,
        version=execution.version,
        time=execution.update_time,
        status=execution.state.status,
    )
    if include != WATCH_INCLUDE_HEAD:
        put_loaded(message.execution, store, Loaded(head, execution), None)
    return field(message.SerializeToString())


def fields(
    parts: list[tuple[EventKind, bytes]], kinds: frozenset[EventKind], first: bytes
) -> list[bytes]:
    """The fields of a message that a row gives, of which the first one has the values."""
    found: list[bytes] = []
    for kind, part in parts:
        if not kinds or kind in kinds:
            found.append(field(part if found else part + first))
    return found


def field(event: bytes) -> bytes:
    """A serialised event as a field of a message."""
    return wire.field(_EVENTS_KEY, event)


def _has_values(revision: int, event: Event, include: WatchInclude) -> bool:
    """Whether there is anything to tell."""
    if include == WATCH_INCLUDE_HEAD or not event.uid or event.acts[0].kind in _ENDS:
        return False
    return include == WATCH_INCLUDE_STATE or event.execution.revision == revision


def _head_of(store: Reader, event: Event) -> Head | None:
    """The execution as it is now, if it is still the same one."""
    key = event.execution.key
    head = store.head(ExecutionKey(key.namespace, key.execution_id))
    return None if head is None or head.uid != event.uid else head


def _values(store: Reader, head: Head | None, event: Event, include: WatchInclude) -> bytes:
    message = WatchEvent()
    if head is None or not _put_values(message, store, head, event, include):
        message = WatchEvent(values_missing=True)
    return message.SerializeToString()


def _put_values(
    message: WatchEvent, store: Reader, head: Head, event: Event, include: WatchInclude
) -> bool:
    """Fill in what is asked for; False when it is not kept whole any more."""
    revision = event.execution.revision
    whole = revision == head.execution.revision or revision >= head.history_floor
    if include == WATCH_INCLUDE_CHANGES:
        message.changes.SetInParent()
        names = dict.fromkeys(name for act in event.acts for name in act.changed)
        return all(_put_changed(message, store, event, name, whole=whole) for name in names)
    if whole:
        put_loaded(message.execution, store, Loaded(head, event.execution), None)
    return whole


def _put_changed(
    message: WatchEvent, store: Reader, event: Event, name: str, *, whole: bool
) -> bool:
    """Fill in one thing that changed; False when its value is not kept any more."""
    document_name, dot, entry_name = name.partition(".")
    document = DOCUMENT_NUMBERS.get(document_name)
    if document_name in SHARED_NAMES:
        # It is named, and shown to members alone.
        return True
    after = event.execution.state
    if document is None:
        _put_attribute(message, after, name)
        return True
    if not after.HasField(document_name):
        if document_name not in message.removed:
            message.removed.append(document_name)
        return True
    shown = getattr(message.changes, document_name)
    shown.SetInParent()
    revision = event.execution.revision
    if not dot:
        # It came empty; or so much has changed that only the documents are named.
        prefix = document_prefix(event.uid, document)
        entries = [found for found in store.entries(prefix, revision) if found.revision == revision]
        for entry in entries:
            _put_entry(message, shown, store, event.uid, entry)
        return whole
    found = store.entry(entry_prefix(event.uid, document, entry_name.encode()), revision)
    if found is None or found.revision != revision:
        return False
    _put_entry(message, shown, store, event.uid, found)
    return True


def _put_entry(message: WatchEvent, shown: Document, store: Reader, uid: int, entry: Entry) -> None:
    document, name = read_entry_prefix(entry.prefix)
    value = store.value(uid, entry)
    if value is None:
        message.removed.append(f"{DOCUMENT_NAMES[document]}.{name}")
    else:
        shown.entries[name].MergeFromString(value)


def _put_attribute(message: WatchEvent, state: ExecutionState, name: str) -> None:
    if name == "labels":
        message.changes.labels.update(state.labels)
    elif name == "status":
        message.changes.status = state.status
    elif name == "start_time":
        message.changes.start_time.CopyFrom(state.start_time)
    elif state.HasField(name):
        setattr(message.changes, name, getattr(state, name))
    else:
        message.removed.append(name)
