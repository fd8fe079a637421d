"""The part of a handle that locks, and the locks it gives."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from statekeeper.calls import GONE, Calls, LockAnswer
from statekeeper.channel import Channel
from statekeeper.errors import StateError
from statekeeper.grants import Grant
from statekeeper.lock_facts import LockFacts
from statekeeper.model import LockHolder
from statekeeper.state_manager.handle import Handle
from statekeeper.times import Span


class Lock(LockFacts):
    """The lock of an execution, or the news that somebody else has it.

    ::

        with sm.lock(timeout=60) as lock:
            sm.update(status="running")

        lock = sm.lock(retry=False)
        if lock:
            try:
                ...
            finally:
                lock.unlock()

    As a context manager it raises LockTimeoutError when it was not granted,
    renews the lease for as long as the block runs, and releases in the end.
    Without, the lease is over after its time, unless `renew` is called.
    """

    def __init__(self, calls: Calls, channel: Channel, answer: LockAnswer) -> None:
        super().__init__(calls, answer)
        self._channel = channel
        self._block_over = threading.Event()

    def renew(self, lease: Span | None = None) -> None:
        """Prolongs the lease, from now on.

        Args:
            lease: For how long; a timedelta or seconds, 1 ms to 24 h. None: as
                long as last time.

        Raises:
            FencedError: The lease was over.
            LockedError: Somebody else has it.
            LockTimeoutError: It was not granted in the first place.
        """
        self._channel.send(self._calls.renew_lock(self._granted(), lease))

    def unlock(self) -> bool:
        """Releases the lock; tells whether it was still ours, and harmless when not."""
        call = self._give_back()
        if isinstance(call, bool):
            return call
        try:
            return self._channel.send(call)
        except GONE:
            return False

    def __enter__(self) -> Self:
        grant = self._enter()
        renew = partial(self._calls.renew_lock, grant, in_time=True)
        self._block_over.clear()
        threading.Thread(
            target=keep_renewed,
            args=(grant, self._block_over.wait, lambda: self._channel.send(renew())),
            name="statekeeper-lock",
            daemon=True,
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._block_over.set()
        # What went wrong in the block is what matters then.
        hidden = (StateError, RuntimeError) if error is not None else ()
        try:
            with contextlib.suppress(*hidden):
                self.unlock()
        finally:
            self._leave()


def keep_renewed(grant: Grant, wait: Callable[[float], bool], renew: Callable[[], object]) -> None:
    """Renews a lease until it is no longer wanted, or lost.

    Args:
        grant: The grant.
        wait: Waits for some seconds; true: the lease is no longer wanted.
        renew: Asks the server.
    """
    while (delay_s := grant.renewal_in_s()) is not None:
        if wait(delay_s):
            return
        if grant.renewal_in_s() != 0:
            # Somebody else has renewed it, or it is over.
            continue
        try:
            renew()
        except StateError:
            grant.renewal_failed()
        except RuntimeError:
            # The client is closed.
            grant.lose()


class LockPart(Handle):
    """Locks the execution."""

    def lock(
        self,
        *,
        timeout: Span = 30,
        retry: bool = True,
        lease: Span | None = None,
        exclusive: bool = False,
        owner: str | None = None,
    ) -> Lock:
        """Asks for the lock, and waits for its turn.

        The execution need not exist. Threads that share a handle exclude one
        another. Who asks again while holding the lock gets the same grant: what
        asks later is released earlier. The writes of the handle carry the
        lock's fencing token, so that they are refused with FencedError if it is
        lost.

        Args:
            timeout: How long to wait and, unless `lease` is given, how long the
                lease lasts; a timedelta or seconds, up to 24 h. 0: the answer
                comes at once, and the lease lasts 30 s.
            retry: False: the answer comes at once, whatever the timeout.
            lease: How long it lasts unless it is renewed, 1 ms to 24 h.
            exclusive: Whether writes without the lock are refused with
                LockedError while it is held.
            owner: Who asks, 1 to 256 bytes; who has the same name gets the same
                grant, wherever it is. None: nobody else.

        Returns:
            The lock, true when it was granted.

        Raises:
            InvalidRequestError: An argument is of no use.
        """
        ask = self._calls.ask(
            timeout=timeout, retry=retry, lease=lease, exclusive=exclusive, owner=owner
        )
        answer = self._channel.send(self._calls.lock(ask))
        return Lock(self._calls, self._channel, answer)

    def unlock(self) -> bool:
        """Releases what this handle holds, however often it was asked for.

        Returns:
            Whether it was held; False: nobody holds the lock.

        Raises:
            FencedError: It was lost, and somebody else holds the lock.
            LockedError: This handle holds nothing, and somebody else does.
        """
        return self._channel.send(self._calls.unlock_all())

    def is_locked(self) -> bool:
        """Tells whether anybody holds the lock."""
        return self.get_lock() is not None

    def get_lock(self) -> LockHolder | None:
        """Tells who holds the lock; None: nobody."""
        return self._channel.send(self._calls.get_lock())
