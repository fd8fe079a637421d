"""The service as the model's test sees it: real, with a clock that stands still."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import grpc

from statekeeper.testing import TestServer
from statekeeper.testing.clock import MovableClock
from statekeeper.times import Span
from statekeeper.v1.pause_requests_pb2 import ListPausesRequest
from statekeeper.v1.shared_state_pb2_grpc import SharedStateStub
from tests.model import wire
from tests.model.answers import Execution, FoundPause
from tests.model.requests import List, ListCheckpoints, ListRevisions, Request
from tests.model.terms import SECOND, Key, Refused
from tests.support.raw import DEADLINE_S, RawClient, Refusal

_BEGIN = 1_700_000_000 * SECOND


class StandingClock(MovableClock):
    """Moves when it is told to and not otherwise, so that every time can be foretold."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet = False

    def now_us(self) -> int:
        return _BEGIN + self._ahead_us

    def monotonic_us(self) -> int:
        return self._ahead_us

    def advance_quietly(self, span: Span) -> None:
        """Let time pass without anybody being woken, as where a timer comes late."""
        subscribers, self._subscribers = self._subscribers, []
        self.advance(span)
        self._subscribers = subscribers


class StandingServer(TestServer):
    """A server with such a clock."""

    def _start(self, listen: str) -> None:
        if not isinstance(self.clock, StandingClock):
            self.clock = StandingClock()
        super()._start(listen)


class Service:
    """Asks a server of its own, in the words of the specification."""

    def __init__(self, data_dir: Path | None = None, **config: Any) -> None:
        self._server = StandingServer(data_dir, **config)
        self._raw = RawClient(self._server.address)
        # Lists are read in pages of these sizes in turn; 0 is the default.
        self._page_sizes = cycle((0, 1, 0, 3, 0, 2))

    @property
    def clock(self) -> StandingClock:
        """Its clock."""
        assert isinstance(self._server.clock, StandingClock)
        return self._server.clock

    def restart(self) -> None:
        """Stop it and start it again on the same folder."""
        self._raw.close()
        self._server.restart()
        self._raw = RawClient(self._server.address)

    def stop(self) -> None:
        """Stop it and remove its folder."""
        self._raw.close()
        self._server.stop()

    def ask(self, request: Request) -> Any:
        """The answer to a request; of a list, all of it. Raises Refused."""
        message = wire.write(request)
        if isinstance(request, ListRevisions | ListCheckpoints):
            if isinstance(request, ListCheckpoints):
                message.include_state = True
            pages = self._pages(request.rpc, message)
            return tuple(each for page in pages for each in wire.read(request, page))
        try:
            return wire.read(request, self._send(request.rpc, message))
        except grpc.RpcError as error:
            raise _refused(request, Refusal.of(error)) from None

    def list_pauses(self, namespace: str) -> tuple[FoundPause, ...]:
        """All that waits in a namespace."""
        pages = self._pages("ListPauses", ListPausesRequest(namespace=namespace))
        return tuple(wire.read_found_pause(each) for page in pages for each in page.pauses)

    def list_executions(self, query: List) -> tuple[Execution, ...]:
        """All executions that are what is asked for."""
        pages = self._pages("List", wire.write_list(query))
        return tuple(each for page in pages for each in wire.read_listed(page))

    def _pages(self, rpc: str, message: Any) -> Iterator[Any]:
        message.page_size = next(self._page_sizes)
        while True:
            page = self._send(rpc, message)
            yield page
            message.page_token = page.next_page_token
            if not message.page_token:
                return

    def _send(self, rpc: str, message: Any) -> Any:
        shared = SharedStateStub(self._raw.channel)
        stub = shared if hasattr(shared, rpc) else self._raw.stub
        return getattr(stub, rpc)(message, timeout=DEADLINE_S)


def _refused(request: Request, refusal: Refusal) -> Refused:
    metadata = refusal.metadata
    told = Key(metadata.pop("namespace", ""), metadata.pop("execution_id", ""))
    assert refusal.info.domain == "statekeeper", refusal
    # A token that leads nowhere leads to no execution that could be told (B71).
    assert told == request.key or not getattr(request, "named", True), refusal
    return Refused(refusal.reason, **metadata)
