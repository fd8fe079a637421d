"""The options of writes."""

import uuid
from dataclasses import dataclass

from statekeeper.arguments import checked_revision, checked_text, invalid
from statekeeper.requests.execution import ExecutionRef
from statekeeper.times import Span, to_duration, to_timedelta
from statekeeper.v1 import write_pb2


@dataclass(frozen=True, slots=True)
class Write:
    """The options of one write; None: not given by the caller.

    Attributes:
        expected_revision: As the caller gave it.
        ttl: As the caller gave it.
        request_id: As the caller gave it.
        actor: As the caller gave it.
        fencing_token: Of the lock under which is written; 0: none.
    """

    expected_revision: int | None = None
    ttl: Span | None = None
    request_id: str | None = None
    actor: str | None = None
    fencing_token: int = 0


def fill_options(
    options: write_pb2.WriteOptions,
    execution: ExecutionRef,
    write: Write,
    *,
    has_ttl: bool = True,
) -> None:
    """Puts the options of a write into its request.

    Args:
        options: Where to put them.
        execution: What the handle adds to every write.
        write: What the caller gave.
        has_ttl: Whether this kind of write sets a ttl.

    Raises:
        InvalidRequestError: An option is of no use.
    """
    if write.expected_revision is not None:
        options.expected_revision = checked_revision("expected_revision", write.expected_revision)
    if has_ttl:
        ttl = execution.ttl if write.ttl is None else to_timedelta(write.ttl, "ttl")
        if ttl is not None:
            options.ttl.CopyFrom(to_duration(ttl))
    # Every write can be repeated safely, because it says which one it is.
    if write.request_id is None:
        options.request_id = uuid.uuid4().hex
    else:
        options.request_id = checked_text("request_id", write.request_id)
        if not options.request_id:
            raise invalid("request_id", "must not be empty; leave it out to have one made")
    options.fencing_token = write.fencing_token
    actor = execution.actor if write.actor is None else checked_text("actor", write.actor)
    if actor:
        options.actor = actor
