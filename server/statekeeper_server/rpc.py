"""What all RPCs have in common: bytes in, bytes out, errors to statuses.

Messages are parsed here and not by gRPC, because what cannot be parsed is the caller's
mistake and deserves an answer that says so, and because bytes are counted before they
are parsed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from statekeeper_server.admission import Admission
from statekeeper_server.errors import StateError
from statekeeper_server.limits import LARGE_BYTES
from statekeeper_server.logs import get_logger
from statekeeper_server.malformed import describe
from statekeeper_server.requests.fields import shown_key
from statekeeper_server.status import INTERNAL_MESSAGE, retry_pushback_ms, to_status

_log = get_logger(__name__)

Context = grpc.aio.ServicerContext[bytes, bytes]


R = TypeVar("R", bound=Message)
C = TypeVar("C")


def unary(
    admission: Admission,
    threads: Executor,
    request_type: type[R],
    check: Callable[[R], C],
    method: Callable[[C], Awaitable[bytes]],
    *,
    read: Callable[[bytes], C | None] | None = None,
    read_only: bool = False,
) -> "grpc.RpcMethodHandler[bytes, bytes]":
    """The handler of a unary RPC.

    Args:
        admission: counts the bytes that are under way.
        threads: where large requests are checked, so that they do not hold up the others.
        request_type: what to parse.
        check: makes of a request what the method takes; raises StateError.
        method: gives the response, serialised.
        read: checks plain requests by their bytes; None for others.
        read_only: whether its answer may still be refused when it takes too much room;
            what a write has done cannot be refused any more.
    """
    hold_response = admission.enter if read_only else admission.hold

    async def handle(raw: bytes, context: Context) -> bytes:
        size_bytes = len(raw)
        request: R | None = None
        checked: C | None = None
        try:
            admission.enter(size_bytes)
            try:
                checked = None if read is None or size_bytes > LARGE_BYTES else read(raw)
                if checked is None:
                    request = parse(request_type, raw)
                    if size_bytes > LARGE_BYTES:
                        loop = asyncio.get_running_loop()
                        checked = await loop.run_in_executor(threads, check, request)
                    else:
                        checked = check(request)
                response = await method(checked)
            finally:
                admission.leave(size_bytes)
            if len(response) > LARGE_BYTES:
                hold_response(len(response))
                leave_when_sent(context, admission, len(response))
        except Exception as error:  # noqa: BLE001 - the caller is told
            if request is None and checked is not None:
                request = parse(request_type, raw)
            _end(context, request_type.DESCRIPTOR.name, error, request)
            return b""
        return response

    # Without serialisers the handler is given bytes, and gives bytes.
    return grpc.unary_unary_rpc_method_handler(handle)


@asynccontextmanager
async def guarded(
    context: Context, rpc: str, request: Message | None = None
) -> AsyncIterator[None]:
    """Turn what is raised inside into the status of the call, and end it so."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the caller is told
        _end(context, rpc, error, request)


def leave_when_sent(context: Context, admission: Admission, response_bytes: int) -> None:
    """Count a response until it is sent: a caller that reads slowly holds it here."""
    context.add_done_callback(lambda _: admission.leave(response_bytes))  # type: ignore[arg-type]  # the stubs say that it takes none


def parse(request_type: type[R], raw: bytes) -> R:
    """A message. Raises InvalidRequestError, naming the field where that can be told."""
    try:
        return request_type.FromString(raw)
    except DecodeError:
        raise describe(request_type, raw) from None


def _end(context: Context, rpc: str, error: Exception, request: Message | None = None) -> None:
    """Let a call end with an error: of the request, or one that nobody foresaw.

    Its handler returns; what it returns is not sent. `abort` would end it at once, but by
    an exception that keeps the request, however large, until garbage is collected.
    """
    # The same holds for this one's way up to here.
    error.__traceback__, shown = None, error.__traceback__
    if not isinstance(error, StateError):
        _log.error("request failed", rpc=rpc, exc_info=(type(error), error, shown))
        context.set_code(grpc.StatusCode.INTERNAL)
        context.set_details(INTERNAL_MESSAGE)
        return
    status = to_status(error, None if request is None else shown_key(request))
    trailers: list[tuple[str, str | bytes]] = [
        ("grpc-status-details-bin", status.SerializeToString())
    ]
    pushback_ms = retry_pushback_ms(error)
    if pushback_ms is not None:
        trailers.append(("grpc-retry-pushback-ms", str(pushback_ms)))
    context.set_code(next(code for code in grpc.StatusCode if code.value[0] == status.code))
    context.set_details(status.message)
    context.set_trailing_metadata(tuple(trailers))
