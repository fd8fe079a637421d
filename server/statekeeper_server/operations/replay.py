"""A request that was done before gets its first answer again, and changes nothing (B70).

A pause's token must be in that answer, though only its hash may be kept (B35). So it is
kept sealed with the request_id, of which only a hash is kept either: whoever repeats the
request has it, and nobody else.
"""

from hashlib import blake2b
from typing import Protocol

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.pause_requests_pb2 import PauseResponse
from statekeeper.v1.transaction_pb2 import TransactionResponse
from statekeeper.v1.write_pb2 import WriteResult
from statekeeper_server.errors import RequestIdReusedError
from statekeeper_server.operations.writing import Done, RequestMark, WriteRequest
from statekeeper_server.storage.v1.records_pb2 import DoneRequest
from statekeeper_server.store.rows import done_row
from statekeeper_server.store.writer import Writer

# Serialised messages that stand behind one another are read as one.
_REPLAYED = PauseResponse(result=WriteResult(replayed=True)).SerializeToString()


class Answer(Protocol):
    """The response to a write."""

    @property
    def result(self) -> WriteResult:
        """What was done."""
        ...

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """As it is sent."""
        ...


def replay(store: Writer, request: WriteRequest) -> Done | None:
    """The first answer, when this very request was done before.

    Raises:
        RequestIdReusedError: its request_id was used for another one.
    """
    mark = request.options.mark
    if mark is None:
        return None
    done = store.done_request(mark.row)
    if done is None:
        return None
    if done.digest != mark.digest:
        raise RequestIdReusedError
    form = done.WhichOneof("form")
    if form == "plain" or form is None:
        return Done(done.plain + _REPLAYED, 0)
    response: PauseResponse | TransactionResponse = getattr(done, form)
    for number, (slot, sealed) in enumerate(
        zip(_with_tokens(response), done.sealed_tokens, strict=True)
    ):
        slot.token = _seal(sealed, mark, number).decode()
    return Done(response.SerializeToString() + _REPLAYED, 0)


def answer(store: Writer, request: WriteRequest, response: Answer) -> Done:
    """The answer to what is done, remembered where its request may be repeated."""
    raw = response.SerializeToString()
    mark = request.options.mark
    if mark is not None:
        store.remember(mark.row, _remembered(mark, response, raw))
    return Done(raw, response.result.revision)


def _remembered(mark: RequestMark, response: Answer, raw: bytes) -> bytes:
    if not isinstance(response, PauseResponse | TransactionResponse):
        return done_row(mark.digest, raw, mark.token_hash)
    done = DoneRequest(digest=mark.digest, token_hash=mark.token_hash)
    if isinstance(response, PauseResponse):
        done.pause.CopyFrom(response)
        _seal_tokens(done, done.pause, mark)
    else:
        done.transaction.CopyFrom(response)
        for result in done.transaction.results:
            # What was read is not kept a second time.
            if result.load.HasField("execution"):
                # It can be loaded again: only which one it was is remembered.
                loaded = result.load.execution
                loaded.CopyFrom(Execution(revision=loaded.revision))
            elif result.HasField("update"):
                result.update.Clear()
        _seal_tokens(done, done.transaction, mark)
    return done.SerializeToString()


def _seal_tokens(
    done: DoneRequest, response: PauseResponse | TransactionResponse, mark: RequestMark
) -> None:
    for number, slot in enumerate(_with_tokens(response)):
        done.sealed_tokens.append(_seal(slot.token.encode(), mark, number))
        slot.ClearField("token")


def _with_tokens(response: PauseResponse | TransactionResponse) -> list[PauseResponse]:
    if isinstance(response, PauseResponse):
        return [response]
    return [result.pause for result in response.results if result.HasField("pause")]


def _seal(text: bytes, mark: RequestMark, number: int) -> bytes:
    """Seal a text, or unseal it: each has a pad of its own."""
    pad = blake2b(
        mark.request_id.encode(), digest_size=len(text), key=mark.row, salt=number.to_bytes(16)
    ).digest()
    return bytes(left ^ right for left, right in zip(text, pad, strict=True))
