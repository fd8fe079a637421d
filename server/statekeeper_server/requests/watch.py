"""What makes a WatchRequest valid."""

from collections.abc import Sequence

from statekeeper.v1.history_pb2 import EVENT_KIND_SNAPSHOT, EVENT_KIND_UNSPECIFIED, EventKind
from statekeeper.v1.watch_pb2 import (
    WATCH_INCLUDE_HEAD,
    WATCH_INCLUDE_UNSPECIFIED,
    WatchInclude,
    WatchRequest,
)
from statekeeper_server.errors import invalid
from statekeeper_server.limits import (
    HEARTBEAT_DEFAULT_US,
    HEARTBEAT_MAX_US,
    HEARTBEAT_MIN_US,
)
from statekeeper_server.operations.watch import Place, Scope, Watch
from statekeeper_server.requests.fields import (
    check_duration,
    check_key,
    check_name,
    check_namespace,
)
from statekeeper_server.requests.resume_token import ResumeTokens

_KINDS = frozenset(EventKind.values()) - {EVENT_KIND_UNSPECIFIED, EVENT_KIND_SNAPSHOT}
_INCLUDES = frozenset(WatchInclude.values())


def check_watch(request: WatchRequest, folder_id: str, shards: int) -> tuple[Watch, ResumeTokens]:
    """Check a WatchRequest: what to watch, and what makes its tokens.

    Args:
        request: what is asked for.
        folder_id: the name of the data folder, which tokens are bound to.
        shards: how many it has.
    """
    scope = _check_scope(request)
    kinds = _check_kinds(request.kinds)
    if request.include not in _INCLUDES:
        raise invalid("include", f"{request.include} is not known")
    tokens = ResumeTokens(folder_id, scope, kinds, 1 if scope.single else shards)
    start = request.WhichOneof("start") or ""
    watch = Watch(
        scope=scope,
        kinds=kinds,
        include=WATCH_INCLUDE_HEAD
        if request.include == WATCH_INCLUDE_UNSPECIFIED
        else request.include,
        heartbeat_s=_check_heartbeat_us(request) / 1_000_000,
        snapshot=request.snapshot,
        places=_check_start(request, scope, tokens),
        start_field=start,
    )
    return watch, tokens


def _check_scope(request: WatchRequest) -> Scope:
    if request.HasField("key"):
        for name in ("namespace", "id_prefix"):
            if getattr(request, name):
                raise invalid(name, "has no meaning together with key")
        key = check_key(request.key)
        return Scope(key.namespace, key.execution_id, single=True)
    namespace = check_namespace("namespace", request.namespace)
    id_prefix = check_name("id_prefix", request.id_prefix) if request.id_prefix else ""
    return Scope(namespace, id_prefix, single=False)


def _check_kinds(kinds: Sequence[EventKind]) -> frozenset[EventKind]:
    if len(kinds) > len(_KINDS):
        raise invalid("kinds", f"has {len(kinds)}, there are {len(_KINDS)}")
    for number, kind in enumerate(kinds):
        if kind not in _KINDS:
            raise invalid(f"kinds[{number}]", f"{kind} is no kind of change")
    return frozenset(kinds)


def _check_heartbeat_us(request: WatchRequest) -> int:
    if not request.HasField("heartbeat_interval"):
        return HEARTBEAT_DEFAULT_US
    field = "heartbeat_interval"
    interval_us = check_duration(field, request.heartbeat_interval, HEARTBEAT_MAX_US, "1 hour")
    if interval_us < HEARTBEAT_MIN_US:
        raise invalid(field, "is shorter than 100 ms")
    return interval_us


def _check_start(
    request: WatchRequest, scope: Scope, tokens: ResumeTokens
) -> tuple[Place, ...] | None:
    start = request.WhichOneof("start")
    if start == "resume_token":
        return tokens.places(request.resume_token)
    if start != "after_revision":
        return None
    if not scope.single:
        raise invalid(start, "needs key: revisions are those of one shard")
    if request.after_revision < 0:
        raise invalid(start, f"is {request.after_revision}, revisions are positive")
    return (Place(request.after_revision),)
