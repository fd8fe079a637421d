"""Sends calls over a sync gRPC channel."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import grpc

from statekeeper.batch import Batch
from statekeeper.calls import Call, Page
from statekeeper.errors import StateError
from statekeeper.stream import Stream, failure_of
from statekeeper.transport import CHANNEL_OPTIONS, CLOSED, Route, check_size, may_be_done
from statekeeper.v1 import state_manager_pb2_grpc
from statekeeper.watchdog import Watchdog

_ResultT = TypeVar("_ResultT")
_ItemT = TypeVar("_ItemT")


class Channel:
    """One connection to a server, for any number of threads.

    Args:
        route: Where to and for how long.
        credentials: For TLS; None: none.

    Attributes:
        route: Where its calls go and for how long.
        closed: Whether it was closed.
    """

    def __init__(self, route: Route, credentials: grpc.ChannelCredentials | None) -> None:
        self.route = route
        self.closed = False
        self._posted: set[grpc.Future[Any]] = set()
        self._watchdog = Watchdog()
        if credentials is None:
            self._channel = grpc.insecure_channel(route.target, CHANNEL_OPTIONS)
        else:
            self._channel = grpc.secure_channel(route.target, credentials, CHANNEL_OPTIONS)
        self._stub = state_manager_pb2_grpc.StateManagerStub(self._channel)

    def send(self, call: Call[Any, _ResultT]) -> _ResultT:
        """Sends a call and waits for what comes of it.

        Raises:
            StateError: It did not succeed.
            RuntimeError: The channel is closed.
        """
        try:
            check_size(call)
            self._check_open()
            response = getattr(self._stub, call.method)(
                call.request,
                timeout=self.route.timeout_of(call),
                wait_for_ready=self.route.answered,
            )
            self.route.answered = True
            return call.finish(response)
        except grpc.RpcError as error:
            failed = self.route.translate(failure_of(error), call)
            self._give_up(call, failed)
            raise failed from error
        except BaseException as error:
            self._give_up(call, error)
            if self.closed and isinstance(error, ValueError):
                # What gRPC says when it was closed a moment ago.
                raise RuntimeError(CLOSED) from error
            raise

    def post(self, call: Call[Any, Any]) -> None:
        """Sends a call and waits for nothing; what becomes of it is nobody's concern."""
        method = getattr(self._stub, call.method)
        with contextlib.suppress(ValueError):  # what gRPC says when it is closed
            future = method.future(call.request, timeout=self.route.timeout_of(call))
            # gRPC cancels a call that nobody refers to.
            self._posted.add(future)
            future.add_done_callback(self._posted.discard)

    def send_batch(self, calls: Sequence[Call[Any, _ResultT]]) -> list[_ResultT | StateError]:
        """Sends many calls in few messages, and gives what becomes of each.

        Raises:
            RuntimeError: The channel is closed.
        """
        batch = Batch(calls, self.route)
        with contextlib.closing(batch.steps()) as steps:
            for step in steps:
                time.sleep(step.delay_s)
                with step.taken():
                    self.send(step.call)
        return batch.results

    def open(self, call: Call[Any, _ResultT]) -> Stream[_ResultT]:
        """Opens the stream of a call, and waits for nothing.

        Raises:
            RuntimeError: The channel is closed.
        """
        self._check_open()
        try:
            # A server that is away is told at once: whoever reads knows how to go on.
            messages = getattr(self._stub, call.method)(call.request, wait_for_ready=False)
        except ValueError as error:
            raise RuntimeError(CLOSED) from error
        return Stream(messages, call, self.route, self._watchdog)

    def send_pages(
        self,
        first: Call[Any, Page[_ItemT]],
        following: Callable[[str], Call[Any, Page[_ItemT]]],
    ) -> Iterator[_ItemT]:
        """Gives the items of all pages of a list, each page fetched when it is needed.

        Args:
            first: The call for the first page.
            following: Makes the call for the page of a token.
        """
        page = self.send(first)
        while True:
            yield from page.items
            if not page.next_page_token:
                return
            page = self.send(following(page.next_page_token))

    def _give_up(self, call: Call[Any, Any], error: BaseException) -> None:
        call.give_up(error)
        if call.cleanup is not None and may_be_done(error):
            self.post(call.cleanup)

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError(CLOSED)

    def close(self) -> None:
        """Closes the connection; calls under way end in CallCancelledError."""
        self.closed = True
        self._channel.close()
