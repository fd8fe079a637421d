"""The client."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self, TypeVar

import grpc

from statekeeper.arguments import checked_text
from statekeeper.cache import Cache
from statekeeper.cache_watch import CacheWatch
from statekeeper.calls import Calls, InboxCalls
from statekeeper.channel import Channel
from statekeeper.inbox import Inbox
from statekeeper.listing import Listing
from statekeeper.model import BatchResults
from statekeeper.namespace_watch import NamespaceWatch
from statekeeper.operations import Operation, to_calls
from statekeeper.requests.execution import NAMESPACE_DEFAULT, ExecutionRef
from statekeeper.state_manager import StateManager
from statekeeper.times import Span, to_timedelta
from statekeeper.transport import TARGET_DEFAULT, TIMEOUT_DEFAULT, Route

_ResultT = TypeVar("_ResultT")


class Client(Inbox, Listing, NamespaceWatch):
    """Talks to a statekeeper server.

    ::

        with Client("127.0.0.1:7460") as client:
            sm = client.state_manager("exec_abc123", namespace="orders")
            sm.save({"status": "running", "context": {"userId": "user_123"}})
            state = sm.load()

    A client is one connection; make one and share it: it may be used from
    several threads, and where many call at once their small calls share
    messages. It connects at the first call. Until the server has once
    answered, calls to where nobody listens fail within a second or two; from
    then on a server that is away is waited for until the call's timeout.
    Failed calls are repeated where that can help; no write is done twice.

    Make clients after a fork, not before.

    Args:
        target: The server's address: `host:port`, or a gRPC name.
        credentials: For TLS (`grpc.ssl_channel_credentials()`). None: no TLS.
        timeout: How long a call may take, retries included; a timedelta or
            seconds.
        actor: Who writes, for the history; handles and writes may say
            otherwise.
        cache_watch: Whether handles with a `cache_ttl` see the writes of others at
            once: each namespace in which there are such handles is watched, and
            while its watch is broken nothing of it is cached. Where the server
            falls silent, that is noticed after half a minute.

    Raises:
        InvalidRequestError: The target, the credentials, the timeout or the
            actor is of no use.
    """

    def __init__(
        self,
        target: str = TARGET_DEFAULT,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: Span = TIMEOUT_DEFAULT,
        actor: str = "",
        cache_watch: bool = False,
    ) -> None:
        self._actor = checked_text("actor", actor)
        channel = Channel(Route(target, timeout), credentials)
        self._cache_watch = CacheWatch(channel)
        self._cache = Cache(self._cache_watch.begin if cache_watch else None)
        Inbox.__init__(self, InboxCalls(self._cache, self._actor), channel)
        Listing.__init__(self, channel)
        NamespaceWatch.__init__(self, channel)

    def state_manager(
        self,
        execution_id: str,
        *,
        namespace: str = NAMESPACE_DEFAULT,
        ttl: Span | None = None,
        cache_ttl: Span | None = None,
        actor: str | None = None,
    ) -> StateManager:
        """Gives the handle of one execution; talks to nobody.

        Args:
            execution_id: The execution, 1 to 256 bytes.
            namespace: Its namespace; equal ids in two namespaces never meet. Empty:
                `execution-state`.
            ttl: Time to live that every save and update gives, a timedelta or
                seconds; 0: for ever. None: what was last set, at first 24 h.
            cache_ttl: For how long `load` may give what was loaded or saved
                before through this client without asking the server. Writes
                through this client are always seen, those of others after this
                time, or at once with the client's `cache_watch`. None: always ask.
            actor: Who writes, for the history. None: the client's.

        Raises:
            InvalidRequestError: An argument is of no use.
        """
        execution = ExecutionRef.checked(
            namespace, execution_id, ttl, self._actor if actor is None else actor
        )
        lifetime = None if cache_ttl is None else to_timedelta(cache_ttl, "cache_ttl")
        return StateManager(Calls(execution, self._cache, lifetime), self._channel)

    def batch(self, operations: Iterable[Operation[_ResultT]]) -> BatchResults[_ResultT]:
        """Does many operations on any executions, each for itself, in few messages.

        ::

            orders = [client.state_manager(f"order-{n}") for n in range(500)]
            results = client.batch(
                [order.operation.save({"status": "running"}) for order in orders]
            )
            results.raise_first()  # the first error, if any

        Those on one execution are done in their order; one that fails keeps no
        other from being done. What an operation holds is read before the first
        is sent, so none can build on what another gives. A message takes 1,000
        operations and 16 MiB, what is more goes into the next one, and the
        client's timeout is for each message. A message without an answer ends
        the batch: the operations after it are not sent, and have its error.

        Args:
            operations: What to do, as `sm.operation` gives it.

        Returns:
            A list of what became of each, in their order: its result, or the
            StateError that the handle's method would have raised.

        Raises:
            InvalidRequestError: An argument is of no use; names the operation's
                position (`operations[3].status`). Nothing was sent.
            SerializationError: A value cannot be sent; names the operation's
                position and the path in it. Nothing was sent.
        """
        results = self._channel.send_batch(to_calls(operations, self._channel))
        return BatchResults(results)

    def close(self) -> None:
        """Closes the connection; calls under way end in CallCancelledError."""
        self._channel.close()
        self._cache_watch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
