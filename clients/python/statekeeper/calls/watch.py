"""What a handle and a client watch and wait for."""

from collections.abc import Iterable

from statekeeper.arguments import checked_text
from statekeeper.cache import Key
from statekeeper.calls.following import Following
from statekeeper.calls.handle import HandleCalls
from statekeeper.calls.waiting import Until, Waiting
from statekeeper.model import EventKind, WatchEvent
from statekeeper.requests.execution import ExecutionRef, checked_namespace
from statekeeper.requests.watch import WatchAsk, WatchOptions
from statekeeper.times import Span


class WatchCalls(HandleCalls):
    """Makes the watches of one execution."""

    def watch(self, options: WatchOptions) -> Following:
        """Makes a watch that has not begun."""
        return Following(self._located(WatchAsk.checked, self.execution, None, options))

    def waiting(
        self, status: str | Iterable[str] | None, until: Until | None, timeout: Span | None
    ) -> Waiting:
        """Makes a wait that begins now."""
        return self._located(Waiting, self.execution, status, until, timeout)


def watch_namespace(namespace: str, id_prefix: str, options: WatchOptions) -> Following:
    """Makes a watch of a namespace that has not begun.

    Raises:
        InvalidRequestError: An argument is of no use.
    """
    scope = ExecutionRef(checked_namespace(namespace), "")
    return Following(WatchAsk.checked(scope, checked_text("id_prefix", id_prefix), options))


def watch_cached(namespace: str) -> Following:
    """Makes the watch that tells a cache what changes; it ends when it breaks."""
    return watch_namespace(namespace, "", WatchOptions(give_up_after=0))


def changed_key(event: WatchEvent) -> tuple[Key, int] | None:
    """Tells a cache which execution has changed, and at which revision; None: none has."""
    if event.kind in (EventKind.LOCKED, EventKind.UNLOCKED):
        return None
    return (event.namespace, event.execution_id), event.revision
