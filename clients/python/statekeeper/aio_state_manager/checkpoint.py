"""The part of an asyncio handle that makes checkpoints and goes back to them."""

from functools import partial

from statekeeper.aio_state_manager.handle import AsyncHandle
from statekeeper.model import Checkpoint, DeleteResult, WriteResult
from statekeeper.requests.write import Write
from statekeeper.times import Span


class AsyncCheckpointPart(AsyncHandle):
    """Names what the execution is, and brings back what it was."""

    async def checkpoint(
        self,
        name: str,
        *,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> WriteResult:
        """Gives the state as it is a name; costs the same for any size of state.

        A checkpoint of the same name is replaced. The execution's revision does
        not move.

        Args:
            name: 1 to 256 bytes. An execution has at most 256 checkpoints.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Raises:
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: An argument is of no use.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        return await self._channel.send(self._calls.checkpoint(name, write))

    async def restore(
        self,
        name: str | None = None,
        *,
        revision: int | None = None,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> WriteResult:
        """Brings an earlier state back, as a new revision; closes the open pauses.

        Args:
            name: The checkpoint.
            revision: In place of a checkpoint, the state as it was right after
                this revision.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Raises:
            StateNotFoundError: The execution does not exist.
            CheckpointNotFoundError: There is no such checkpoint.
            RevisionCompactedError: That revision is no longer kept whole.
            InvalidRequestError: Not exactly one of name and revision is given.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        return await self._channel.send(self._calls.restore(name, revision, write))

    async def list_checkpoints(self, *, include_state: bool = False) -> list[Checkpoint]:
        """Gives all checkpoints, the oldest first; an empty list when there is none.

        Args:
            include_state: Whether to fetch the states as well.

        Raises:
            SerializationError: A value cannot be held by Python.
        """
        page = partial(self._calls.list_checkpoints, include_state=include_state)
        return [item async for item in self._channel.send_pages(page(), page)]

    async def delete_checkpoint(
        self,
        name: str,
        *,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> DeleteResult:
        """Removes a checkpoint; what does not exist is removed with success.

        Args:
            name: The checkpoint; `existed` tells whether it was there.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Raises:
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: An argument is of no use.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        return await self._channel.send(self._calls.delete_checkpoint(name, write))
