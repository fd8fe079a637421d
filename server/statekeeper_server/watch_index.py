"""Who is told about an execution, found without asking everybody who watches."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.watch_pb2 import WatchInclude
from statekeeper_server.operations.watch import Piece, Scope, Watch


class Told(NamedTuple):
    """Which part of what happens is told, the same to all who asked so."""

    include: WatchInclude
    kinds: frozenset[EventKind]


class Listener(Protocol):
    """Somebody who is told what is committed; called on the event loop."""

    @property
    def watch(self) -> Watch:
        """What it watches."""
        ...

    def push(self, revision: int, row: list[Piece], row_bytes: int) -> None:
        """Take the events of a row of the log, which all who asked for the same share."""
        ...

    def fall_behind(self) -> None:
        """Read on in the log by itself."""
        ...

    def lose(self) -> None:
        """Nothing more will come."""
        ...


Listeners = dict[Told, dict[Listener, None]]
"""Those who watch the same, by what they are told."""


class _Prefixes:
    """Whoever watches a namespace, by the prefixes of ids."""

    __slots__ = ("lengths", "listeners")

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}
        self.listeners: dict[str, Listeners] = {}


class Index:
    """Listeners by what they watch: one execution, or a namespace and the beginning of ids."""

    def __init__(self) -> None:
        self._single: dict[tuple[str, str], Listeners] = {}
        self._namespaces: dict[str, _Prefixes] = {}

    def at(self, scope: Scope) -> Listeners:
        """Whoever watches exactly that; to be added to and removed from."""
        if scope.single:
            return self._single.setdefault((scope.namespace, scope.id_prefix), {})
        prefixes = self._namespaces.setdefault(scope.namespace, _Prefixes())
        listeners = prefixes.listeners.get(scope.id_prefix)
        if listeners is None:
            listeners = prefixes.listeners[scope.id_prefix] = {}
            length = len(scope.id_prefix)
            prefixes.lengths[length] = prefixes.lengths.get(length, 0) + 1
        return listeners

    def discard(self, scope: Scope) -> None:
        """Forget a scope that nobody watches any more."""
        if scope.single:
            del self._single[scope.namespace, scope.id_prefix]
            return
        prefixes = self._namespaces[scope.namespace]
        del prefixes.listeners[scope.id_prefix]
        length = len(scope.id_prefix)
        prefixes.lengths[length] -= 1
        if not prefixes.lengths[length]:
            del prefixes.lengths[length]
        if not prefixes.listeners:
            del self._namespaces[scope.namespace]

    def find(self, namespace: str, execution_id: str) -> Iterator[Listeners]:
        """Who watches an execution."""
        single = self._single.get((namespace, execution_id))
        if single is not None:
            yield single
        prefixes = self._namespaces.get(namespace)
        if prefixes is not None:
            for length in prefixes.lengths:
                listeners = prefixes.listeners.get(execution_id[:length])
                if listeners is not None:
                    yield listeners
