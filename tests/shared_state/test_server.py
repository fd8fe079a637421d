"""What a server adds: the shared state lives with its execution, in the same order of revisions."""

import time
from typing import Any

import grpc
import pytest

from statekeeper import (
    Client,
    ConflictError,
    DefineResult,
    InvalidRequestError,
    LockedError,
    RequestIdReusedError,
    SchemaViolationError,
    StateAccessDeniedError,
    StateManager,
    StateNotFoundError,
    StateWriteResult,
)
from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionKey, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.shared_state_pb2_grpc import SharedStateStub
from statekeeper.v1.shared_state_requests_pb2 import (
    DefineStateRequest,
    GetAccessReportRequest,
    MemberAccess,
    ReadStateRequest,
    WriteStateRequest,
)
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper_server.verification import problems_of

from .test_rules import DEFINITION

UNKNOWN_ACTION: Any = 9
PAIR = Document(entries={"a": Value(json="{}"), "b": Value(json="[2]")})
CONTEXT = Document(entries={"phase": Value(json="2")})


@pytest.fixture
def sm(client: Client, execution_id: str) -> StateManager:
    """The handle of an execution that does not exist yet."""
    return client.state_manager(execution_id)


@pytest.fixture
def channel(server: TestServer) -> Any:
    """A channel for requests that no client would make."""
    with grpc.insecure_channel(server.address) as channel:
        yield channel


def view(sm: StateManager, member: str = "reader") -> Any:
    """What a member sees now."""
    return sm.member(member).state


def test_defining_makes_an_execution_that_runs(sm: StateManager) -> None:
    result = sm.define_state(DEFINITION)
    state = sm.load()

    assert state is not None
    assert (state.status, state.revision, state.version) == ("running", result.revision, 1)
    assert (result.definition_version, result.misfits) == (1, ())


def test_a_definition_is_counted_where_it_differs(sm: StateManager) -> None:
    assert sm.define_state(DEFINITION).definition_version == 1
    assert sm.define_state(DEFINITION).definition_version == 1
    reordered = {
        name: dict(reversed(list(part.items())))
        for name, part in reversed(list(DEFINITION.items()))
    }
    assert sm.define_state(reordered).definition_version == 1
    assert sm.define_state({"schema": {"a": "any"}}).definition_version == 2


def test_saving_and_deleting(sm: StateManager) -> None:
    """B15: a save of the state leaves the shared state alone, a delete removes it."""
    sm.define_state(DEFINITION)
    sm.member("writer").set_state(a={"x": 1})
    sm.save({"status": "waiting", "context": {"c": 1}})
    sm.update(context=None)
    assert view(sm) == {"a": {"x": 1}}
    state = sm.load()
    assert state is not None
    assert (state.context, state.input, state.metadata) == (None, None, None)

    sm.delete()
    with pytest.raises(StateNotFoundError):
        view(sm)
    sm.save({"status": "running"})
    with pytest.raises(InvalidRequestError, match="DefineState"):
        view(sm)
    with pytest.raises(InvalidRequestError, match="DefineState"):
        sm.access_report()
    with pytest.raises(InvalidRequestError, match="DefineState"):
        sm.member("writer").set_state(a={})
    sm.define_state(DEFINITION)
    assert view(sm) == {}
    assert sm.access_report().counts == {}


