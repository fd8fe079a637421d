"""Requests of Pause, Resume and GetPause."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from statekeeper.arguments import check_one, checked_name, invalid
from statekeeper.model import ExpiryAction
from statekeeper.pause_fields import EXPIRY_ACTION_NUMBERS
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.write import Write, fill_options
from statekeeper.times import to_timestamp
from statekeeper.v1 import pause_requests_pb2, value_pb2
from statekeeper.values import write_document


def pause_request(
    execution: ExecutionRef,
    write: Write,
    *,
    member: str,
    reason: str,
    data: Mapping[str, Any] | None,
    expires_at: dt.datetime | None,
    on_expiry: ExpiryAction | str,
    default_input: Mapping[str, Any] | None,
) -> pause_requests_pb2.PauseRequest:
    """Makes the request that pauses an execution.

    Raises:
        InvalidRequestError: An argument is of no use.
        SerializationError: A value cannot be sent.
    """
    request = pause_requests_pb2.PauseRequest(
        key=execution.key(),
        member=checked_name("member", member),
        reason=checked_name("reason", reason),
    )
    _write_values(request.data, "data", data)
    _write_values(request.default_input, "default_input", default_input)
    if expires_at is not None:
        request.expire_time.CopyFrom(to_timestamp(expires_at, "expires_at"))
    action = EXPIRY_ACTION_NUMBERS.get(on_expiry) if isinstance(on_expiry, str) else None
    if action is None:
        raise invalid("on_expiry", f"{on_expiry!r} is none of {', '.join(EXPIRY_ACTION_NUMBERS)}")
    if default_input is not None and on_expiry != ExpiryAction.RESUME:
        raise invalid("default_input", "has a meaning with on_expiry='resume' alone")
    request.on_expiry = action
    fill_options(request.options, execution, write)
    return request


def resume_request(
    execution: ExecutionRef,
    write: Write,
    *,
    token: str | None,
    pause_id: str | None,
    answer: Mapping[str, Any] | None,
) -> pause_requests_pb2.ResumeRequest:
    """Makes the request that answers a pause.

    Args:
        execution: Whose pause; one without an id is left to the token.
        write: The options.
        token: What the pause gave.
        pause_id: Its id, in place of the token.
        answer: The input.

    Raises:
        InvalidRequestError: An argument is of no use, or not exactly one of
            token and pause_id is given.
        SerializationError: A value cannot be sent.
    """
    request = pause_requests_pb2.ResumeRequest()
    _write_target(request, execution, token, pause_id)
    _write_values(request.input, "input", answer)
    fill_options(request.options, execution, write)
    return request


def get_pause_request(
    execution: ExecutionRef, token: str | None, pause_id: str | None
) -> pause_requests_pb2.GetPauseRequest:
    """Makes the request that looks a pause up; its arguments are as in `resume_request`.

    Raises:
        InvalidRequestError: Not exactly one of token and pause_id is given.
    """
    request = pause_requests_pb2.GetPauseRequest()
    _write_target(request, execution, token, pause_id)
    return request


def _write_target(
    request: pause_requests_pb2.ResumeRequest | pause_requests_pb2.GetPauseRequest,
    execution: ExecutionRef,
    token: str | None,
    pause_id: str | None,
) -> None:
    check_one(token=token, pause_id=pause_id)
    if execution.execution_id:
        request.key.CopyFrom(execution.key())
    if token is not None:
        request.token = checked_name("token", token)
    else:
        request.pause_id = checked_name("pause_id", pause_id)


def _write_values(target: value_pb2.Document, name: str, values: object) -> None:
    if values is None:
        return
    if not isinstance(values, Mapping):
        raise invalid(name, f"must be a mapping or None, not {type(values).__name__}")
    write_document(target, values, name)
