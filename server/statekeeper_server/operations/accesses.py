"""The log of accesses to the keys of a shared state: bounded, with counts that are exact."""

from collections.abc import Iterable

from statekeeper_server.shared_rules import RECENT_MAX
from statekeeper_server.storage.v1.records_pb2 import AccessCount, AccessRow, Head
from statekeeper_server.store.writer import Writer

# Definitions come and go, and each may have members of its own.
_MEMBERS_COUNTED_MAX = 1_024
_OTHERS = "*"

AccessNote = tuple[str, str, bool]
"""The key, the member, and whether it wrote."""


def log_accesses(store: Writer, head: Head, notes: Iterable[AccessNote], now_us: int) -> None:
    """Write down who has read or written what.

    Args:
        store: the batch's transaction.
        head: the execution as it was read, or as the write has left it.
        notes: what was done, in order.
        now_us: when.
    """
    uid, revision = head.uid, head.execution.revision
    for key, member, wrote in notes:
        row = store.accesses(uid, key) or AccessRow()
        _count(row, member, wrote=wrote)
        row.recent.add(member=member, wrote=wrote, time_us=now_us, revision=revision)
        if len(row.recent) > RECENT_MAX:
            del row.recent[:-RECENT_MAX]
        store.put_accesses(uid, key, row)


def _count(row: AccessRow, member: str, *, wrote: bool) -> None:
    count = _count_of(row, member)
    if count is None and len(row.counts) >= _MEMBERS_COUNTED_MAX:
        member = _OTHERS
        count = _count_of(row, member)
    if count is None:
        count = row.counts.add(member=member)
    if wrote:
        count.writes += 1
    else:
        count.reads += 1


def _count_of(row: AccessRow, member: str) -> AccessCount | None:
    for count in row.counts:
        if count.member == member:
            return count
    return None
