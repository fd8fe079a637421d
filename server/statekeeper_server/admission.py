"""How much the requests under way may hold in memory together."""

from collections.abc import Iterator
from contextlib import contextmanager

from statekeeper_server.errors import OverloadedError


class Admission:
    """Counts bytes from a request's arrival to its answer. Of the event loop alone."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0

    def check(self, size_bytes: int) -> None:
        """Raise OverloadedError when there is too little room."""
        if self._bytes + size_bytes > self._bytes_max:
            raise OverloadedError("too many bytes are under way")

    def enter(self, size_bytes: int) -> None:
        """Take room. Raises OverloadedError when there is too little."""
        self.check(size_bytes)
        self._bytes += size_bytes

    @contextmanager
    def room(self, size_bytes: int) -> Iterator[None]:
        """Take room for a while. Raises OverloadedError when there is too little."""
        self.enter(size_bytes)
        try:
            yield
        finally:
            self.leave(size_bytes)

    def hold(self, size_bytes: int) -> None:
        """Take room that is in use already, so that what comes next is refused instead."""
        self._bytes += size_bytes

    def leave(self, size_bytes: int) -> None:
        """Give it back."""
        self._bytes -= size_bytes
