"""Events of the log, as they are written."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from statekeeper.v1.history_pb2 import EventKind
from statekeeper_server.storage.v1.records_pb2 import Act, Event, Head


class Deed(NamedTuple):
    """What is done to an execution, but for what it changes."""

    kind: EventKind
    pause_id: str = ""
    checkpoint: str = ""


@lru_cache(maxsize=256)  # Most writes of a workflow change the same entries in the same way.
def acts(deeds: tuple[Deed, ...], changed: tuple[str, ...]) -> bytes:
    """The acts of an event, as fields of it: what is done changes all of this."""
    return Event(
        acts=[
            Act(kind=kind, changed=changed, pause_id=pause_id, checkpoint=checkpoint)
            for kind, pause_id, checkpoint in deeds
        ]
    ).SerializeToString()


def event_after(head: Head, acts: Iterable[Act], actor: str) -> Event:
    """What is done to an execution that is as its last change has left it."""
    return Event(
        uid=head.uid,
        execution=head.execution,
        acts=acts,
        actor=actor,
        previous_revision=head.execution.revision,
    )