@pytest.mark.parametrize("by", ["checkpoint", "revision"])
def test_b45_restoring_brings_values_and_definition_back_and_keeps_the_log(
    sm: StateManager, by: str
) -> None:
    """B45, B52: the log of accesses is not a part of the state."""
    sm.save({"status": "running", "context": {"phase": 1}})
    sm.define_state(DEFINITION)
    revision = sm.member("writer").set_state(a={"x": 1}).revision
    sm.checkpoint("before")
    sm.member("writer").set_state(a={"x": 2}, b=[1])
    sm.define_state({"schema": {"c": "string"}, "members": {"late": {"set": ["c"]}}})
    sm.member("late").set_state(c="x")
    sm.update(context={"phase": 2})
    if by == "checkpoint":
        sm.restore("before")
    else:
        sm.restore(revision=revision)

    assert view(sm) == {"a": {"x": 1}}
    state = sm.load()
    assert state is not None
    assert state.context == {"phase": 1}
    counts = sm.access_report().counts
    assert counts["a"]["writer"].writes == 2
    assert counts["c"]["late"].writes == 1
    with pytest.raises(StateAccessDeniedError):
        sm.member("late").set_state(c="y")


def test_b52_a_load_shows_the_shared_state_where_it_is_asked_for(
    sm: StateManager, channel: Any
) -> None:
    """B52: now and then; nobody is logged as having read it, and nobody else sees it."""
    sm.define_state(DEFINITION)
    revision = sm.member("writer").set_state(a={"x": 1}).revision
    sm.checkpoint("here")
    sm.member("writer").set_state(a={"x": 2}, b=[1])

    def shown(**options: Any) -> Any:
        state = sm.load(**options)
        assert state is not None
        return state.shared_state

    assert shown(fields=["shared_state"]) == {"a": {"x": 2}, "b": [1], "n": 1}
    assert shown(fields=["shared_state.a", "context"]) == {"a": {"x": 2}}
    assert shown(fields=["shared_state"], revision=revision) == {"a": {"x": 1}, "n": 1}
    assert shown(fields=["shared_state"], checkpoint="here") == {"a": {"x": 1}, "n": 1}
    assert shown() is None
    assert shown(fields=["context"]) is None
    assert set(sm.access_report().member_counts) == {"writer"}
    with pytest.raises(InvalidRequestError):
        sm.load(fields=["shared_state."])

    operations = [
        Operation(load=LoadRequest()),
        Operation(write_state=WriteStateRequest(member="writer", updates=PAIR)),
        Operation(load=LoadRequest(fields=["shared_state"])),
    ]
    request = TransactionRequest(key=_key(sm), operations=operations)
    results = StateManagerStub(channel).Transaction(request).results
    assert not results[0].load.execution.HasField("shared_state")
    after = results[2].load.execution.shared_state.entries
    assert {key: value.json for key, value in after.items()} == {
        "a": "{}",
        "b": "[2]",
        "n": "1",
    }


def test_the_history_names_what_was_written(sm: StateManager) -> None:
    sm.define_state(DEFINITION)
    sm.member("writer").set_state(a={"x": 1}, b=[], actor="ada")
    sm.member("writer").set_state(a={"x": 1}, b=[2])
    last, middle, first = sm.list_revisions()

    assert set(first.changed) == {
        "status",
        "start_time",
        "shared_state.n",
        "shared_state_definition",
    }
    assert set(middle.changed) == {"shared_state.a", "shared_state.b"}
    assert (middle.actor, middle.kind) == ("ada", "updated")
    assert last.changed == ("shared_state.b",)


def test_a_read_moves_neither_the_revision_nor_the_time_to_live(
    sm: StateManager, server: TestServer
) -> None:
    sm.define_state(DEFINITION)
    before = sm.load()
    server.clock.advance(60)
    view(sm, "both")

    after = sm.load()
    assert before is not None
    assert after is not None
    assert (after.revision, after.expire_time) == (before.revision, before.expire_time)
    assert len(list(sm.list_revisions())) == 1


def test_b17_b18_a_write_renews_the_time_to_live_and_an_end_is_an_end(
    sm: StateManager, server: TestServer
) -> None:
    """B17, B18."""
    sm.define_state(DEFINITION, ttl=100)
    server.clock.advance(60)
    sm.member("writer").set_state(a={})
    server.clock.advance(60)
    assert view(sm) == {"a": {}}
    server.clock.advance(60)
    with pytest.raises(StateNotFoundError):
        view(sm)
    with pytest.raises(StateNotFoundError):
        sm.member("writer").set_state(a={})
    with pytest.raises(StateNotFoundError):
        sm.access_report()


