"""What becomes of executions whose time to live is over (B19).

They read as absent from that instant on, whether they are there or not. Soon after, the
shard clears them away. A lock outlives its execution: it is a promise to its holder, and
its lease is over by itself.

When to look at an execution stands in the table expiries. A write that renews its time to
live leaves that row where it is: it comes too early then, and is put where the time is by now.
"""

from statekeeper.v1.history_pb2 import EVENT_KIND_EXPIRED
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.removal import remove
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Head
from statekeeper_server.store.writer import Writer


def expire(store: Writer, key: ExecutionKey, head: Head, now_us: int) -> None:
    """Clear an execution away that has expired."""
    remove(store, key, head, EVENT_KIND_EXPIRED, now_us=now_us)


def expire_due_executions(store: Writer, now_us: int, executions_max: int) -> None:
    """Look at the executions that are due."""
    for _ in range(executions_max):
        due = store.next_expiry()
        if due is None or due[0] > now_us:
            return
        due_us, uid, key = due
        store.remove_expiry(due_us, uid)
        head = store.head(key)
        if head is None or head.uid != uid:
            continue
        if living(head, now_us) is None:
            expire(store, key, head, now_us)
        else:
            head.sweep_time_us = 0
            plan_expiry(store, key, head)
            store.put_head(key, head)


def plan_expiry(store: Writer, key: ExecutionKey, head: Head) -> None:
    """Have an execution looked at when it expires, or before.

    Args:
        store: the batch's transaction.
        key: the execution.
        head: its next head; its sweep_time_us is brought up to date.
    """
    expire_us, sweep_us = head.expire_time_us, head.sweep_time_us
    if sweep_us > expire_us:
        # It expires sooner than it did, or never any more.
        store.remove_expiry(sweep_us, head.uid)
        sweep_us = 0
    if expire_us and not sweep_us:
        store.put_expiry(expire_us, head.uid, key)
        sweep_us = expire_us
    head.sweep_time_us = sweep_us
