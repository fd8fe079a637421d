"""Requests of Watch."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from statekeeper.arguments import (
    check_at_most_one,
    checked_name,
    checked_revision,
    checked_text,
    checked_texts,
    invalid,
)
from statekeeper.event_fields import EVENT_KIND_NUMBERS
from statekeeper.places import Place
from statekeeper.requests.execution import ExecutionRef
from statekeeper.times import Span, to_duration, to_timedelta
from statekeeper.v1 import history_pb2, watch_pb2

HEARTBEAT_DEFAULT = dt.timedelta(seconds=10)

_INCLUDES: Mapping[str, watch_pb2.WatchInclude] = MappingProxyType(
    {
        "head": watch_pb2.WATCH_INCLUDE_HEAD,
        "changes": watch_pb2.WATCH_INCLUDE_CHANGES,
        "state": watch_pb2.WATCH_INCLUDE_STATE,
    }
)
_ON_COMPACTED = ("raise", "snapshot")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """How a caller wants to watch, as it was given.

    Attributes:
        snapshot: Whether to begin with the executions as they are.
        after_revision: After which revision to begin.
        resume_token: Where to go on.
        kinds: The kinds of events to tell; None: all.
        include: How much to tell of the values.
        heartbeat: How long the stream may be silent.
        give_up_after: For how long to try to reach the server; None: for ever.
        on_compacted: What to do where the changes since are no longer kept.
    """

    snapshot: bool = False
    after_revision: int | None = None
    resume_token: str | None = None
    kinds: Iterable[str] | None = None
    include: str = "head"
    heartbeat: Span = HEARTBEAT_DEFAULT
    give_up_after: Span | None = None
    on_compacted: str = "raise"


@dataclass(frozen=True, slots=True)
class WatchAsk:
    """What to watch, and how.

    Attributes:
        scope: What to watch; the namespace alone: all of it.
        request: The request, but for where to begin later.
        place: Where to go on; None: where the request says.
        heartbeat_s: After how many seconds of silence the server gives a sign.
        give_up_after_s: For how many seconds to try to reach the server.
        restarts: Whether to begin again with a snapshot where the changes since
            are no longer kept.
    """

    scope: ExecutionRef
    request: watch_pb2.WatchRequest
    place: Place | None
    heartbeat_s: float
    give_up_after_s: float
    restarts: bool

    @classmethod
    def checked(
        cls, scope: ExecutionRef, id_prefix: str | None, options: WatchOptions
    ) -> "WatchAsk":
        """Makes one from what a caller gave.

        Args:
            scope: The execution, or the namespace.
            id_prefix: Of a namespace, how the ids of its executions begin; None:
                the scope is one execution.
            options: How.

        Raises:
            InvalidRequestError: An argument is of no use.
        """
        request = watch_pb2.WatchRequest()
        if id_prefix is None:
            request.key.CopyFrom(scope.key())
        else:
            request.namespace = scope.namespace
            request.id_prefix = checked_text("id_prefix", id_prefix)
        check_at_most_one(
            snapshot=options.snapshot or None,
            after_revision=options.after_revision,
            resume_token=options.resume_token,
        )
        if options.snapshot:
            request.snapshot = True
        if options.after_revision is not None:
            request.after_revision = checked_revision("after_revision", options.after_revision)
        if options.kinds is not None:
            request.kinds.extend(_kind(kind) for kind in checked_texts("kinds", options.kinds))
        if options.include not in _INCLUDES:
            raise invalid("include", f"{options.include!r} is none of {', '.join(_INCLUDES)}")
        request.include = _INCLUDES[options.include]
        heartbeat = to_timedelta(options.heartbeat, "heartbeat")
        request.heartbeat_interval.CopyFrom(to_duration(heartbeat))
        if options.on_compacted not in _ON_COMPACTED:
            raise invalid(
                "on_compacted", f"{options.on_compacted!r} is none of {', '.join(_ON_COMPACTED)}"
            )
        give_up_after_s = math.inf
        if options.give_up_after is not None:
            give_up_after_s = to_timedelta(options.give_up_after, "give_up_after").total_seconds()
        return cls(
            scope,
            request,
            None if options.resume_token is None else _place(options.resume_token),
            heartbeat.total_seconds(),
            give_up_after_s,
            options.on_compacted == "snapshot",
        )


def watch_request(ask: WatchAsk, place: Place | None) -> watch_pb2.WatchRequest:
    """Makes the request for a stream.

    Args:
        ask: What to watch.
        place: Where to go on; None: where the caller wanted to begin.
    """
    request = watch_pb2.WatchRequest()
    request.CopyFrom(ask.request)
    if place is not None:
        request.resume_token = place.token
    return request


def _kind(kind: str) -> history_pb2.EventKind:
    number = EVENT_KIND_NUMBERS.get(kind)
    if number is None:
        raise invalid("kinds", f"{kind!r} is none of {', '.join(EVENT_KIND_NUMBERS)}")
    return number


def _place(resume_token: object) -> Place:
    try:
        return Place.read(checked_name("resume_token", resume_token))
    except ValueError as error:
        raise invalid("resume_token", str(error)) from error