def test_b65_writes_may_expect_a_revision(sm: StateManager) -> None:
    """B65."""
    revision = sm.define_state(DEFINITION, expected_revision=0).revision
    with pytest.raises(ConflictError):
        sm.define_state(DEFINITION, expected_revision=0)
    sm.member("writer").set_state(a={}, expected_revision=revision)
    with pytest.raises(ConflictError):
        sm.member("writer").set_state(a={"x": 1}, expected_revision=revision)

    assert view(sm) == {"a": {}}
    assert sm.access_report().counts["a"]["writer"].writes == 1


def test_b63_an_exclusive_lock_keeps_members_out_that_write(
    client: Client, sm: StateManager
) -> None:
    """B63: and lets them read."""
    sm.define_state(DEFINITION)
    other = client.state_manager(sm.execution_id)
    with sm.lock(exclusive=True):
        with pytest.raises(LockedError):
            other.member("writer").set_state(a={})
        sm.member("writer").set_state(a={"x": 1})
        assert view(other) == {"a": {"x": 1}}


def test_b70_what_is_repeated_is_written_and_logged_once(sm: StateManager, channel: Any) -> None:
    """B70: a read too, though its answer is read again."""
    sm.define_state(DEFINITION)
    first = sm.member("writer").set_state(a={"x": 1}, request_id="w")
    again = sm.member("writer").set_state(a={"x": 1}, request_id="w")
    assert (again.revision, again.replayed) == (first.revision, True)
    with pytest.raises(RequestIdReusedError):
        sm.member("writer").set_state(a={"x": 2}, request_id="w")

    stub = SharedStateStub(channel)
    read = ReadStateRequest(key=_key(sm), member="reader")
    read.options.request_id = "r"
    replies = [stub.ReadState(read) for _ in range(3)]
    assert [reply.result.replayed for reply in replies] == [False, True, True]
    assert all(reply.view.entries["a"].json == '{"x":1}' for reply in replies)
    counts = sm.access_report().counts["a"]
    assert (counts["writer"].writes, counts["reader"].reads) == (1, 1)


def _key(sm: StateManager) -> ExecutionKey:
    return ExecutionKey(namespace=sm.namespace, execution_id=sm.execution_id)


def _definition() -> DefineStateRequest:
    return DefineStateRequest(
        schema={"a": '"object"'}, members={"m": MemberAccess(use=["a"], set=["a"])}
    )


def _write(json: str) -> WriteStateRequest:
    return WriteStateRequest(member="m", updates=Document(entries={"a": Value(json=json)}))


def test_b66_a_transaction_defines_writes_and_updates_at_one_revision(
    sm: StateManager, channel: Any
) -> None:
    """B66."""
    request = TransactionRequest(
        key=_key(sm),
        operations=[
            Operation(save=SaveRequest(state=ExecutionState(status=STATUS_RUNNING))),
            Operation(define_state=_definition()),
            Operation(write_state=_write("{}")),
            Operation(write_state=_write('{"x":1}')),
            Operation(update=UpdateRequest(changes=ExecutionState(context=CONTEXT))),
        ],
    )
    response = StateManagerStub(channel).Transaction(request)

    state = sm.load()
    assert state is not None
    assert (state.version, state.revision) == (1, response.result.revision)
    assert state.context == {"phase": 2}
    assert view(sm, "m") == {"a": {"x": 1}}
    assert sm.access_report().counts["a"]["m"].writes == 2


