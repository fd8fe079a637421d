"""Pause: stop an execution until someone answers."""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import STATUS_PAUSED
from statekeeper.v1.history_pb2 import EVENT_KIND_PAUSED
from statekeeper.v1.pause_pb2 import PAUSE_STATUS_OPEN, Pause
from statekeeper.v1.pause_requests_pb2 import PauseResponse
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.documents import PAUSE_DATA, PAUSE_DEFAULT_INPUT
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey, PauseNumber
from statekeeper_server.limits import PAUSE_EXPIRY_DEFAULT_US, TTL_MAX_US
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.pause_rows import put_document
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.storage.v1.records_pb2 import OpenPause, PauseRow


class OpeningPause(NamedTuple):
    """A checked PauseRequest; `pause` is without its documents' values."""

    key: ExecutionKey
    options: WriteOptions
    pause: Pause
    token: Token
    expire_time_us: int | None
    data: EncodedEntry | None
    default_input: EncodedEntry | None
    stored_bytes: int


def pause(draft: Draft, request: OpeningPause) -> PauseResponse:
    """Open a pause; the execution is created when it does not exist (B23).

    Raises:
        InvalidRequestError: its time is over already, or too many pauses are open.
    """
    now_us, expire_time_us = draft.now_us, request.expire_time_us
    if expire_time_us is None:
        expire_time_us = now_us + PAUSE_EXPIRY_DEFAULT_US
    elif expire_time_us <= now_us:
        raise invalid("expire_time", "is in the past")
    elif expire_time_us > now_us + TTL_MAX_US:
        raise invalid("expire_time", "is more than 100 years away")
    limit = draft.store.limits.open_pauses_max
    if len(draft.open_pauses) >= limit:
        raise invalid("key", f"the execution has {limit} open pauses, which is the limit")

    number = PauseNumber(draft.revision, len(draft.pause_rows))
    row = PauseRow(pause=request.pause, token_hash=request.token.hash)
    row.pause.pause_id = number.pause_id
    row.pause.status = PAUSE_STATUS_OPEN
    row.pause.actor = draft.options.actor
    set_time(row.pause.create_time, now_us)
    set_time(row.pause.expire_time, expire_time_us)
    draft.pause_rows[number] = row
    draft.open_pauses[number] = OpenPause(
        revision=number.revision,
        ordinal=number.ordinal,
        create_time_us=now_us,
        expire_time_us=expire_time_us,
        token_hash=request.token.hash,
    )
    put_document(draft, PAUSE_DATA, number, request.data)
    put_document(draft, PAUSE_DEFAULT_INPUT, number, request.default_input)

    state = draft.edit_state()
    if draft.state is None:
        state.id = request.key.execution_id
        set_time(state.start_time, now_us)
    state.status = STATUS_PAUSED
    state.current_member = request.pause.member
    draft.put_state(state)
    draft.act(EVENT_KIND_PAUSED, pause_id=number.pause_id)
    return PauseResponse(token=request.token.text, pause_id=number.pause_id)
