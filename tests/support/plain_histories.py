"""Steps of histories in which plain writes stand among all others."""

from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.duration_pb2 import Duration
from hypothesis import strategies as st

from statekeeper.v1.execution_pb2 import ExecutionKey, ExecutionState
from statekeeper.v1.operation_pb2 import Operation
from statekeeper.v1.shared_state_requests_pb2 import MemberAccess
from statekeeper.v1.transaction_pb2 import TransactionRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.requests.fields import check_key
from tests.support.two_ways import TwoWays

Step = Callable[[TwoWays], object]

_SECOND_US = 1_000_000
_HOUR_US = 3600 * _SECOND_US
_HARD_TO_PRESS = bytes(number * number // 7 % 251 for number in range(150_000))

_values = st.one_of(
    st.sampled_from([Value(json=text) for text in ("1", "2", '"three"')]),
    st.sampled_from([Value(binary=b"4", content_type="a/b"), Value(binary=b"")]),
)
# Compressed, in pieces, and large but plain.
_large_values = st.sampled_from(
    [Value(binary=b"5" * 20_000), Value(binary=_HARD_TO_PRESS[:20_000]), Value(json='"6"')]
)
# Mostly one and the same, so that much happens to it.
_keys = st.sampled_from(
    [*[ExecutionKey(execution_id="a")] * 7, ExecutionKey(namespace="n", execution_id="b")]
)
_spans_us = st.sampled_from([0, 1, _SECOND_US, 2 * _HOUR_US, -_HOUR_US, 24 * _HOUR_US])


def _maybe(given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), given)


def _documents(*, large: bool) -> st.SearchStrategy[Document]:
    values = st.one_of(_values, _values, _large_values) if large else _values
    entries = st.dictionaries(st.sampled_from(["x", "xy"]), values, max_size=2)
    return st.builds(Document, entries=entries)


def _states(*, status_min: int, large: bool = False, labels: bool = False) -> Any:
    all_labels = [{}, {}, {}, {"k": "v"}, {"k": "w", "l": ""}] if labels else [{}, {}, {"k": "v"}]
    return st.builds(
        ExecutionState,
        status=st.integers(status_min, 4),
        context=_maybe(_documents(large=large)),
        input=_maybe(_documents(large=False)),
        current_member=st.sampled_from([None, None, "m", "n"]),
        schema_version=st.sampled_from([None, None, "1"]),
        start_time=st.sampled_from([None, None, {"seconds": 5}, {}]),
        labels=st.sampled_from(all_labels),
    )


def _options(*, plain: bool) -> st.SearchStrategy[WriteOptions | None]:
    some: dict[str, Any] = {
        "request_id": st.sampled_from(["", "", "r1", "r2"]),
        "expected_revision": st.sampled_from([None, None, None, None, None, 0, 1]),
        "actor": st.sampled_from(["", "me"]),
    }
    if not plain:
        some["ttl"] = st.sampled_from([None, Duration(seconds=60), Duration()])
        some["fencing_token"] = st.sampled_from([0, 0, 0, 1, 2])
    return st.one_of(st.none(), st.builds(WriteOptions, **some))


def _requests(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"key": _keys, **fields})


def _operations(**kinds: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Operation]:
    return st.one_of([request.map(_named(name)) for name, request in kinds.items()])


def _named(name: str) -> Callable[[dict[str, Any]], Operation]:
    def operation(fields: dict[str, Any]) -> Operation:
        kinds: dict[str, Any] = {name: fields}
        return Operation(**kinds)

    return operation


