"""Resume: answer a pause, and let the execution go on."""

from typing import NamedTuple

from statekeeper.v1.execution_pb2 import STATUS_RUNNING
from statekeeper.v1.history_pb2 import EVENT_KIND_RESUMED
from statekeeper.v1.pause_pb2 import PAUSE_STATUS_RESUMED
from statekeeper.v1.pause_requests_pb2 import ResumeResponse
from statekeeper_server.codec import EncodedEntry
from statekeeper_server.documents import PAUSE_INPUT
from statekeeper_server.errors import InvalidTokenError
from statekeeper_server.keys import ExecutionKey, PauseNumber
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.pause_rows import put_document
from statekeeper_server.operations.times import set_time
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.store.reader import Reader

_NOT_WAITING = (
    "the execution has no pause of this id that waits: it is unknown, answered or expired"
)


class Resume(NamedTuple):
    """A checked ResumeRequest: by a token, or else by the number of a pause."""

    key: ExecutionKey
    options: WriteOptions
    token: Token | None
    number: PauseNumber | None
    input: EncodedEntry | None
    stored_bytes: int


def resume(draft: Draft, request: Resume) -> ResumeResponse:
    """Close a pause with an answer; the status is running once none is open (B28, B39).

    Raises:
        StateNotFoundError: there is no execution to have the pause.
        InvalidTokenError: the pause does not wait, or is not the execution's.
    """
    number = waiting(draft, request)
    row = draft.close_pause(number, PAUSE_STATUS_RESUMED)
    resumption = row.pause.resumption
    resumption.actor = draft.options.actor
    set_time(resumption.time, draft.now_us)
    if request.input is not None:
        resumption.input.SetInParent()
        put_document(draft, PAUSE_INPUT, number, request.input)
    mark = draft.options.mark
    if mark is not None and mark.token_hash:
        # The token outlives its pause: it leads to what is remembered of this answer.
        row.ClearField("token_hash")
    draft.act(EVENT_KIND_RESUMED, pause_id=row.pause.pause_id)
    run_again(draft)
    return ResumeResponse(member=row.pause.member, pause_id=row.pause.pause_id)


def run_again(draft: Draft) -> None:
    """Let the execution run when nothing keeps it."""
    state = draft.edit_state()
    if not draft.open_pauses:
        state.status = STATUS_RUNNING
    draft.put_state(state)


def execution_of(store: Reader, token: Token) -> ExecutionKey:
    """Whose a token is, or was. Raises InvalidTokenError."""
    row = store.token(token.hash)
    if row is None:
        raise InvalidTokenError
    return ExecutionKey(row.key.namespace, row.key.execution_id)


def waiting(draft: Draft, request: Resume) -> PauseNumber:
    """The pause that is meant.

    It is looked for before anything else, so that a token which is no good meets the
    same answer whatever else is wrong (B30).
    """
    token, number = request.token, request.number
    if token is None:
        draft.existing()
    if token is not None:
        for number, pause in draft.open_pauses.items():
            if pause.token_hash == token.hash:
                return number
        raise InvalidTokenError
    if number is None or number not in draft.open_pauses:
        raise InvalidTokenError(_NOT_WAITING)
    return number
