"""What all parts of a handle have in common."""

from datetime import timedelta

from statekeeper.aio_channel import AioChannel
from statekeeper.calls import Calls
from statekeeper.operations import Operations


class AsyncHandle:
    """The execution that a handle is about."""

    def __init__(self, calls: Calls, channel: AioChannel) -> None:
        self._calls = calls
        self._channel = channel

    @property
    def execution_id(self) -> str:
        """The execution's id."""
        return self._calls.execution.execution_id

    @property
    def namespace(self) -> str:
        """The execution's namespace."""
        return self._calls.execution.namespace

    @property
    def ttl(self) -> timedelta | None:
        """The time to live that writes give; zero: for ever; None: the server decides."""
        return self._calls.execution.ttl

    @property
    def operation(self) -> Operations:
        """What `AsyncClient.batch` can do with the execution: `sm.operation.save(...)`."""
        return Operations(self._calls, self._channel)
