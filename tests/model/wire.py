"""Between the words of the specification and those of the wire."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1 import (
    checkpoint_pb2,
    execution_pb2,
    lock_pb2,
    pause_pb2,
    pause_requests_pb2,
    shared_state_requests_pb2,
    state_requests_pb2,
    transaction_pb2,
    write_pb2,
)
from statekeeper.v1.history_pb2 import EventKind
from statekeeper.v1.history_pb2 import Revision as RevisionMessage
from statekeeper.v1.list_pb2 import ListRequest, ListResponse
from statekeeper.v1.shared_state_requests_pb2 import UNDECLARED_ACTION_DROP
from statekeeper.v1.value_pb2 import Document as DocumentMessage
from statekeeper.v1.value_pb2 import Value
from tests.model import answers, states
from tests.model.requests import NO_OPTIONS, List, Member, Options, Request, State, Write
from tests.model.terms import DOCUMENTS, Document, Key

# What an operation of two words is called in a transaction.
_SLOTS = {"DefineState": "define_state", "WriteState": "write_state"}
_RPCS = {slot: rpc for rpc, slot in _SLOTS.items()}
NAMESPACE_DEFAULT = "execution-state"

_REQUESTS: dict[str, Any] = {
    "Save": state_requests_pb2.SaveRequest,
    "Load": state_requests_pb2.LoadRequest,
    "Update": state_requests_pb2.UpdateRequest,
    "Delete": state_requests_pb2.DeleteRequest,
    "ListRevisions": state_requests_pb2.ListRevisionsRequest,
    "Pause": pause_requests_pb2.PauseRequest,
    "Resume": pause_requests_pb2.ResumeRequest,
    "GetPause": pause_requests_pb2.GetPauseRequest,
    "Checkpoint": checkpoint_pb2.CheckpointRequest,
    "Restore": checkpoint_pb2.RestoreRequest,
    "ListCheckpoints": checkpoint_pb2.ListCheckpointsRequest,
    "DeleteCheckpoint": checkpoint_pb2.DeleteCheckpointRequest,
    "Lock": lock_pb2.LockRequest,
    "RenewLock": lock_pb2.RenewLockRequest,
    "Unlock": lock_pb2.UnlockRequest,
    "GetLock": lock_pb2.GetLockRequest,
    "Transaction": transaction_pb2.TransactionRequest,
    "DefineState": shared_state_requests_pb2.DefineStateRequest,
    "WriteState": shared_state_requests_pb2.WriteStateRequest,
    "ReadState": shared_state_requests_pb2.ReadStateRequest,
}


def write(request: Request) -> Any:
    """The message of a request; what is empty in it stays unset."""
    message = _REQUESTS[request.rpc]()
    if getattr(request, "named", True):
        # Without it the default namespace is meant (B2).
        namespace = "" if request.key.namespace == NAMESPACE_DEFAULT else request.key.namespace
        message.key.namespace = namespace
        message.key.execution_id = request.key.execution_id
    if isinstance(request, Write) and request.options != NO_OPTIONS:
        message.options.CopyFrom(_options(request.options))
    for name, value in vars(request).items():
        if name in ("key", "options", "named") or value in (None, "", (), 0):
            continue
        _put(message, name, value)
    return message


def write_list(query: List) -> ListRequest:
    """The message of a list."""
    return ListRequest(
        namespace=query.namespace,
        statuses=[f"STATUS_{each}" for each in query.statuses],
        id_prefix=query.id_prefix,
        labels=query.labels,
        updated_after=None if query.updated_after is None else _timestamp(query.updated_after),
        fields=query.fields,
    )


def _put(message: Any, name: str, value: Any) -> None:
    if name in _PUTTING:
        _PUTTING[name](message, value)
    elif isinstance(value, State):
        getattr(message, name).CopyFrom(_state(value))
    elif isinstance(value, tuple):
        getattr(message, name).extend(value)
    elif isinstance(value, Mapping):
        getattr(message, name).CopyFrom(_document(value))
    else:
        setattr(message, name, value)


def _put_operations(message: Any, operations: tuple[Request, ...]) -> None:
    for operation in operations:
        slot = getattr(message.operations.add(), _SLOTS.get(operation.rpc, operation.rpc.lower()))
        slot.CopyFrom(write(operation))
        slot.ClearField("key")


def _put_members(message: Any, members: Mapping[str, Member]) -> None:
    for name, member in members.items():
        message.members[name].use.extend(member.use)
        message.members[name].set.extend(member.set)


_PUTTING: dict[str, Callable[[Any, Any], None]] = {
    "operations": _put_operations,
    "members": _put_members,
    "schema": lambda m, schema: m.schema.update({k: f'"{kind}"' for k, kind in schema.items()}),
    "drop": lambda m, _: setattr(m, "on_undeclared", UNDECLARED_ACTION_DROP),
    "on_expiry": lambda m, action: setattr(
        m, "on_expiry", pause_pb2.ExpiryAction.Value(f"EXPIRY_ACTION_{action}")
    ),
    "lease": lambda m, lease: m.lease.CopyFrom(_duration(lease)),
    "expire_time": lambda m, moment: m.expire_time.CopyFrom(_timestamp(moment)),
}


def _options(options: Options) -> write_pb2.WriteOptions:
    return write_pb2.WriteOptions(
        expected_revision=options.expected_revision,
        ttl=None if options.ttl is None else _duration(options.ttl),
        request_id=options.request_id,
        fencing_token=options.fencing_token,
        actor=options.actor,
    )


def _state(state: State) -> Any:
    message: Any = execution_pb2.ExecutionState(
        current_member=state.current_member,
        schema_version=state.schema_version,
        labels=state.labels,
    )
    if state.status:
        message.status = execution_pb2.Status.Value(f"STATUS_{state.status}")
    if state.start_time is not None:
        message.start_time.CopyFrom(_timestamp(state.start_time))
    for name in DOCUMENTS:
        document = getattr(state, name)
        if document is not None:
            getattr(message, name).CopyFrom(_document(document))
    return message


def _document(document: Document) -> DocumentMessage:
    return DocumentMessage(
        entries={
            key: Value(json=value) if isinstance(value, str) else Value(binary=value)
            for key, value in document.items()
        }
    )


def _duration(span: int) -> Duration:
    seconds, micros = divmod(span, 1_000_000)
    return Duration(seconds=seconds, nanos=micros * 1000)


def _timestamp(moment: int) -> Timestamp:
    seconds, micros = divmod(moment, 1_000_000)
    return Timestamp(seconds=seconds, nanos=micros * 1000)


def read(request: Request, message: Any) -> Any:
    """The answer that a message is; of a list, one page of it."""
    return _READERS[request.rpc](message)


def _result(message: Any) -> answers.Result | None:
    if not message.HasField("result"):
        return None
    result = message.result
    assert not result.warnings
    update_time = _moment(result.update_time)
    expire_time = _moment(result.expire_time) if result.HasField("expire_time") else None
    return answers.Result(
        _key(result.key), result.revision, result.version, update_time, expire_time, result.replayed
    )


def _key(message: execution_pb2.ExecutionKey) -> Key:
    return Key(message.namespace, message.execution_id)


def _moment(message: Timestamp) -> int:
    assert message.nanos % 1000 == 0
    return message.seconds * 1_000_000 + message.nanos // 1000


def _read_document(message: Any, name: str) -> Document | None:
    if not message.HasField(name):
        return None
    return {
        key: value.json if value.HasField("json") else value.binary
        for key, value in getattr(message, name).entries.items()
    }


def _optional(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _read_state(message: execution_pb2.ExecutionState) -> State:
    return State(
        status=execution_pb2.Status.Name(message.status).removeprefix("STATUS_"),
        start_time=_moment(message.start_time) if message.HasField("start_time") else None,
        current_member=_optional(message, "current_member"),
        schema_version=_optional(message, "schema_version"),
        labels=dict(message.labels),
        **{name: _read_document(message, name) for name in DOCUMENTS},
    )


def _read_pause(message: pause_pb2.Pause) -> answers.Pause:
    resumption = None
    if message.HasField("resumption"):
        answer = message.resumption
        resumption = answers.Resumption(
            _read_document(answer, "input"), answer.actor, _moment(answer.time)
        )
    on_expiry = pause_pb2.ExpiryAction.Name(message.on_expiry)
    return answers.Pause(
        pause_id=message.pause_id,
        status=pause_pb2.PauseStatus.Name(message.status).removeprefix("PAUSE_STATUS_"),
        member=message.member,
        reason=message.reason,
        data=_read_document(message, "data"),
        create_time=_moment(message.create_time),
        expire_time=_moment(message.expire_time),
        on_expiry=on_expiry.removeprefix("EXPIRY_ACTION_"),
        default_input=_read_document(message, "default_input"),
        actor=message.actor,
        resumption=resumption,
    )


def _read_execution(message: execution_pb2.Execution) -> answers.Execution:
    assert message.state.id == message.key.execution_id
    return answers.Execution(
        _key(message.key),
        message.revision,
        message.version,
        _moment(message.create_time),
        _moment(message.update_time),
        _moment(message.expire_time) if message.HasField("expire_time") else None,
        _read_state(message.state),
        tuple(_read_pause(pause) for pause in message.pauses),
        _shared(message.shared_state) if message.HasField("shared_state") else None,
    )


def _shared(document: DocumentMessage) -> Mapping[str, str]:
    return {key: value.json for key, value in document.entries.items()}


def _read_defined(message: Any) -> answers.Defined:
    misfits = [answers.Misfit(each.key, each.rule) for each in message.misfits]
    return answers.Defined(_result(message), tuple(sorted(misfits)))


def read_listed(message: ListResponse) -> tuple[answers.Execution, ...]:
    """The executions on a page of a list."""
    return _all(_read_execution, message.executions)


def _execution_in(message: Any) -> answers.Execution | None:
    return _read_execution(message.execution) if message.HasField("execution") else None


def _holder_in(message: Any) -> answers.Holder | None:
    if not message.HasField("holder"):
        return None
    holder = message.holder
    expire_time = _moment(holder.lease_expire_time)
    return answers.Holder(holder.owner, holder.fencing_token, expire_time, holder.exclusive)


def read_found_pause(message: Any) -> answers.FoundPause:
    """A pause beside its execution."""
    return answers.FoundPause(_read_pause(message.pause), _read_execution(message.execution))


def _read_locked(message: lock_pb2.LockResponse) -> answers.Locked:
    expire_time = None
    if message.HasField("lease_expire_time"):
        expire_time = _moment(message.lease_expire_time)
    return answers.Locked(
        _result(message), message.acquired, message.fencing_token, expire_time, _holder_in(message)
    )


def _read_renewed(message: lock_pb2.RenewLockResponse) -> answers.Renewed:
    expire_time = _moment(message.lease_expire_time)
    return answers.Renewed(_result(message), message.fencing_token, expire_time)


def _read_revision(message: RevisionMessage) -> answers.Revision:
    return answers.Revision(
        message.revision,
        message.version,
        _moment(message.time),
        EventKind.Name(message.kind).removeprefix("EVENT_KIND_"),
        execution_pb2.Status.Name(message.status).removeprefix("STATUS_"),
        tuple(sorted(message.changed)),
        message.actor,
        message.pause_id,
        message.checkpoint,
    )


def _read_checkpoint(message: checkpoint_pb2.Checkpoint) -> answers.Checkpoint:
    assert message.HasField("state")
    return answers.Checkpoint(
        message.name,
        message.revision,
        _moment(message.create_time),
        message.actor,
        _read_state(message.state),
    )


def _read_transacted(message: transaction_pb2.TransactionResponse) -> answers.Transacted:
    results = []
    for result in message.results:
        rpc = result.WhichOneof("response")
        assert rpc is not None
        done = _READERS[_RPCS.get(rpc, rpc.capitalize())](getattr(result, rpc))
        results.append(states.without_expire_time(done))
    return answers.Transacted(_result(message), tuple(results))


def _all(read_one: Callable[[Any], Any], messages: Iterable[Message]) -> tuple[Any, ...]:
    return tuple(read_one(each) for each in messages)


_READERS: dict[str, Callable[[Any], Any]] = {
    "Save": lambda m: answers.Saved(_result(m)),
    "Load": lambda m: answers.Loaded(_execution_in(m)),
    "Update": lambda m: answers.Updated(_result(m), _execution_in(m)),
    "Delete": lambda m: answers.Deleted(_result(m), m.existed),
    "ListRevisions": lambda m: _all(_read_revision, m.revisions),
    "Pause": lambda m: answers.Paused(_result(m), m.token, m.pause_id),
    "Resume": lambda m: answers.Resumed(_result(m), m.member, m.pause_id),
    "GetPause": read_found_pause,
    "Checkpoint": lambda m: answers.Checkpointed(_result(m), m.revision),
    "Restore": lambda m: answers.Restored(_result(m)),
    "ListCheckpoints": lambda m: _all(_read_checkpoint, m.checkpoints),
    "DeleteCheckpoint": lambda m: answers.CheckpointDeleted(_result(m), m.existed),
    "Lock": _read_locked,
    "RenewLock": _read_renewed,
    "Unlock": lambda m: answers.Unlocked(_result(m), m.released),
    "GetLock": lambda m: answers.FoundLock(_holder_in(m)),
    "Transaction": _read_transacted,
    "DefineState": _read_defined,
    "WriteState": lambda m: answers.WroteState(_result(m), tuple(m.dropped)),
    "ReadState": lambda m: answers.ReadState(_result(m), _shared(m.view)),
}
