"""Pauses as they are on the wire: requests for them, and what is there."""

import time
from collections.abc import Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.history_pb2 import Revision
from statekeeper.v1.pause_pb2 import Pause
from statekeeper.v1.pause_requests_pb2 import (
    GetPauseRequest,
    GetPauseResponse,
    ListPausesRequest,
    PauseRequest,
    PauseResponse,
    ResumeRequest,
    ResumeResponse,
    WaitingPause,
)
from statekeeper.v1.state_requests_pb2 import ListRevisionsRequest, LoadRequest
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import DEADLINE_S, RawClient, key_of

_OPTIONS = frozenset(WriteOptions.DESCRIPTOR.fields_by_name)


def pause_request(execution_id: str, namespace: str = "", **fields: Any) -> PauseRequest:
    """A valid PauseRequest; `fields` are those of the request and of its options."""
    options = {name: fields.pop(name) for name in _OPTIONS & fields.keys()}
    fields = {"member": "approver", "reason": "a person must agree", **fields}
    return PauseRequest(
        key=key_of(execution_id, namespace),
        options=WriteOptions(**options) if options else None,
        **fields,
    )


def resume_request(execution_id: str = "", namespace: str = "", /, **fields: Any) -> ResumeRequest:
    """A ResumeRequest of a token or a pause_id; without an execution, by the token alone."""
    options = {name: fields.pop(name) for name in _OPTIONS & fields.keys()}
    return ResumeRequest(
        key=key_of(execution_id, namespace) if execution_id else None,
        options=WriteOptions(**options) if options else None,
        **fields,
    )


def open_pause(
    raw: RawClient, execution_id: str, namespace: str = "", **fields: Any
) -> PauseResponse:
    """Open a pause."""
    response = raw.stub.Pause(pause_request(execution_id, namespace, **fields), timeout=DEADLINE_S)
    assert isinstance(response, PauseResponse)
    return response


def resume(raw: RawClient, execution_id: str = "", **fields: Any) -> ResumeResponse:
    """Answer a pause."""
    response = raw.stub.Resume(resume_request(execution_id, **fields), timeout=DEADLINE_S)
    assert isinstance(response, ResumeResponse)
    return response


def get_pause(raw: RawClient, execution_id: str = "", **target: str) -> GetPauseResponse:
    """Look a pause up."""
    key = key_of(execution_id) if execution_id else None
    response = raw.stub.GetPause(GetPauseRequest(key=key, **target), timeout=DEADLINE_S)
    assert isinstance(response, GetPauseResponse)
    return response


def inbox(raw: RawClient, namespace: str = "", page_size: int = 0) -> list[WaitingPause]:
    """All pauses of a namespace that wait, page by page."""
    found: list[WaitingPause] = []
    for page in inbox_pages(raw, namespace, page_size):
        found += page
    return found


def inbox_pages(
    raw: RawClient, namespace: str = "", page_size: int = 0
) -> Iterator[list[WaitingPause]]:
    """The same, as it is turned."""
    request = ListPausesRequest(namespace=namespace, page_size=page_size)
    while True:
        response = raw.stub.ListPauses(request, timeout=DEADLINE_S)
        yield list(response.pauses)
        if not response.next_page_token:
            return
        request.page_token = response.next_page_token


def ids(waiting: list[WaitingPause]) -> list[tuple[str, str]]:
    """Which pauses they are: of which execution, and which of it."""
    return [(each.execution.key.execution_id, each.pause.pause_id) for each in waiting]


def execution_of(raw: RawClient, execution_id: str, **request: Any) -> Execution:
    """An execution, which must exist; `request` as in LoadRequest."""
    request["key"] = request.get("key", key_of(execution_id))
    response = raw.stub.Load(LoadRequest(**request), timeout=DEADLINE_S)
    assert response.HasField("execution"), f"{execution_id} does not exist"
    assert isinstance(response.execution, Execution)
    return response.execution


def pauses_of(raw: RawClient, execution_id: str, **request: Any) -> list[Pause]:
    """The pauses of an execution, which must exist."""
    return list(execution_of(raw, execution_id, **request).pauses)


def history(raw: RawClient, execution_id: str) -> list[Revision]:
    """What happened to an execution, the newest first."""
    request = ListRevisionsRequest(key=key_of(execution_id), page_size=1_000)
    return list(raw.stub.ListRevisions(request, timeout=DEADLINE_S).revisions)


def time_at(at_us: int) -> Timestamp:
    """A moment."""
    return Timestamp(seconds=at_us // 1_000_000, nanos=at_us % 1_000_000 * 1_000)


def to_us(at: Timestamp) -> int:
    """A moment in microseconds."""
    return int(at.seconds) * 1_000_000 + int(at.nanos) // 1_000


def from_now(seconds: float, now_us: int | None = None) -> Timestamp:
    """A moment so many seconds after now, by the machine's clock or a given time."""
    if now_us is None:
        now_us = time.time_ns() // 1_000
    return time_at(now_us + round(seconds * 1_000_000))
