"""The part of a handle for state that the members of a workflow share."""

from collections.abc import Mapping
from typing import Any

from statekeeper.arguments import checked_name
from statekeeper.calls import Calls
from statekeeper.channel import Channel
from statekeeper.model.shared_state import DefineResult, StateWriteResult
from statekeeper.requests.write import Write
from statekeeper.shared.access import AccessReport
from statekeeper.shared.definition import OnUndeclared, StateDefinition, to_definition
from statekeeper.state_manager.handle import Handle
from statekeeper.times import Span


class SharedStatePart(Handle):
    """Defines the shared state, gives its members, and tells what they did."""

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
    ) -> DefineResult:
        """Defines the shared state, or defines it anew; creates the execution if need be.

        No value is lost by a new definition: what no longer fits is told, and stays.
        Initial values are for keys that have none yet.

        Args:
            definition: A `statekeeper.shared.StateDefinition`, such as `load_definition`
                reads from YAML, in place of the next three.
            schema: By key, a type (`"object"`) or a JSON Schema.
            initial: By key, the value to begin with; `${input.path}` is filled in.
            members: By name, the keys that each may `use` and `set`.
            input: What `${input.path}` leads into.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Raises:
            InvalidRequestError: The definition is of no use, or an initial value leads to
                nothing in the input.
            SchemaViolationError: An initial value does not fit its schema.
            StateTooLargeError: It would become larger than 10 MiB.
        """
        made = to_definition(definition, schema=schema, initial=initial, members=members)
        write = Write(expected_revision, ttl, request_id, actor)
        return self._channel.send(self._calls.define_state(made, input, write))

    def member(self, name: str) -> "Member":
        """Gives what one member of the workflow sees and writes; talks to nobody.

        Raises:
            InvalidRequestError: It is no name.
        """
        return Member(self._calls, self._channel, name)

    def access_report(self) -> AccessReport:
        """Tells which keys nobody has accessed, and who has accessed the others.

        Raises:
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: It has no shared state.
        """
        return self._channel.send(self._calls.access_report())


class Member:
    """What one member sees of the shared state of an execution, and what it writes.

    Made by `StateManager.member`. Make one for each run of the member.
    """

    def __init__(self, calls: Calls, channel: Channel, name: str) -> None:
        self._calls = calls
        self._channel = channel
        self._name = checked_name("member", name)
        self._view: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The member's name."""
        return self._name

    @property
    def state(self) -> Mapping[str, Any]:
        """The keys that it uses and that have a value; cannot be changed, at any depth.

        It is read at the first look, which is logged, and stays what it was then.

        Raises:
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: It has no shared state.
        """
        if self._view is None:
            self._view = self._channel.send(self._calls.read_state(self._name))
        return self._view

    def set_state(
        self,
        updates: Mapping[str, Any] | None = None,
        /,
        *,
        on_undeclared: OnUndeclared = "reject",
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
        **values: Any,
    ) -> StateWriteResult:
        """Writes values, all or none; its own view does not change.

        Args:
            updates: Values by key, in place of or beside the keywords.
            on_undeclared: What becomes of keys that it may not set: all is refused, or
                they are dropped, and the result names them.
            expected_revision: As for `StateManager.update`.
            ttl: As for `StateManager.update`.
            request_id: As for `StateManager.update`.
            actor: As for `StateManager.update`.
            **values: Values by key.

        Raises:
            StateAccessDeniedError: It may not set a key.
            SchemaViolationError: A value does not fit; names key, path and rule.
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: It has no shared state.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: It would become larger than 10 MiB.
        """
        merged = values if updates is None else {**updates, **values}
        write = Write(expected_revision, ttl, request_id, actor)
        call = self._calls.write_state(self._name, merged, on_undeclared, write)
        return self._channel.send(call)
