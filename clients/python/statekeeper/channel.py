"""Sends calls over a sync gRPC channel."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from statekeeper.batch import Batch
from statekeeper.calls import Call, Page
from statekeeper.errors import StateError
from statekeeper.messages import OPERATION_BYTES_MAX, OPERATIONS, OperationError
from statekeeper.rpc_errors import failure_of_call
from statekeeper.shared_messages import SharedMessages
from statekeeper.stream import Stream
from statekeeper.stubs import make_stub
from statekeeper.transport import (
    CHANNEL_OPTIONS,
    CLOSED,
    Route,
    check_credentials,
    check_size,
    has_no_room,
    may_be_done,
    retry_delay_s,
)
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
        check_credentials(credentials)
        self.route = route
        self.closed = False
        self._posted: set[grpc.Future[Any]] = set()
        self._watchdog = Watchdog()
        if credentials is None:
            self._channel = grpc.insecure_channel(route.target, CHANNEL_OPTIONS)
        else:
            self._channel = grpc.secure_channel(route.target, credentials, CHANNEL_OPTIONS)
        self._stub = make_stub(self._channel)
        # Writes wait for the disk: those of some threads are better there at the same time.
        self._writes = SharedMessages(self._do, alone_max=8, under_way_max=4)
        self._loads = SharedMessages(self._do, alone_max=4, under_way_max=2)

    def send(self, call: Call[Any, _ResultT]) -> _ResultT:
        """Sends a call and waits for what comes of it.

        Raises:
            StateError: It did not succeed.
            RuntimeError: The channel is closed.
        """
        try:
            size_bytes = check_size(call)
            self._check_open()
            if call.method in OPERATIONS and size_bytes <= OPERATION_BYTES_MAX:
                response = self._share(call, size_bytes)
            else:
                response = self._do(call.method, call.request, self.route.timeout_of(call))
            self.route.answered = True
            return call.finish(response)
        except grpc.RpcError as error:
            failed = self.route.translate(failure_of_call(error), call)
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

    def _share(self, call: Call[Any, Any], size_bytes: int) -> Any:
        """Sends a call in messages that all threads share, again where that can help."""
        messages = self._loads if call.method == "Load" else self._writes
        ends_s = time.monotonic() + self.route.timeout_of(call)
        attempt = 0
        while True:
            attempt += 1
            left_s = ends_s - time.monotonic()
            try:
                return messages.call(call.method, call.request, size_bytes, left_s)
            except OperationError as error:
                failed = self.route.translate(error.failure, call)
                if has_no_room(failed):
                    messages.keep_apart()
                    return self._do(call.method, call.request, ends_s - time.monotonic())
                delay_s = retry_delay_s(failed, attempt)
                if delay_s is None or delay_s >= ends_s - time.monotonic():
                    raise failed from error
            time.sleep(delay_s)

    def _do(self, method: str, request: Message, timeout_s: float) -> Any:
        """Sends the request of an RPC, and gives its response."""
        return getattr(self._stub, method)(
            request, timeout=timeout_s, wait_for_ready=self.route.answered
        )

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
        self._writes.close()
        self._loads.close()
