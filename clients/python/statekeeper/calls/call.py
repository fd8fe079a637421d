"""One call: what is sent, and what becomes of the answer."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from statekeeper.requests.execution import ExecutionRef

_ResponseT = TypeVar("_ResponseT")
_ResultT = TypeVar("_ResultT")
_ItemT = TypeVar("_ItemT")


@dataclass(frozen=True, slots=True)
class Call(Generic[_ResponseT, _ResultT]):
    """One call, ready to be sent. It must end in `finish` or in `give_up`.

    Where the response is a stream, `finish` reads each of its messages.

    Attributes:
        method: The RPC's name: `Save`.
        request: Its request.
        execution: The execution it is about.
        finish: Reads the response, and notes what it means for the cache.
        give_up: Notes that there is no usable response, because of this error;
            harmless when it comes after `finish`.
        wait_s: For how long the server may take its time on purpose; allowed
            beside the client's timeout.
        timeout_s_max: After this time the answer is of no use.
        cleanup: What to send, and not wait for, when this one ended without an
            answer and may have been done all the same; None: nothing.
    """

    method: str
    request: Message
    execution: ExecutionRef
    finish: Callable[[_ResponseT], _ResultT]
    give_up: Callable[[BaseException], None]
    wait_s: float = 0.0
    timeout_s_max: float = math.inf
    cleanup: "Call[Any, Any] | None" = None


@dataclass(frozen=True, slots=True)
class Page(Generic[_ItemT]):
    """Some items of a list, and the token of the next page (empty: the last)."""

    items: tuple[_ItemT, ...]
    next_page_token: str
