"""Operations that are described first, and done later by a batch."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, Unpack

from statekeeper.arguments import invalid
from statekeeper.calls import Call, Calls
from statekeeper.errors import InvalidRequestError, SerializationError, StateError
from statekeeper.model import (
    DefineResult,
    DeleteResult,
    ExecutionState,
    ExpiryAction,
    ResumeResult,
    ResumeToken,
    State,
    StateFields,
    StateWriteResult,
    WriteResult,
)
from statekeeper.requests.state import merged_changes
from statekeeper.requests.write import Write
from statekeeper.shared.definition import OnUndeclared, StateDefinition, to_definition
from statekeeper.times import Span

_ResultT_co = TypeVar("_ResultT_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class Operation(Generic[_ResultT_co]):
    """Something to do with one execution, for `batch`; made by `sm.operation`.

    Nothing is done with it, and its arguments are not looked at, until a batch
    is sent. Sent again, it is done again.

    Attributes:
        method: What to do: `Save`.
        namespace: Of the execution.
        execution_id: The execution.
    """

    method: str
    namespace: str
    execution_id: str
    _client: object = field(repr=False)
    _make: Callable[[], Call[Any, _ResultT_co]] = field(repr=False)

    def call(self, client: object) -> Call[Any, _ResultT_co]:
        """Makes its call, to be sent by this client.

        Raises:
            InvalidRequestError: An argument is of no use, or the handle is
                another client's.
            SerializationError: A value cannot be sent.
        """
        if client is not self._client:
            raise invalid("operation", "is of a handle of another client")
        return self._make()


class Operations:
    """Describes what `batch` is to do with one execution.

    The methods are those of the handle, with the same arguments, and with what
    the handle adds: its ttl, its actor, the token of the lock under which the
    batch is sent. What a handle's method would raise about its arguments is
    raised by the batch, before anything is sent.
    """

    def __init__(self, calls: Calls, client: object) -> None:
        self._calls = calls
        self._client = client

    def save(
        self,
        state: State,
        *,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[WriteResult]:
        """Replaces the whole state: see the handle's `save`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation("Save", lambda: self._calls.save(state, write))

    def load(
        self,
        *,
        revision: int | None = None,
        checkpoint: str | None = None,
        fields: Iterable[str] | None = None,
    ) -> Operation[ExecutionState | None]:
        """Reads the state: see the handle's `load`; the server is always asked."""
        return self._operation("Load", lambda: self._calls.load(revision, checkpoint, fields))

    def update(
        self,
        changes: StateFields | Mapping[str, Any] | None = None,
        /,
        *,
        replace: Iterable[str] = (),
        remove: Iterable[str] = (),
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
        **fields: Unpack[StateFields],
    ) -> Operation[WriteResult]:
        """Changes what is named and nothing else: see the handle's `update`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation(
            "Update",
            lambda: self._calls.update(merged_changes(changes, fields), replace, remove, write),
        )

    def delete(
        self,
        *,
        expected_revision: int | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[DeleteResult]:
        """Removes the execution: see the handle's `delete`."""
        write = Write(expected_revision, None, request_id, actor)
        return self._operation("Delete", lambda: self._calls.delete(write))

    def pause(
        self,
        *,
        member: str,
        reason: str,
        data: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        on_expiry: ExpiryAction | Literal["fail", "resume", "keep"] = ExpiryAction.FAIL,
        default_input: Mapping[str, Any] | None = None,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[ResumeToken]:
        """Stops the execution until someone answers: see the handle's `pause`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation(
            "Pause",
            lambda: self._calls.pause(
                write,
                member=member,
                reason=reason,
                data=data,
                expires_at=expires_at,
                on_expiry=on_expiry,
                default_input=default_input,
            ),
        )

    def resume(
        self,
        token: str | None = None,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what the contract calls it
        *,
        pause_id: str | None = None,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[ResumeResult]:
        """Answers a pause: see the handle's `resume`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation("Resume", lambda: self._calls.resume(token, pause_id, input, write))

    def checkpoint(
        self,
        name: str,
        *,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[WriteResult]:
        """Gives the state as it is a name: see the handle's `checkpoint`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation("Checkpoint", lambda: self._calls.checkpoint(name, write))

    def restore(
        self,
        name: str | None = None,
        *,
        revision: int | None = None,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[WriteResult]:
        """Brings an earlier state back: see the handle's `restore`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation("Restore", lambda: self._calls.restore(name, revision, write))

    def define_state(
        self,
        definition: StateDefinition | Mapping[str, Any] | None = None,
        /,
        *,
        schema: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        members: Mapping[str, Any] | None = None,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what templates call it
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[DefineResult]:
        """Defines the shared state: see the handle's `define_state`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation(
            "DefineState",
            lambda: self._calls.define_state(
                to_definition(definition, schema=schema, initial=initial, members=members),
                input,
                write,
            ),
        )

    def read_state(self, member: str) -> Operation[Mapping[str, Any]]:
        """Reads the shared state as a member: see the `state` of the handle's `member`."""
        return self._operation("ReadState", lambda: self._calls.read_state(member))

    def write_state(
        self,
        member: str,
        updates: Mapping[str, Any],
        *,
        on_undeclared: OnUndeclared = "reject",
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> Operation[StateWriteResult]:
        """Writes to the shared state as a member: see its `set_state`."""
        write = Write(expected_revision, ttl, request_id, actor)
        return self._operation(
            "WriteState", lambda: self._calls.write_state(member, updates, on_undeclared, write)
        )

    def _operation(
        self, method: str, make: Callable[[], Call[Any, _ResultT_co]]
    ) -> Operation[_ResultT_co]:
        at = self._calls.execution
        return Operation(method, at.namespace, at.execution_id, self._client, make)


def to_calls(
    operations: Iterable[Operation[_ResultT_co]], client: object
) -> list[Call[Any, _ResultT_co]]:
    """Makes the calls of a batch, all of them or none.

    Raises:
        InvalidRequestError: Something is no operation of this client, or an
            argument is of no use; names its position.
        SerializationError: A value cannot be sent; names its position and path.
    """
    calls: list[Call[Any, _ResultT_co]] = []
    try:
        for index, operation in enumerate(operations):
            calls.append(_call(index, operation, client))
    except BaseException as error:
        for call in calls:
            call.give_up(error)
        raise
    return calls


def _call(index: int, operation: object, client: object) -> Call[Any, Any]:
    if not isinstance(operation, Operation):
        raise invalid(
            f"operations[{index}]",
            f"must be an operation, such as sm.operation.save(...), not {type(operation).__name__}",
        )
    try:
        return operation.call(client)
    except StateError as error:
        _place(error, f"operations[{index}]")
        raise


def _place(error: StateError, place: str) -> None:
    """Says in an error, whose message begins with what is wrong, where that stands."""
    error.message = f"{place}.{error.message}"
    error.args = (error.message,)
    if isinstance(error, SerializationError):
        error.path = f"{place}.{error.path}"
    if isinstance(error, InvalidRequestError):
        error.fields = [(f"{place}.{name}", sentence) for name, sentence in error.fields]
