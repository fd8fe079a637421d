"""The part of an asyncio handle that brings a stored state to a newer layout."""

from collections.abc import Iterable

from statekeeper.aio_state_manager.transaction import AsyncTransactionPart
from statekeeper.migration import Transformer
from statekeeper.model import ExecutionState
from statekeeper.requests.write import Write
from statekeeper.times import Span


class AsyncMigrationPart(AsyncTransactionPart):
    """Migrates the state inside of a transaction."""

    async def migrate(
        self,
        from_version: str | None,
        to_version: str,
        transformers: Iterable[Transformer[ExecutionState]],
        *,
        dry_run: bool = False,
        timeout: Span = 60,  # noqa: ASYNC109 - ends the attempts, and not one that is under way
        ttl: Span | None = None,
        actor: str | None = None,
    ) -> ExecutionState:
        """Brings the stored state to a newer layout, all or nothing.

        What `migrate_state` does, in a transaction: the transformers are called
        again if somebody else wrote in between, and if one fails the stored
        state stays as it was.

        Args:
            from_version: The `schema_version` that it must have; None: none.
            to_version: The `schema_version` that it will have.
            transformers: As for `migrate_state`.
            dry_run: Whether to write nothing, and only tell what would be saved.
            timeout: For how long it is tried again after conflicts; a timedelta
                or seconds.
            ttl: See the class.
            actor: See the class.

        Returns:
            The state as it is saved now, or would be.

        Raises:
            StateNotFoundError: The execution does not exist.
            ConflictError: Somebody else wrote in between, until the timeout.
            InvalidRequestError: The state has another version, or a transformer
                gave something that is no state; names its position.
            SerializationError: A value cannot be saved; names its path.
            StateTooLargeError: It would become larger than 10 MiB.
        """
        write = Write(ttl=ttl, actor=actor)
        migrated = self._calls.migration(from_version, to_version, transformers)
        if dry_run:
            return migrated((await self._channel.send(self._calls.begin(write))).loaded)

        async def change(loaded: ExecutionState) -> ExecutionState:
            return migrated(loaded)

        return (await self._committed(change, write, self._calls.attempts(timeout)))[0]
