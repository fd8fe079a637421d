"""Requests that are plain, or nearly: what native code reads, and what it must not."""

from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as st

from statekeeper.v1.execution_pb2 import ExecutionKey, ExecutionState
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.limits import StateLimits

LIMITS = StateLimits(
    state_bytes_max=60_000,
    state_bytes_warn=15_000,
    entries_max=6,
    checkpoints_max=10,
    open_pauses_max=10,
    lock_waiters_max=10,
)
DOCUMENTS = ("input", "context", "member_outputs", "metadata")

_TEXTS = st.sampled_from(["a", "ab", "abc", "b.c", "é", "é" * 30, "\U0001f600", "x" * 256, "~ ~"])
_ODD_TEXTS = st.sampled_from(["", "x" * 257, "\x00", "\x85", "a\x7f", "\ue000", "é" * 129])
_JSON = st.sampled_from(
    ['{"k":[1,-2.5,"é\\n"]}', "true", "null", '""', "0", " [ ] ", '"' + "x" * 40 + '"', "[{}]"]
)
_ODD_JSON = st.sampled_from(
    [
        "",
        "{",
        "[1,]",
        "01",
        "1e3",
        "NaN",
        '"\\ud800"',
        '"\x01"',
        "1" * 30,
        "1 2",
        '{"a" 1}',
        "[" * 70,
    ]
)
_BYTES = st.sampled_from([b"", b"\x00\xff", b"y" * 300])

_ODD_LABELS = [{"": "v"}, {"x" * 257: "v"}, {"k": "x" * 257}, {str(n): "" for n in range(33)}]

plain_values = st.one_of(
    st.builds(Value, json=_JSON),
    st.builds(Value, binary=_BYTES),
    st.builds(Value, binary=_BYTES, content_type=st.sampled_from(["a/b", "é" * 128])),
)
odd_values = st.one_of(
    st.builds(Value, json=_ODD_JSON),
    st.just(Value()),
    st.builds(Value, json=_JSON, content_type=_TEXTS),
    st.builds(Value, binary=_BYTES, content_type=st.just("x" * 257)),
    st.builds(Value, binary=st.sampled_from([b"z" * 10_241, b"z" * 50_000])),
)

_SECONDS = st.sampled_from([0, 1, -1, 1_700_000_000, -62_135_596_800, 253_402_300_799])
plain_times = st.builds(Timestamp, seconds=_SECONDS, nanos=st.sampled_from([0, 1, 999_999_999]))
odd_times = st.builds(
    Timestamp,
    seconds=st.sampled_from([0, -62_135_596_801, 253_402_300_800, 2**63 - 1, -(2**63)]),
    nanos=st.sampled_from([-1, 1_000_000_000, 2**31 - 1]),
)


def _rarely(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 15).flatmap(lambda number: usual if number else odd)


def _documents(*, plain: bool) -> st.SearchStrategy[Document]:
    names = _TEXTS if plain else _rarely(_TEXTS, _ODD_TEXTS)
    values = plain_values if plain else _rarely(plain_values, odd_values)
    size_max = 5 if plain else 7
    return st.builds(Document, entries=st.dictionaries(names, values, max_size=size_max))


def _maybe(given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), given)


def states(*, plain: bool, status_min: int) -> st.SearchStrategy[ExecutionState]:
    """States of a Save or an Update; those that are not plain only here and there are not."""
    texts = _TEXTS if plain else _rarely(_TEXTS, _ODD_TEXTS)
    statuses = st.integers(status_min, 5)
    labels = st.dictionaries(_TEXTS, _TEXTS, max_size=3)
    documents = dict.fromkeys(DOCUMENTS, _maybe(_documents(plain=plain)))
    return st.builds(
        ExecutionState,
        id=st.sampled_from(["", "e"] if plain else ["", "e", "e", "f"]),
        status=statuses if plain else _rarely(statuses, st.sampled_from([0, 6, -1])),
        current_member=_maybe(texts),
        schema_version=_maybe(texts),
        start_time=_maybe(plain_times if plain else _rarely(plain_times, odd_times)),
        labels=labels if plain else _rarely(labels, st.sampled_from(_ODD_LABELS)),
        **documents,
    )


def options(*, plain: bool) -> st.SearchStrategy[WriteOptions | None]:
    """Options of a write."""
    texts = _TEXTS if plain else _rarely(_TEXTS, _ODD_TEXTS)
    revisions = st.sampled_from([0, 1, 7, 2**63 - 1] if plain else [0, 1, 2**63 - 1, -1, 7, 7])
    some = {
        "expected_revision": _maybe(revisions),
        "request_id": _maybe(texts),
        "actor": _maybe(texts),
    }
    if not plain:
        some["ttl"] = _rarely(st.none(), st.builds(Duration, seconds=st.just(60)))
        some["fencing_token"] = _rarely(st.none(), st.sampled_from([1, -1]))
    return _maybe(st.builds(WriteOptions, **some))


def keys(*, plain: bool) -> st.SearchStrategy[ExecutionKey]:
    """Keys of the execution `e`, mostly."""
    spaces = st.sampled_from(["", "a", "A.b_c-1", "x" * 63])
    odd_spaces = st.sampled_from(["x" * 64, ".a", "a b", "é"])
    return st.builds(
        ExecutionKey,
        namespace=spaces if plain else _rarely(spaces, odd_spaces),
        execution_id=st.just("e") if plain else _rarely(st.just("e"), _ODD_TEXTS),
    )


def saves(*, plain: bool) -> st.SearchStrategy[SaveRequest]:
    """Save requests."""
    state = states(plain=plain, status_min=1)
    return st.builds(
        SaveRequest,
        key=keys(plain=plain),
        options=options(plain=plain),
        state=state if plain else _rarely(state, st.none()),
    )


def updates(*, plain: bool) -> st.SearchStrategy[UpdateRequest]:
    """Update requests."""
    more: dict[str, st.SearchStrategy[Any]] = {}
    if not plain:
        more["replace"] = _rarely(st.just(()), st.just(("context",)))
        more["remove"] = _rarely(st.just(()), st.just(("context.a",)))
        more["return_execution"] = _rarely(st.none(), st.just(value=True))
    return st.builds(
        UpdateRequest,
        key=keys(plain=plain),
        options=options(plain=plain),
        changes=states(plain=plain, status_min=0),
        **more,
    )


def loads(*, plain: bool) -> st.SearchStrategy[LoadRequest]:
    """Load requests."""
    if plain:
        return st.builds(LoadRequest, key=keys(plain=True))
    return st.builds(
        LoadRequest,
        key=keys(plain=False),
        revision=_rarely(st.none(), st.sampled_from([0, 1, -1])),
        checkpoint=_rarely(st.just(""), st.just("c")),
        fields=_rarely(st.just(()), st.just(("status",))),
    )
