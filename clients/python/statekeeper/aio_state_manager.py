"""The handle of one execution, for asyncio."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from typing import Any, Unpack

from statekeeper.aio_channel import AioChannel
from statekeeper.calls import Calls, ListRevisionsCall
from statekeeper.model import (
    DeleteResult,
    ExecutionState,
    Revision,
    State,
    StateFields,
    WriteResult,
)
from statekeeper.requests import Write, merged_changes
from statekeeper.times import Span


class AsyncStateManager:
    """Saves and loads the state of one execution; made by `AsyncClient.state_manager`.

    Handles are cheap, and may be used by several tasks of one event loop.

    Writes take these options:

    - `expected_revision`: compare-and-set. None: write whatever is there; 0:
      the execution must not exist; n: its revision must be n. Otherwise
      ConflictError.
    - `ttl`: time to live from this write on, a timedelta or seconds; 0 is for
      ever. None: the handle's, or else what was last set (at first 24 h).
    - `request_id`: names the write, so that repeating it with the same id gives
      the first result and changes nothing. None: the client makes one, which
      covers its own retries.
    - `actor`: who writes, for the history. None: the handle's.

    Beside what it names, every call may raise UnavailableError,
    DeadlineExceededError, OverloadedError, StorageError and InternalError; a
    write also ConflictError, RequestIdReusedError and (but for `delete`)
    StorageFullError.
    """

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

    async def save(
        self,
        state: State,
        *,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> WriteResult:
        """Replaces the whole state, or creates the execution.

        An `ExecutionState` that has a revision (it was loaded, or saved before)
        is saved only if the execution still is at that revision, and is moved
        on to the new one. Everything else is saved unconditionally, unless
        `expected_revision` is given.

        Args:
            state: Fields by name: a mapping, an ExecutionState or any dataclass
                with fields of these names. `status` is required.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Raises:
            ConflictError: Someone else wrote since; load again.
            InvalidRequestError: A field is of no use.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: It is larger than 10 MiB.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        return await self._channel.send(self._calls.save(state, write))

    async def load(
        self, *, revision: int | None = None, fields: Iterable[str] | None = None
    ) -> ExecutionState | None:
        """Reads the state; None when there is none, or when it has expired.

        Args:
            revision: The state as it was right after this revision. None: as
                it is.
            fields: Reads only these: `context`, `context.userId`, `labels`;
                the state is `partial` then. None: all.

        Raises:
            InvalidRequestError: The revision or a field is of no use.
            RevisionCompactedError: That revision is no longer kept whole.
            SerializationError: A value cannot be held by Python.
        """
        if revision is None and fields is None:
            cached = self._calls.cached()
            if cached is not None:
                return cached
        return await self._channel.send(self._calls.load(revision, fields))

    async def update(
        self,
        changes: StateFields | Mapping[str, Any] | None = None,
        /,
        *,
        replace: Iterable[str] = (),
        remove: Iterable[str] = (),
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
        **fields: Unpack[StateFields],
    ) -> WriteResult:
        """Changes what is named and nothing else.

        Documents and labels are merged by their keys. None removes a document,
        all labels, `current_member` or `schema_version`.

        Args:
            changes: Fields by name, in place of or beside the keywords.
            replace: Documents (or `labels`) of the changes that replace the
                stored ones whole instead of being merged.
            remove: What to remove: an entry (`context.userId`), a label
                (`labels.team`), a document, `current_member`,
                `schema_version`.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.
            **fields: Fields by name, as in `ExecutionState`.

        Raises:
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: A field is of no use.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: It would become larger than 10 MiB.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        merged = merged_changes(changes, fields)
        return await self._channel.send(self._calls.update(merged, replace, remove, write))

    async def delete(
        self,
        *,
        expected_revision: int | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> DeleteResult:
        """Removes the execution and all that belongs to it.

        Removing what does not exist succeeds, and `existed` says so.
        """
        write = Write(expected_revision, None, request_id, actor)
        return await self._channel.send(self._calls.delete(write))

    def list_revisions(self, *, page_size: int = 100) -> AsyncIterator[Revision]:
        """Gives the changes of the execution, the newest first; none: no execution.

        Args:
            page_size: How many are fetched at a time, 1 to 1,000. The next page
                is fetched when it is needed.
        """
        # The first page's request is made here and not at the first step, so
        # that a wrong page size is told where it is given.
        return self._revisions(self._calls.list_revisions(page_size), page_size)

    async def _revisions(self, call: ListRevisionsCall, page_size: int) -> AsyncIterator[Revision]:
        page = await self._channel.send(call)
        while True:
            for revision in page.revisions:
                yield revision
            if not page.next_page_token:
                return
            page = await self._channel.send(
                self._calls.list_revisions(page_size, page.next_page_token)
            )
