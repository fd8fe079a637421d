"""Requests of DefineState, ReadState, WriteState and GetAccessReport."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from statekeeper.arguments import checked_name, invalid
from statekeeper.requests.execution import ExecutionRef
from statekeeper.requests.write import Write, fill_options
from statekeeper.shared.definition import StateDefinition
from statekeeper.shared.frozen import thaw
from statekeeper.v1 import shared_state_requests_pb2
from statekeeper.values import write_json

_ACTIONS = {
    "reject": shared_state_requests_pb2.UNDECLARED_ACTION_REJECT,
    "drop": shared_state_requests_pb2.UNDECLARED_ACTION_DROP,
}


def define_state_request(
    execution: ExecutionRef,
    definition: StateDefinition,
    given: Mapping[str, Any] | None,
    write: Write,
) -> shared_state_requests_pb2.DefineStateRequest:
    """Makes the request that defines a shared state.

    Args:
        execution: Whose.
        definition: What it is to be.
        given: The input, which templates lead into; None: there is none.
        write: The options.

    Raises:
        InvalidRequestError: An argument is of no use.
        SerializationError: The input cannot be sent.
    """
    request = shared_state_requests_pb2.DefineStateRequest(key=execution.key())
    for key, schema in definition.schema.items():
        request.schema[key] = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    write_json(request.initial, thaw(definition.initial), "initial")
    for name, access in definition.members.items():
        member = request.members[name]
        member.use.extend(access.use)
        member.set.extend(access.set)
    if given is not None:
        _write_mapping(request.input, given, "input")
    fill_options(request.options, execution, write)
    return request


def read_state_request(
    execution: ExecutionRef, member: str
) -> shared_state_requests_pb2.ReadStateRequest:
    """Makes the request that reads as a member.

    Raises:
        InvalidRequestError: The member is no name.
    """
    request = shared_state_requests_pb2.ReadStateRequest(
        key=execution.key(), member=checked_name("member", member)
    )
    # However often it is sent, it is logged once.
    request.options.request_id = uuid.uuid4().hex
    return request


def write_state_request(
    execution: ExecutionRef,
    member: str,
    updates: Mapping[str, Any],
    on_undeclared: str,
    write: Write,
) -> shared_state_requests_pb2.WriteStateRequest:
    """Makes the request that writes as a member.

    Raises:
        InvalidRequestError: An argument is of no use.
        SerializationError: A value cannot be sent.
    """
    action = _ACTIONS.get(on_undeclared)
    if action is None:
        raise invalid("on_undeclared", f"{on_undeclared!r} is neither reject nor drop")
    request = shared_state_requests_pb2.WriteStateRequest(
        key=execution.key(), member=checked_name("member", member), on_undeclared=action
    )
    _write_mapping(request.updates, updates, "updates")
    fill_options(request.options, execution, write)
    return request


def get_access_report_request(
    execution: ExecutionRef,
) -> shared_state_requests_pb2.GetAccessReportRequest:
    """Makes the request for the report of who has accessed what."""
    return shared_state_requests_pb2.GetAccessReportRequest(key=execution.key())


def _write_mapping(target: Any, values: object, name: str) -> None:
    if not isinstance(values, Mapping):
        raise invalid(name, f"must be a mapping, not {type(values).__name__}")
    write_json(target, values, name)
