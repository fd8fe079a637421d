"""The handle of one execution, for asyncio."""

from statekeeper.aio_state_manager.checkpoint import AsyncCheckpointPart
from statekeeper.aio_state_manager.lock import AsyncLockPart
from statekeeper.aio_state_manager.migration import AsyncMigrationPart
from statekeeper.aio_state_manager.pause import AsyncPausePart
from statekeeper.aio_state_manager.shared_state import AsyncSharedStatePart
from statekeeper.aio_state_manager.state import AsyncStatePart
from statekeeper.aio_state_manager.watch import AsyncWatchPart


class AsyncStateManager(
    AsyncStatePart,
    AsyncPausePart,
    AsyncCheckpointPart,
    AsyncLockPart,
    AsyncMigrationPart,
    AsyncWatchPart,
    AsyncSharedStatePart,
):
    """The state, pauses, checkpoints and lock of one execution, and what happens to it.

    Made by `AsyncClient.state_manager`. Handles are cheap, and may be used by
    several tasks of one event loop.

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
    StorageFullError, LockedError where somebody else holds the lock exclusively,
    and FencedError where this handle has lost it.
    """