def test_b66_a_transaction_with_a_value_that_does_not_fit_does_nothing(
    sm: StateManager, channel: Any
) -> None:
    """B66."""
    sm.define_state(schema={"a": "object"}, members={"m": {"use": ["a"], "set": ["a"]}})
    request = TransactionRequest(
        key=_key(sm),
        operations=[
            Operation(write_state=_write("{}")),
            Operation(update=UpdateRequest(changes=ExecutionState(context=CONTEXT))),
            Operation(write_state=_write("1")),
        ],
    )
    with pytest.raises(grpc.RpcError, match="a: type"):
        StateManagerStub(channel).Transaction(request)

    assert view(sm, "m") == {}
    state = sm.load()
    assert state is not None
    assert (state.version, state.context) == (1, None)


def test_a_read_is_no_part_of_a_transaction(sm: StateManager, channel: Any) -> None:
    sm.define_state(DEFINITION)
    read = Operation(read_state=ReadStateRequest(member="reader"))
    with pytest.raises(grpc.RpcError, match="cannot be a part of a transaction"):
        StateManagerStub(channel).Transaction(TransactionRequest(key=_key(sm), operations=[read]))


def test_b95_a_members_view_stays_what_it_was_when_it_was_first_seen(sm: StateManager) -> None:
    """B95: and looking again is no other read."""
    sm.define_state(DEFINITION)
    member = sm.member("both")
    assert member.state == {"n": 1}
    member.set_state(a={"x": 1})
    member.set_state({"a": {"x": 2}})
    assert member.state == {"n": 1}

    assert sm.member("both").state == {"a": {"x": 2}, "n": 1}
    assert sm.access_report().counts["n"]["both"].reads == 2


def test_a_batch_defines_writes_and_reads_in_order(client: Client, sm: StateManager) -> None:
    """As the calls of their own, each for itself."""
    operation = sm.operation
    defined, refused, written, seen = client.batch(
        [
            operation.define_state(DEFINITION),
            operation.write_state("both", {"a": {"x": 1}, "z": 2}),
            operation.write_state("both", {"a": {"x": 1}, "z": 2}, on_undeclared="drop"),
            operation.read_state("reader"),
        ]
    )

    assert isinstance(refused, StateAccessDeniedError)
    assert isinstance(defined, DefineResult)
    assert isinstance(written, StateWriteResult)
    assert (defined.definition_version, written.dropped) == (1, ("z",))
    assert seen == {"a": {"x": 1}}


@pytest.mark.parametrize("include", ["head", "changes", "state"])
def test_watchers_are_told_which_keys_have_changed(sm: StateManager, include: Any) -> None:
    """B81: by their names; the values are shown to members alone."""
    revision = sm.define_state(DEFINITION).revision
    with sm.watch(after_revision=revision, include=include) as watch:
        sm.member("writer").set_state(a={"x": 1}, b=[1])
        view(sm)
        sm.update(status="waiting")
        events = [next(watch), next(watch)]

    assert [set(event.changed) for event in events] == [
        {"shared_state.a", "shared_state.b"},
        {"status"},
    ]


