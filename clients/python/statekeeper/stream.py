"""The messages of a call whose response is a stream."""

from typing import Any, Generic, TypeVar

import grpc

from statekeeper.calls import Call
from statekeeper.rpc_errors import failure_of_call
from statekeeper.transport import ENDED, Route, silence
from statekeeper.watchdog import Watchdog

_ResultT = TypeVar("_ResultT")


class Stream(Generic[_ResultT]):
    """The messages of one call; gRPC cancels it when nobody refers to this any more.

    Args:
        messages: gRPC's call.
        call: What was called.
        route: Where it went.
        watchdog: Ends a wait that is too long.
    """

    def __init__(
        self, messages: Any, call: Call[Any, _ResultT], route: Route, watchdog: Watchdog
    ) -> None:
        self._messages = messages
        self._call = call
        self._route = route
        self._watchdog = watchdog
        self._silent = False

    def receive(self, timeout_s: float) -> _ResultT:
        """Waits for the next message.

        Args:
            timeout_s: For how many seconds; then the stream is cancelled.

        Raises:
            StateError: The stream has ended, for whatever reason; UnavailableError
                also where no message came in time.
        """
        try:
            with self._watchdog.limit(timeout_s, self._fall_silent):
                message = next(self._messages)
        except StopIteration:
            raise self._route.translate(ENDED, self._call) from None
        except grpc.RpcError as error:
            failure = silence(timeout_s) if self._silent else failure_of_call(error)
            raise self._route.translate(failure, self._call) from error
        except BaseException:
            self.cancel()
            raise
        self._route.hear()
        return self._call.finish(message)

    def cancel(self) -> None:
        """Ends the stream; harmless when it has ended."""
        self._messages.cancel()

    def _fall_silent(self) -> None:
        self._silent = True
        self.cancel()
