"""What becomes of pauses that nobody has answered in time (B37).

It happens by a timer, and before any operation on an execution whose pause is due: so no
operation meets a pause whose time is over.
"""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import STATUS_FAILED
from statekeeper.v1.history_pb2 import EVENT_KIND_PAUSE_EXPIRED
from statekeeper.v1.pause_pb2 import (
    EXPIRY_ACTION_KEEP,
    EXPIRY_ACTION_RESUME,
    PAUSE_STATUS_EXPIRED,
    PAUSE_STATUS_OVERDUE,
)
from statekeeper.v1.write_pb2 import WriteResult
from statekeeper_server.keys import ExecutionKey, PauseNumber
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.resume import run_again
from statekeeper_server.operations.storing import store_draft
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.writing import NO_OPTIONS, Done, WriteOptions
from statekeeper_server.storage.v1.records_pb2 import Head, OpenPause
from statekeeper_server.store.writer import Writer

# So many executions are seen to in one commit: few enough to go unnoticed.
EXECUTIONS_MAX = 64


class Settle(NamedTuple):
    """An execution whose pauses are to be looked at before it is read.

    It asks for no room, as its timer does not: reads are served when there is none.
    """

    key: ExecutionKey
    options: WriteOptions = NO_OPTIONS
    stored_bytes: int = 0


def has_due_pause(head: Head, now_us: int) -> bool:
    """Whether something has to happen to the execution before it is looked at."""
    return any(0 < pause.expire_time_us <= now_us for pause in head.open_pauses)


def settle_pauses(store: Writer, request: Settle, now_us: int) -> Done:
    """The same as its timer would do, now."""
    expire_pauses(store, request.key, now_us)
    return Done(b"", 0)


def settle_due_pauses(store: Writer, request: Settle, now_us: int) -> Done:
    """Do for those executions of the shard that are due what their timers would do."""
    del request
    expire_due_pauses(store, now_us, EXECUTIONS_MAX)
    return Done(b"", 0)


def expire_pauses(store: Writer, key: ExecutionKey, now_us: int) -> None:
    """Do what the pauses of an execution that are due ask for."""
    draft = Draft(store, key, NO_OPTIONS, now_us)
    due = [
        (pause.expire_time_us, number)
        for number, pause in draft.open_pauses.items()
        if 0 < pause.expire_time_us <= now_us
    ]
    # In the order of their times: coming late makes no difference to what becomes of them.
    for _, number in sorted(due):
        if number in draft.open_pauses:
            _expire(draft, number)
    if draft.writes:
        store_draft(draft, WriteResult())


def expire_due_pauses(store: Writer, now_us: int, executions_max: int) -> None:
    """Do the same for the executions whose timers have come."""
    for _ in range(executions_max):
        timer = store.next_timer()
        if timer is None or timer[0] > now_us:
            return
        due_us, number, ref = timer
        expire_pauses(store, ExecutionKey(ref.key.namespace, ref.key.execution_id), now_us)
        # Gone by now, unless the execution itself was gone before.
        store.remove_timer(due_us, number)


def _expire(draft: Draft, number: PauseNumber) -> None:
    pause = draft.pause_row(number).pause
    draft.act(EVENT_KIND_PAUSE_EXPIRED, pause_id=pause.pause_id)
    if pause.on_expiry == EXPIRY_ACTION_KEEP:
        _keep(draft, number)
    elif pause.on_expiry == EXPIRY_ACTION_RESUME:
        _resume(draft, number)
    else:
        draft.close_pause(number, PAUSE_STATUS_EXPIRED)
        state = draft.edit_state()
        state.status = STATUS_FAILED
        draft.put_state(state)


def _keep(draft: Draft, number: PauseNumber) -> None:
    row = draft.pause_row(number)
    row.pause.status = PAUSE_STATUS_OVERDUE
    row.overdue_revision = draft.revision
    draft.open_pauses[number] = OpenPause(
        revision=number.revision,
        ordinal=number.ordinal,
        create_time_us=draft.open_pauses[number].create_time_us,
    )


def _resume(draft: Draft, number: PauseNumber) -> None:
    row = draft.close_pause(number, PAUSE_STATUS_EXPIRED)
    resumption = row.pause.resumption
    set_time(resumption.time, draft.now_us)
    if row.pause.HasField("default_input"):
        # It is the same document: see `answers`.
        resumption.input.SetInParent()
    run_again(draft)
