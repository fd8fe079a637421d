"""The part of an asyncio handle that locks, and the locks it gives."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, NoReturn, Self

from statekeeper.aio_channel import AioChannel
from statekeeper.aio_state_manager.handle import AsyncHandle
from statekeeper.calls import GONE, Calls, LockAnswer
from statekeeper.errors import StateError
from statekeeper.grants import Grant
from statekeeper.lock_facts import LockFacts
from statekeeper.model import LockHolder
from statekeeper.times import Span


class AsyncLock(LockFacts):
    """The lock of an execution, or the news that somebody else has it.

    ::

        async with sm.lock(timeout=60) as lock:
            await sm.update(status="running")

        lock = await sm.lock(retry=False)
        if lock:
            try:
                ...
            finally:
                await lock.unlock()

    As a context manager it raises LockTimeoutError when it was not granted,
    renews the lease for as long as the block runs, and releases in the end.
    Without, the lease is over after its time, unless `renew` is called.
    """

    def __init__(self, calls: Calls, channel: AioChannel, answer: LockAnswer) -> None:
        super().__init__(calls, answer)
        self._channel = channel
        self._renewal: asyncio.Task[None] | None = None

    async def renew(self, lease: Span | None = None) -> None:
        """Prolongs the lease, from now on.

        Args:
            lease: For how long; a timedelta or seconds, 1 ms to 24 h. None: as
                long as last time.

        Raises:
            FencedError: The lease was over.
            LockedError: Somebody else has it.
            LockTimeoutError: It was not granted in the first place.
        """
        await self._channel.send(self._calls.renew_lock(self._granted(), lease))

    async def unlock(self) -> bool:
        """Releases the lock; tells whether it was still ours, and harmless when not."""
        call = self._give_back()
        if isinstance(call, bool):
            return call
        try:
            return await self._channel.send(call)
        except GONE:
            return False

    async def __aenter__(self) -> Self:
        grant = self._enter()

        async def renew() -> None:
            await self._channel.send(self._calls.renew_lock(grant, in_time=True))

        self._renewal = asyncio.create_task(keep_renewed(grant, asyncio.sleep, renew))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._renewal is not None:
            self._renewal.cancel()
        # What went wrong in the block is what matters then.
        hidden = (StateError, RuntimeError) if error is not None else ()
        try:
            with contextlib.suppress(*hidden):
                await self.unlock()
        finally:
            self._leave()


async def keep_renewed(
    grant: Grant,
    sleep: Callable[[float], Awaitable[object]],
    renew: Callable[[], Awaitable[object]],
) -> None:
    """Renews a lease until it is lost; cancelled when it is no longer wanted.

    Args:
        grant: The grant.
        sleep: Waits for some seconds.
        renew: Asks the server.
    """
    while (delay_s := grant.renewal_in_s()) is not None:
        await sleep(delay_s)
        if grant.renewal_in_s() != 0:
            # Somebody else has renewed it, or it is over.
            continue
        try:
            await renew()
        except StateError:
            grant.renewal_failed()
        except RuntimeError:
            # The client is closed.
            grant.lose()


class PendingLock:
    """Asks for the lock when it is awaited, or entered as a context manager."""

    def __init__(self, take: Callable[[], Coroutine[Any, Any, AsyncLock]]) -> None:
        self._take = take
        self._entered = contextlib.AsyncExitStack()

    def __await__(self) -> Generator[Any, None, AsyncLock]:
        return self._take().__await__()

    async def __aenter__(self) -> AsyncLock:
        return await self._entered.enter_async_context(await self._take())

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._entered.__aexit__(kind, error, traceback)

    def __bool__(self) -> NoReturn:
        raise TypeError("whether the lock was granted is known once it was awaited")


class AsyncLockPart(AsyncHandle):
    """Locks the execution."""

    def lock(
        self,
        *,
        timeout: Span = 30,
        retry: bool = True,
        lease: Span | None = None,
        exclusive: bool = False,
        owner: str | None = None,
    ) -> PendingLock:
        """Asks for the lock, and waits for its turn.

        The execution need not exist. Tasks that share a handle exclude one
        another. Who asks again while holding the lock gets the same grant, and
        so do the tasks started meanwhile: what asks later is released earlier.
        The writes of the handle carry the lock's fencing token, so that they
        are refused with FencedError if it is lost.

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
            What to await, or to enter with `async with`: the lock, true when it
            was granted.

        Raises:
            InvalidRequestError: An argument is of no use.
        """
        ask = self._calls.ask(
            timeout=timeout, retry=retry, lease=lease, exclusive=exclusive, owner=owner
        )

        async def take() -> AsyncLock:
            answer = await self._channel.send(self._calls.lock(ask))
            return AsyncLock(self._calls, self._channel, answer)

        return PendingLock(take)

    async def unlock(self) -> bool:
        """Releases what this handle holds, however often it was asked for.

        Returns:
            Whether it was held; False: nobody holds the lock.

        Raises:
            FencedError: It was lost, and somebody else holds the lock.
            LockedError: This handle holds nothing, and somebody else does.
        """
        return await self._channel.send(self._calls.unlock_all())

    async def is_locked(self) -> bool:
        """Tells whether anybody holds the lock."""
        return await self.get_lock() is not None

    async def get_lock(self) -> LockHolder | None:
        """Tells who holds the lock; None: nobody."""
        return await self._channel.send(self._calls.get_lock())