_plain_operations = _operations(
    save=_requests(options=_options(plain=True), state=_states(status_min=1)),
    update=_requests(options=_options(plain=True), changes=_states(status_min=0)),
    load=_requests(),
)
_plain_writes = _operations(
    save=_requests(options=_options(plain=True), state=_states(status_min=1)),
    update=_requests(options=_options(plain=True), changes=_states(status_min=0)),
)
_other_writes = {
    "save": _requests(
        options=_options(plain=False), state=_states(status_min=1, large=True, labels=True)
    ),
    "update": _requests(
        options=_options(plain=False),
        changes=_states(status_min=0, large=True, labels=True),
        remove=st.sampled_from([(), ("context.x",), ("metadata",), ("labels",)]),
    ),
    "delete": _requests(),
    "pause": _requests(
        member=st.just("m"),
        reason=st.just("why"),
        expire_time=st.sampled_from([None, {"seconds": 1_700_003_600}]),
    ),
    "checkpoint": _requests(name=st.sampled_from(["c1", "c2"])),
    "restore": _requests(name=st.sampled_from(["c1", "c2"])),
    "define_state": _requests(
        schema=st.just({"n": '"integer"'}),
        initial=st.just(Document(entries={"n": Value(json="1")})),
        members=st.just({"m": MemberAccess(use=["n"], set=["n"])}),
    ),
    "write_state": _requests(
        member=st.just("m"), updates=st.just(Document(entries={"n": Value(json="2")}))
    ),
}
_other_operations = _operations(
    **_other_writes,
    lock=_requests(owner=st.just("o"), lease=st.just({"seconds": 2}), exclusive=st.booleans()),
    unlock=_requests(owner=st.just("o")),
)


def _within(key: ExecutionKey, operations: list[Operation]) -> TransactionRequest:
    for each in operations:
        request = getattr(each, each.WhichOneof("operation") or "")
        request.key.CopyFrom(key)
        request.ClearField("options")
    return TransactionRequest(key=key, operations=operations)


_transactions = st.builds(
    _within, _keys, st.lists(_operations(**_other_writes), min_size=1, max_size=2)
)


class _Way(NamedTuple):
    """How a plain operation is sent.

    Attributes:
        plainly: whether the plain way is tried; what was done in one way may be repeated in
            the other.
        expecting: whether it expects the revision that there is.
    """

    plainly: bool = True
    expecting: bool = False


_PLAINLY = _Way()
_ways = st.sampled_from([_PLAINLY, _PLAINLY, _Way(plainly=False), _Way(expecting=True)])


def _do(operation: Operation | TransactionRequest, way: _Way = _PLAINLY) -> Step:
    def step(two: TwoWays) -> None:
        name = (
            "" if isinstance(operation, TransactionRequest) else operation.WhichOneof("operation")
        )
        if way.expecting and name in {"save", "update"}:
            request = getattr(operation, name)
            request.options.expected_revision = two.revision(row_of(request.key))
        two.do(operation, plainly=way.plainly)

    return step


def _resume_first(key: ExecutionKey) -> Step:
    def step(two: TwoWays) -> None:
        for pause_id in two.open_pauses(row_of(key))[:1]:
            two.do(Operation(resume={"key": key, "pause_id": pause_id}))

    return step


def _pass(span_us: int, tends: int) -> Step:
    return lambda two: two.pass_time(span_us, tends=tends > 0)


def row_of(key: ExecutionKey) -> bytes:
    """The key of its head."""
    return check_key(key).row


def _weighted(*choices: tuple[int, st.SearchStrategy[Step]]) -> st.SearchStrategy[Step]:
    # One number for each share: what is chosen from within `one_of` has shares of its own.
    strategies = [strategy for share, strategy in choices for _ in range(share)]
    return st.integers(0, len(strategies) - 1).flatmap(strategies.__getitem__)


def _do_all(operations: list[Operation]) -> Step:
    return lambda two: two.do_all(operations)


_plain = st.builds(_do, _plain_operations, _ways)
_together = st.builds(_do_all, st.lists(_plain_writes, min_size=1, max_size=6))
_passes = st.builds(_pass, _spans_us, st.integers(0, 1))

plain_steps: st.SearchStrategy[Step] = _weighted((6, _plain), (2, _together), (1, _passes))
"""Saves, Updates and Loads that are plain, and time that passes."""

steps: st.SearchStrategy[Step] = _weighted(
    (6, _plain),
    (2, _together),
    (4, st.builds(_do, _other_operations)),
    (1, st.builds(_do, _transactions)),
    (1, st.builds(_resume_first, _keys)),
    (1, _passes),
)
"""The same among operations of all kinds."""
