"""The part of an asyncio handle that watches the execution, and waits for what becomes of it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Literal

from statekeeper.aio_state_manager.handle import AsyncHandle
from statekeeper.aio_watch import AsyncWatch
from statekeeper.errors import RevisionCompactedError
from statekeeper.model import EventKind, ExecutionState, Status, WatchEvent
from statekeeper.requests.watch import HEARTBEAT_DEFAULT, WatchOptions
from statekeeper.times import Span


class AsyncWatchPart(AsyncHandle):
    """Watches the execution."""

    def watch(
        self,
        *,
        snapshot: bool = False,
        after_revision: int | None = None,
        resume_token: str | None = None,
        kinds: Iterable[EventKind | str] | None = None,
        include: Literal["head", "changes", "state"] = "head",
        heartbeat: Span = HEARTBEAT_DEFAULT,
        give_up_after: Span | None = None,
        on_compacted: Literal["raise", "snapshot"] = "raise",
    ) -> AsyncWatch:
        """Tells what happens to the execution, from now on or from an earlier place.

        ::

            async with sm.watch() as events:
                async for event in events:
                    print(event.kind, event.status)

        The execution need not exist. Once this is entered or awaited, or else at the first
        step, the watch stands: it tells everything that happens later.

        Args:
            snapshot: Begins with the state as it is: an event of the kind SNAPSHOT
                if there is one, and one of the kind SNAPSHOT_COMPLETE.
            after_revision: Begins with the first event after this revision; 0: with the
                first that is kept.
            resume_token: Goes on after the event that had this token, in a watch of the
                same execution and kinds.
            kinds: The kinds of events to tell. None: all.
            include: What events tell of the values: nothing (`head`), what
                changed, or the whole state after it.
            heartbeat: How often the server gives a sign when nothing happens, 100 ms to
                1 h. After three times as long without, the connection is taken
                to be broken, and another one made.
            give_up_after: For how long to try to reach the server again; a
                timedelta or seconds. None: for ever.
            on_compacted: What to do where what happened since is no longer
                kept: `raise` RevisionCompactedError, or go on with an event of the
                kind GAP and a `snapshot`.

        Returns:
            What to enter, to await, or to step through.

        Raises:
            InvalidRequestError: An argument is of no use.
        """
        options = WatchOptions(
            snapshot=snapshot,
            after_revision=after_revision,
            resume_token=resume_token,
            kinds=kinds,
            include=include,
            heartbeat=heartbeat,
            give_up_after=give_up_after,
            on_compacted=on_compacted,
        )
        return AsyncWatch(self._channel, self._calls.watch(options))

    async def wait_for(
        self,
        status: Status | str | Iterable[Status | str] | None = None,
        *,
        until: Callable[[ExecutionState], object] | None = None,
        timeout: Span | None = None,  # noqa: ASYNC109 - as in the sync form
    ) -> ExecutionState:
        """Waits until the execution is as it should be, and gives its state then.

        ::

            state = await sm.wait_for(["completed", "failed"], timeout=60)
            state = await sm.wait_for(until=lambda state: "payment" in (state.member_outputs or {}))

        It need not exist yet. No state that it passes through is overlooked, but for
        those that are history before anybody could look, while the server
        could not be reached for a long time.

        Args:
            status: The status, or several of which one will do.
            until: Told each state; what it returns tells whether it is the one, in place
                of a status.
            timeout: For how long to wait; a timedelta or seconds. None: for ever.

        Raises:
            WaitTimeoutError: It did not become so in time; a TimeoutError.
            InvalidRequestError: An argument is of no use.
        """
        waiting = self._calls.waiting(status, until, timeout)
        events = AsyncWatch(self._channel, self._calls.watch(waiting.options))
        try:
            async with asyncio.timeout(waiting.left_s), events:
                async for event in events:
                    if waiting.concerns(event):
                        state = event.state or await self._state_after(event)
                        if state is not None and waiting.holds(state):
                            return state
        except TimeoutError:
            raise waiting.timed_out() from events.trouble
        raise RuntimeError("a watch that nobody has closed has no end")

    async def _state_after(self, event: WatchEvent) -> ExecutionState | None:
        send, load = self._channel.send, self._calls.load
        try:
            return await send(load(revision=event.execution_revision))
        except RevisionCompactedError:
            return await send(load())
