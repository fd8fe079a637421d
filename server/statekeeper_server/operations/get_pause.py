"""GetPause: look a pause up, and spend nothing (B40)."""

from typing import NamedTuple

from statekeeper.v1.pause_requests_pb2 import GetPauseResponse
from statekeeper_server.errors import InvalidTokenError, StateNotFoundError
from statekeeper_server.keys import ExecutionKey, PauseNumber
from statekeeper_server.operations.answers import put_pause, stored_documents
from statekeeper_server.operations.draft import number_of
from statekeeper_server.operations.tokens import Token
from statekeeper_server.operations.writing import living
from statekeeper_server.store.reader import Reader


class GetPause(NamedTuple):
    """A checked GetPauseRequest: by a token, or else by the number of a pause."""

    key: ExecutionKey
    token: Token | None
    number: PauseNumber | None


def get_pause(store: Reader, request: GetPause, now_us: int) -> GetPauseResponse:
    """A pause, and its execution without values.

    Raises:
        StateNotFoundError: there is no execution to have the pause.
        InvalidTokenError: there is no such pause, or its token is void.
    """
    head = living(store.head(request.key), now_us)
    number = request.number
    if request.token is not None:
        waiting = () if head is None else head.open_pauses
        numbers = [number_of(p) for p in waiting if p.token_hash == request.token.hash]
        number = numbers[0] if numbers else None
    elif head is None:
        raise StateNotFoundError
    row = None if head is None or number is None else store.pause(head.uid, number)
    if head is None or row is None:
        if request.token is None:
            raise InvalidTokenError("the execution has no pause of this id")
        raise InvalidTokenError
    response = GetPauseResponse(execution=head.execution)
    read = stored_documents(store, head.uid)
    put_pause(response.pause, row, head.execution.revision, read)
    return response
