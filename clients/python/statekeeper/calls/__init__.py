"""The calls of clients and handles: what is sent, and what becomes of the answer.

Everything that the sync and the async client have in common is here; all they
add is how a call is waited for.
"""

from statekeeper.calls.call import Call, Page
from statekeeper.calls.checkpoint import CheckpointCalls
from statekeeper.calls.following import Following
from statekeeper.calls.inbox import InboxCalls
from statekeeper.calls.listing import list_call
from statekeeper.calls.lock import GONE, LockAnswer, LockCalls
from statekeeper.calls.pause import PauseCalls
from statekeeper.calls.shared_state import SharedStateCalls
from statekeeper.calls.transaction import TransactionCalls
from statekeeper.calls.watch import WatchCalls, changed_key, watch_cached, watch_namespace

__all__ = [
    "GONE",
    "Call",
    "Calls",
    "Following",
    "InboxCalls",
    "LockAnswer",
    "Page",
    "changed_key",
    "list_call",
    "watch_cached",
    "watch_namespace",
]


class Calls(TransactionCalls, PauseCalls, CheckpointCalls, LockCalls, WatchCalls, SharedStateCalls):
    """Makes the calls of one handle."""
