"""The handle of one execution."""

from statekeeper.state_manager.checkpoint import CheckpointPart
from statekeeper.state_manager.lock import LockPart
from statekeeper.state_manager.migration import MigrationPart
from statekeeper.state_manager.pause import PausePart
from statekeeper.state_manager.shared_state import SharedStatePart
from statekeeper.state_manager.state import StatePart
from statekeeper.state_manager.watch import WatchPart


class StateManager(
    StatePart, PausePart, CheckpointPart, LockPart, MigrationPart, WatchPart, SharedStatePart
):
    """The state, pauses, checkpoints and lock of one execution, and what happens to it.

    Made by `Client.state_manager`. Handles are cheap, and may be used from several threads.

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
