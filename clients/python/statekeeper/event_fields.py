"""The fields of an event of a watch: from the message to what callers get."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

from statekeeper.model import EventKind, StateFields, Status, WatchEvent
from statekeeper.places import Place
from statekeeper.state_fields import DOCUMENTS, TEXTS, read_execution, read_status
from statekeeper.times import to_datetime
from statekeeper.v1 import execution_pb2, history_pb2, watch_pb2
from statekeeper.values import read_document

EVENT_KIND_NUMBERS: Mapping[str, history_pb2.EventKind] = MappingProxyType(
    {
        EventKind.SAVED: history_pb2.EVENT_KIND_SAVED,
        EventKind.UPDATED: history_pb2.EVENT_KIND_UPDATED,
        EventKind.DELETED: history_pb2.EVENT_KIND_DELETED,
        EventKind.EXPIRED: history_pb2.EVENT_KIND_EXPIRED,
        EventKind.PAUSED: history_pb2.EVENT_KIND_PAUSED,
        EventKind.RESUMED: history_pb2.EVENT_KIND_RESUMED,
        EventKind.PAUSE_EXPIRED: history_pb2.EVENT_KIND_PAUSE_EXPIRED,
        EventKind.CHECKPOINTED: history_pb2.EVENT_KIND_CHECKPOINTED,
        EventKind.RESTORED: history_pb2.EVENT_KIND_RESTORED,
        EventKind.LOCKED: history_pb2.EVENT_KIND_LOCKED,
        EventKind.UNLOCKED: history_pb2.EVENT_KIND_UNLOCKED,
    }
)
"""What may be asked for."""
_EVENT_KINDS = {
    int(history_pb2.EVENT_KIND_SNAPSHOT): EventKind.SNAPSHOT,
    **{int(number): EventKind(name) for name, number in EVENT_KIND_NUMBERS.items()},
}


def read_event_kind(number: int) -> EventKind:
    """Gives the kind for its number."""
    return _EVENT_KINDS.get(number, EventKind.UNKNOWN)


def read_event(event: watch_pb2.Event, place: Place) -> WatchEvent:
    """Reads an event.

    Args:
        event: As the server sent it.
        place: The place after it.

    Raises:
        SerializationError: Python cannot hold a value.
    """
    return WatchEvent(
        kind=read_event_kind(event.kind),
        namespace=event.key.namespace,
        execution_id=event.key.execution_id,
        revision=event.revision,
        execution_revision=event.execution_revision,
        version=event.version,
        time=to_datetime(event.time),
        status=_status(event.status),
        changed=tuple(event.changed),
        actor=event.actor,
        pause_id=event.pause_id,
        checkpoint=event.checkpoint,
        owner=event.owner,
        changes=_changes(event) if event.HasField("changes") else None,
        removed=tuple(event.removed),
        state=read_execution(event.execution) if event.HasField("execution") else None,
        values_missing=event.values_missing,
        _place=place,
    )


def notice(kind: EventKind, namespace: str, place: Place) -> WatchEvent:
    """Makes an event that tells of the watch itself."""
    return WatchEvent(
        kind=kind,
        namespace=namespace,
        execution_id="",
        revision=0,
        execution_revision=0,
        version=0,
        time=dt.datetime.now(dt.UTC),
        status=None,
        _place=place,
    )


def _status(number: int) -> Status | None:
    known = number in execution_pb2.Status.values()
    return read_status(number) if number and known else None


def _changes(event: watch_pb2.Event) -> StateFields:
    changes = event.changes
    fields: dict[str, Any] = {}
    if changes.status:
        fields["status"] = read_status(changes.status)
    for name in DOCUMENTS:
        if changes.HasField(name):
            fields[name] = read_document(getattr(changes, name), name)
    for name in TEXTS:
        if changes.HasField(name):
            fields[name] = getattr(changes, name)
    if changes.HasField("start_time"):
        fields["start_time"] = to_datetime(changes.start_time)
    if "labels" in event.changed:
        fields["labels"] = dict(changes.labels)
    return cast("StateFields", fields)
