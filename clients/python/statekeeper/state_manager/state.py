"""The part of a handle that saves and loads states."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Unpack

from statekeeper.model import (
    DeleteResult,
    ExecutionState,
    Revision,
    State,
    StateFields,
    WriteResult,
)
from statekeeper.requests.state import merged_changes
from statekeeper.requests.write import Write
from statekeeper.state_manager.handle import Handle
from statekeeper.times import Span


class StatePart(Handle):
    """Saves, loads, updates and deletes the state."""

    def save(
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
        return self._channel.send(self._calls.save(state, write))

    def load(
        self,
        *,
        revision: int | None = None,
        checkpoint: str | None = None,
        fields: Iterable[str] | None = None,
    ) -> ExecutionState | None:
        """Reads the state; None when there is none, or when it has expired.

        Args:
            revision: The state as it was right after this revision. None: as
                it is.
            checkpoint: The state that this checkpoint names, in place of a
                revision.
            fields: Reads only these: `context`, `context.userId`, `labels`,
                `pauses`; the state is `partial` then. None: all, but for
                `shared_state`, which is read only by its name.

        Raises:
            InvalidRequestError: The revision or a field is of no use.
            CheckpointNotFoundError: There is no such checkpoint.
            RevisionCompactedError: That revision is no longer kept whole.
            SerializationError: A value cannot be held by Python.
        """
        if revision is None and checkpoint is None and fields is None:
            cached = self._calls.cached()
            if cached is not None:
                return cached
        return self._channel.send(self._calls.load(revision, checkpoint, fields))

    def update(
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
        return self._channel.send(self._calls.update(merged, replace, remove, write))

    def delete(
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
        return self._channel.send(self._calls.delete(write))

    def list_revisions(self, *, page_size: int = 100) -> Iterator[Revision]:
        """Gives the changes of the execution, the newest first; none: no execution.

        Args:
            page_size: How many are fetched at a time, 1 to 1,000. The next page
                is fetched when it is needed.
        """
        # The first page's request is made here and not at the first step, so
        # that a wrong page size is told where it is given.
        return self._channel.send_pages(
            self._calls.list_revisions(page_size), partial(self._calls.list_revisions, page_size)
        )
