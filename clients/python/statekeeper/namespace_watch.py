"""The part of a client that watches a namespace."""

from collections.abc import Iterable
from typing import Literal

from statekeeper.calls import watch_namespace
from statekeeper.channel import Channel
from statekeeper.model import EventKind
from statekeeper.requests.execution import NAMESPACE_DEFAULT
from statekeeper.requests.watch import HEARTBEAT_DEFAULT, WatchOptions
from statekeeper.times import Span
from statekeeper.watch import Watch


class NamespaceWatch:
    """Watches the executions of a namespace."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def watch(
        self,
        *,
        namespace: str = NAMESPACE_DEFAULT,
        id_prefix: str = "",
        snapshot: bool = False,
        resume_token: str | None = None,
        kinds: Iterable[EventKind | str] | None = None,
        include: Literal["head", "changes", "state"] = "head",
        heartbeat: Span = HEARTBEAT_DEFAULT,
        give_up_after: Span | None = None,
        on_compacted: Literal["raise", "snapshot"] = "raise",
    ) -> Watch:
        """Tells what happens to the executions of a namespace.

        ::

            with client.watch(namespace="orders", kinds=["paused"]) as events:
                for event in events:
                    print(event.execution_id)

        When this returns the watch stands: it tells everything that happens later. The
        events of one execution come in the order of their revisions.

        Args:
            namespace: Whose; empty: `execution-state`.
            id_prefix: Only the executions whose ids begin so. Empty: all.
            snapshot: Begins with the executions as they are: an event of the kind
                SNAPSHOT for each, and in the end one of the kind SNAPSHOT_COMPLETE.
            resume_token: Goes on after the event that had this token, in a watch of the
                same namespace, id_prefix and kinds.
            kinds: As for the `watch` of a handle.
            include: As for the `watch` of a handle.
            heartbeat: As for the `watch` of a handle.
            give_up_after: As for the `watch` of a handle.
            on_compacted: As for the `watch` of a handle.

        Raises:
            InvalidRequestError: An argument is of no use.
            RevisionCompactedError: What happened since is no longer kept.
        """
        options = WatchOptions(
            snapshot=snapshot,
            resume_token=resume_token,
            kinds=kinds,
            include=include,
            heartbeat=heartbeat,
            give_up_after=give_up_after,
            on_compacted=on_compacted,
        )
        following = watch_namespace(namespace, id_prefix, options)
        return Watch(self._channel, following).begin()