def test_b79_a_large_state_carries_a_warning(sm: StateManager) -> None:
    """B79, B98: the values of the shared state count as the others do."""
    sm.define_state(DEFINITION)
    sm.update(context={"large": "x" * 100_000})
    result = sm.member("writer").set_state(b=["x" * 40_000])

    assert "store references" in result.warnings[0]
    assert sm.member("writer").set_state(b=[]).warnings == ()


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (WriteStateRequest(), "member"),
        (WriteStateRequest(member="x" * 257), "member"),
        (WriteStateRequest(member="m", on_undeclared=UNKNOWN_ACTION), "on_undeclared"),
        (_write("{"), "updates"),
        (WriteStateRequest(member="m", updates=Document(entries={"": Value(json="1")})), "updates"),
        (
            WriteStateRequest(member="m", updates=Document(entries={"a": Value(binary=b"x")})),
            "updates",
        ),
        (ReadStateRequest(), "member"),
        (DefineStateRequest(schema={"a": "{"}), "schema.a"),
        (DefineStateRequest(schema={"a": "[" * 5000}), "schema.a"),
        (DefineStateRequest(schema={"a": '"' + "x" * 70_000 + '"'}), "schema"),
        (DefineStateRequest(schema={"a": '{"$ref":"http://127.0.0.1:9/"}'}), "schema.a.$ref"),
        (DefineStateRequest(schema={"a": '{"pattern":"("}'}), "schema.a.pattern"),
        (DefineStateRequest(members={"m": MemberAccess(use=["z"])}), "members.m.use[0]"),
        (
            DefineStateRequest(initial=Document(entries={"a": Value(json='"${input.x}"')})),
            "initial.a",
        ),
        (GetAccessReportRequest(key=ExecutionKey(namespace="?", execution_id="e")), "key"),
    ],
)
def test_malformed_requests_are_refused_by_the_field(
    sm: StateManager, channel: Any, request_: Any, field: str
) -> None:
    if not request_.HasField("key"):
        request_.key.CopyFrom(_key(sm))
    method = getattr(SharedStateStub(channel), type(request_).__name__.removesuffix("Request"))
    with pytest.raises(grpc.RpcError) as caught:
        method(request_)

    assert isinstance(caught.value, grpc.Call)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert str(caught.value.details()).startswith(field)
    assert sm.load() is None


def test_b72_errors_carry_their_facts(sm: StateManager) -> None:
    """B71, B72: reason, status, metadata and the execution."""
    sm.define_state(DEFINITION)
    with pytest.raises(SchemaViolationError) as violation:
        sm.member("writer").set_state(b={"not": "an array"})
    with pytest.raises(StateAccessDeniedError) as denial:
        sm.member("both").set_state(b=[])

    assert violation.value.metadata["rule"] == "type"
    assert violation.value.execution_id == denial.value.execution_id == sm.execution_id
    assert (denial.value.member, denial.value.key) == ("both", "b")


def test_a_hostile_definition_holds_up_nobody(client: Client, sm: StateManager) -> None:
    """Patterns that would backtrack, and a value that is as long as it may be."""
    other = client.state_manager(f"{sm.execution_id}-other")
    sm.define_state(
        schema={"a": {"pattern": "^(a+)+$"}, "b": {"pattern": "^(.*a){12}$"}},
        members={"m": {"set": ["a", "b"]}},
    )
    began_s = time.monotonic()
    for key in ("a", "b"):
        with pytest.raises(SchemaViolationError):
            sm.member("m").set_state({key: "a" * 500_000 + "b"})
    other.save({"status": "running"})

    assert time.monotonic() - began_s < 10


def test_the_shared_state_is_there_after_a_restart(tmp_path: Any) -> None:
    """B20: what was answered is on disk, the log of accesses too."""
    for attempt in range(2):
        with TestServer(tmp_path / "data") as server, Client(server.address) as client:
            sm = client.state_manager("kept")
            if not attempt:
                sm.define_state(DEFINITION)
                sm.member("writer").set_state(a={"x": 1})
                view(sm)
            else:
                assert sm.access_report().counts["a"]["reader"].reads == 1
                assert view(sm) == {"a": {"x": 1}}


def test_a_folder_with_shared_states_is_sound(tmp_path: Any) -> None:
    """Pruned, restored and deleted: what is left agrees with itself."""
    with (
        TestServer(tmp_path / "data", versions_kept="4") as server,
        Client(server.address) as client,
    ):
        for number in range(3):
            sm = client.state_manager(f"e{number}")
            sm.define_state(DEFINITION)
            for round_ in range(40):
                sm.member("writer").set_state(a={"x": round_}, b=["y" * (round_ % 7 * 40_000)])
                view(sm)
            sm.checkpoint("here")
            sm.member("writer").set_state(a={})
            sm.restore("here")
        client.state_manager("e0").delete()

    assert list(problems_of(tmp_path / "data", lambda *_: None)) == []
