"""What a shard does for itself beside its commits: a bounded number of rows at a time.

It keeps up with what is written: each batch has twice as many rows removed as it has
written, where there are so many. So what is stored stays bounded under any load, and each
write pays its share instead of one that comes by chance paying for all.
"""

from typing import NamedTuple

from statekeeper_server.engine import WriteTransaction
from statekeeper_server.store.compact import compact_log, forget_requests
from statekeeper_server.store.reclaim import reclaim
from statekeeper_server.store.writer import Writer

# So few rows go unnoticed in a commit, and so few in one that nobody waits for.
_ROWS_MIN = 64
_ROWS_ALONE = 256
_ROWS_EACH_WRITTEN = 2
# What is too old is looked for so seldom, as each look is written down.
_REST_US = 10_000_000
# The log may be longer than it is to be by one in so many.
_EVENTS_OVER = 64


class Chores(NamedTuple):
    """What there is to do.

    Attributes:
        has_garbage: whether something is left of what was deleted. What an earlier run has
            left is looked for once.
        look_us: when to look for what is too old.
        look_revision: where the log has grown too long, so that one has to look sooner.
    """

    has_garbage: bool = True
    look_us: int = 0
    look_revision: int = 0

    def wait_us(self, now_us: int) -> int:
        """For how long there is nothing to do."""
        return 0 if self.has_garbage else max(self.look_us - now_us, 0)


def keep_house(
    txn: WriteTransaction, store: Writer, chores: Chores, now_us: int, *, alone: bool
) -> Chores:
    """Do a little; what there is to do then, once the transaction is committed.

    Args:
        txn: the batch's transaction.
        store: the same, after all that the batch has written.
        chores: what there is to do.
        now_us: when.
        alone: whether there is no batch, so that nobody waits for the commit.
    """
    rows_min = _ROWS_ALONE if alone else _ROWS_MIN
    rows_max = max(rows_min, _ROWS_EACH_WRITTEN * store.rows_written)
    has_garbage = chores.has_garbage or store.has_garbage
    if has_garbage:
        has_garbage = reclaim(txn, rows_max)
    if now_us < chores.look_us and store.next_revision <= chores.look_revision:
        return chores._replace(has_garbage=has_garbage)
    retention = store.rules.retention
    look_us = min(
        compact_log(txn, store, retention, now_us, rows_max),
        forget_requests(txn, store, retention, now_us, rows_max),
    )
    if look_us > now_us:
        look_us = max(look_us, now_us + _REST_US)
    kept = retention.log_events_kept
    room = kept + kept // _EVENTS_OVER - store.positions().count()
    return Chores(has_garbage, look_us, store.next_revision + room)
