"""Events of the log that are no change of a state."""

from collections.abc import Iterable

from statekeeper_server.storage.v1.records_pb2 import Act, Event, Head


def event_after(head: Head, acts: Iterable[Act], actor: str) -> Event:
    """What is done to an execution that is as its last change has left it."""
    return Event(
        uid=head.uid,
        execution=head.execution,
        acts=acts,
        actor=actor,
        previous_revision=head.execution.revision,
    )
