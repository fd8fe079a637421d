"""Transaction: several operations on one execution, all or nothing, at one revision."""

from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.message import Message

from statekeeper.v1.state_requests_pb2 import LoadResponse, UpdateResponse
from statekeeper.v1.transaction_pb2 import TransactionResponse
from statekeeper_server.errors import InvalidRequestError, StateError, invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import ANSWER_BYTES_MAX
from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.writing import WriteOptions

_TOO_MUCH = (
    f"makes what is loaded more than {ANSWER_BYTES_MAX} bytes: name the fields that are needed"
)

Decide = Callable[[Draft, Any], Message]


class Part(NamedTuple):
    """One operation of a transaction, and the name it has in requests and responses."""

    name: str
    decide: Decide
    request: Any
    ttl_us: int | None


class Transaction(NamedTuple):
    """A checked TransactionRequest."""

    key: ExecutionKey
    options: WriteOptions
    parts: tuple[Part, ...]
    stored_bytes: int


def transaction(draft: Draft, request: Transaction) -> TransactionResponse:
    """Do one after the other on the same draft.

    Raises:
        StateError: what one of them raises; fields are named with their operation.
        InvalidRequestError: they load too much together.
    """
    response = TransactionResponse()
    loaded_bytes = 0
    for number, part in enumerate(request.parts):
        changes = draft.changes
        try:
            answer = part.decide(draft, part.request)
            if draft.changes > changes:
                _check_not_named(draft)
            if isinstance(answer, LoadResponse | UpdateResponse):
                loaded_bytes += answer.ByteSize()
                if loaded_bytes > ANSWER_BYTES_MAX:
                    raise invalid("", _TOO_MUCH)
        except StateError as error:
            raise _located(error, f"operations[{number}].{part.name}") from None
        getattr(response.results.add(), part.name).CopyFrom(answer)
        if part.ttl_us is not None:
            draft.options = draft.options._replace(ttl_us=part.ttl_us)
    return response


def _check_not_named(draft: Draft) -> None:
    """Keep the state as it is where a checkpoint of this transaction has named it."""
    if any(row.revision == draft.revision for row in draft.checkpoints.values()):
        raise invalid("", "comes after a checkpoint of what the same transaction has written")


def _located(error: StateError, place: str) -> StateError:
    if not isinstance(error, InvalidRequestError):
        return error
    return error.below(place)
