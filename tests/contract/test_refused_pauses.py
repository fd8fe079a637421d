"""What is malformed about pauses and checkpoints is refused by name, and changes nothing."""

from base64 import urlsafe_b64encode
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.checkpoint_pb2 import (
    CheckpointRequest,
    DeleteCheckpointRequest,
    ListCheckpointsRequest,
    RestoreRequest,
)
from statekeeper.v1.execution_pb2 import ExecutionKey
from statekeeper.v1.pause_pb2 import EXPIRY_ACTION_KEEP, EXPIRY_ACTION_RESUME
from statekeeper.v1.pause_requests_pb2 import (
    GetPauseRequest,
    ListPausesRequest,
    PauseRequest,
    ResumeRequest,
)
from statekeeper.v1.state_requests_pb2 import LoadRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.checkpoints import checkpoint, checkpoints_of
from tests.support.pauses import execution_of, from_now, history, inbox, open_pause
from tests.support.raw import RawClient, document, key_of

RPCS: dict[type[Message], str] = {
    PauseRequest: "Pause",
    ResumeRequest: "Resume",
    GetPauseRequest: "GetPause",
    CheckpointRequest: "Checkpoint",
    RestoreRequest: "Restore",
    DeleteCheckpointRequest: "DeleteCheckpoint",
    ListCheckpointsRequest: "ListCheckpoints",
    LoadRequest: "Load",
}
WRITES: dict[str, Message] = {
    "Pause": PauseRequest(member="m", reason="r"),
    "Resume": ResumeRequest(token="hitl_" + "A" * 32),
    "Checkpoint": CheckpointRequest(name="kept"),
    "Restore": RestoreRequest(name="kept"),
    "DeleteCheckpoint": DeleteCheckpointRequest(name="kept"),
}


class Bad(NamedTuple):
    """A malformed request: the field that is named, and a part of the sentence about it."""

    request: Message
    field: str
    text: str


def pause(**fields: Any) -> PauseRequest:
    return PauseRequest(**{"member": "m", "reason": "r", **fields})


def answer(**fields: Any) -> ResumeRequest:
    return ResumeRequest(token="hitl_" + "A" * 32, **fields)


def entry(name: str, value: Value) -> Document:
    return Document(entries={name: value})


DOCUMENTS: dict[str, tuple[Document, str, str]] = {
    "an empty key": (document(**{"": "1"}), '[""]', "is empty"),
    "a long key": (document(**{"k" * 257: "1"}), f'["{"k" * 64}..."]', "257 bytes"),
    "a control character in a key": (document(**{"a\nb": "1"}), "['a\\nb']", "control character"),
    "too many entries": (document(**{f"k{n}": "1" for n in range(10_001)}), "", "has 10001"),
    "no value": (entry("a", Value()), '["a"]', "neither json nor binary"),
    "a content type of json": (
        entry("a", Value(json="1", content_type="a/b")),
        '["a"]',
        "content_type, which is for binary",
    ),
    "a long content type": (
        entry("a", Value(binary=b"", content_type="t" * 257)),
        '["a"]',
        "content_type longer than 256 bytes",
    ),
}

MALFORMED = {
    # Pause.
    "no member": Bad(PauseRequest(reason="r"), "member", "is empty"),
    "long member": Bad(pause(member="ü" * 129), "member", "258 bytes"),
    "no reason": Bad(PauseRequest(member="m"), "reason", "is empty"),
    "long reason": Bad(pause(reason="r" * 4_097), "reason", "4097 bytes, the limit is 4096"),
    "unknown action": Bad(pause(on_expiry=4), "on_expiry", "4 is no action; they are EXPIRY_"),
    "negative action": Bad(pause(on_expiry=-1), "on_expiry", "-1 is no action"),
    "unknown action with a default": Bad(
        pause(on_expiry=99, default_input=Document()), "on_expiry", "99 is no action"
    ),
    "default input without an action": Bad(
        pause(default_input=document(a="1")), "default_input", "EXPIRY_ACTION_RESUME alone"
    ),
    "default input of KEEP": Bad(
        pause(on_expiry=EXPIRY_ACTION_KEEP, default_input=Document()),
        "default_input",
        "EXPIRY_ACTION_RESUME alone",
    ),
    "expired before it begins": Bad(pause(expire_time=from_now(-60)), "expire_time", "past"),
    "expired with the epoch": Bad(pause(expire_time=Timestamp()), "expire_time", "past"),
    "expires in the year 9999": Bad(
        pause(expire_time=Timestamp(seconds=253_402_300_799)), "expire_time", "100 years"
    ),
    "expires in the year 10000": Bad(
        pause(expire_time=Timestamp(seconds=253_402_300_800)), "expire_time", "years 1 and 9999"
    ),
    "expires at the end of time": Bad(
        pause(expire_time=Timestamp(seconds=2**63 - 1)), "expire_time", "years 1 and 9999"
    ),
    "negative nanos": Bad(pause(expire_time=Timestamp(nanos=-1)), "expire_time", "years 1 and"),
    **{
        f"data with {what}": Bad(pause(data=given), f"data{path}", text)
        for what, (given, path, text) in DOCUMENTS.items()
    },
    **{
        f"default input with {what}": Bad(
            pause(on_expiry=EXPIRY_ACTION_RESUME, default_input=given),
            f"default_input{path}",
            text,
        )
        for what, (given, path, text) in DOCUMENTS.items()
    },
    # Resume and GetPause.
    "nothing to answer": Bad(ResumeRequest(), "token", "is missing"),
    "empty token": Bad(ResumeRequest(token=""), "token", "is empty"),
    "empty pause": Bad(ResumeRequest(pause_id=""), "pause_id", "is empty"),
    "nothing to look up": Bad(GetPauseRequest(), "token", "is missing"),
    "empty token to look up": Bad(GetPauseRequest(token=""), "token", "is empty"),
    "empty pause to look up": Bad(GetPauseRequest(pause_id=""), "pause_id", "is empty"),
    **{
        f"input with {what}": Bad(answer(input=given), f"input{path}", text)
        for what, (given, path, text) in DOCUMENTS.items()
    },
    # Checkpoints.
    **{
        f"{rpc.__name__} of {what}": Bad(rpc(name=name), "name", text)
        for rpc in (CheckpointRequest, RestoreRequest, DeleteCheckpointRequest)
        for what, name, text in (
            ("no name", "", "is empty"),
            ("a long name", "🦶" * 65, "260 bytes"),
            ("a control character", "a\x00", "U+0000"),
            ("another control character", "a\x9f", "U+009F"),
        )
    },
    "a long checkpoint to load": Bad(LoadRequest(checkpoint="c" * 257), "checkpoint", "257 bytes"),
    "a control character to load": Bad(LoadRequest(checkpoint="\n"), "checkpoint", "U+000A"),
    "a checkpoint and a revision to load": Bad(
        LoadRequest(checkpoint="kept", revision=1), "checkpoint", "together with a revision"
    ),
    "nothing to restore": Bad(RestoreRequest(), "name", "is missing"),
    "revision 0 to restore": Bad(RestoreRequest(revision=0), "revision", "is 0"),
    "negative revision to restore": Bad(RestoreRequest(revision=-1), "revision", "is -1"),
    "future revision to restore": Bad(
        RestoreRequest(revision=2**63 - 1), "revision", "is in the future"
    ),
    "negative page size": Bad(ListCheckpointsRequest(page_size=-1), "page_size", "is -1"),
    "large page size": Bad(ListCheckpointsRequest(page_size=1_001), "page_size", "is 1001"),
    **{
        f"page token {token[:20]!r}": Bad(
            ListCheckpointsRequest(page_token=token), "page_token", "not a token that this service"
        )
        for token in ("nonsense", "AAAA", "====", "ü", "\x00", "A" * 10_000)
    },
    "page token of zeros": Bad(
        ListCheckpointsRequest(page_token=urlsafe_b64encode(bytes(20)).decode()),
        "page_token",
        "not a token that this service",
    ),
}


@pytest.fixture
def victim(raw: RawClient, execution_id: str) -> str:
    """An execution with a pause and a checkpoint, that a refusal must not change."""
    open_pause(raw, execution_id, data=document(kept="1"))
    checkpoint(raw, execution_id, "kept")
    return execution_id


def of(request: Message, execution_id: str) -> Any:
    """The same request, for an execution."""
    named: Any = type(request)()
    named.CopyFrom(request)
    named.key.execution_id = execution_id
    return named


def all_of(raw: RawClient, execution_id: str) -> tuple[object, ...]:
    """All that a refusal must not change."""
    return (
        execution_of(raw, execution_id),
        checkpoints_of(raw, execution_id, include_state=True),
        history(raw, execution_id),
    )


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_is_refused_by_the_name_of_its_field(
    raw: RawClient, victim: str, case: str
) -> None:
    """B80, B71."""
    bad = MALFORMED[case]
    before = all_of(raw, victim)
    method = getattr(raw.stub, RPCS[type(bad.request)])
    met = raw.refusal(method, of(bad.request, victim))

    assert (met.code, met.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert met.fields == [bad.field]
    assert bad.text in met.violations[0][1]
    assert met.metadata["execution_id"] == victim
    assert all_of(raw, victim) == before


@pytest.mark.parametrize("rpc", WRITES)
@pytest.mark.parametrize(
    ("options", "field"),
    [
        (WriteOptions(expected_revision=-1), "options.expected_revision"),
        (WriteOptions(ttl=Duration(seconds=-1)), "options.ttl"),
        (WriteOptions(ttl=Duration(nanos=10**9)), "options.ttl"),
        (WriteOptions(ttl=Duration(seconds=36_500 * 86_400, nanos=1)), "options.ttl"),
        (WriteOptions(request_id="r" * 257), "options.request_id"),
        (WriteOptions(actor="ü" * 129), "options.actor"),
        (WriteOptions(fencing_token=-1), "options.fencing_token"),
    ],
)
def test_unusable_options_are_refused_by_every_write(
    raw: RawClient, victim: str, rpc: str, options: WriteOptions, field: str
) -> None:
    """B80."""
    request = of(WRITES[rpc], victim)
    request.options.CopyFrom(options)
    before = all_of(raw, victim)
    met = raw.refusal(getattr(raw.stub, rpc), request)

    assert (met.reason, met.fields) == ("INVALID_REQUEST", [field])
    assert all_of(raw, victim) == before


@pytest.mark.parametrize("request_type", RPCS)
@pytest.mark.parametrize(
    ("key", "field"),
    [
        (ExecutionKey(), "key.execution_id"),
        (key_of("x" * 257), "key.execution_id"),
        (key_of("a\x00b"), "key.execution_id"),
        (key_of("a", "no spaces"), "key.namespace"),
        (key_of("a", "a" * 64), "key.namespace"),
    ],
)
def test_an_unusable_key_is_refused_by_every_call(
    raw: RawClient, request_type: type[Message], key: ExecutionKey, field: str
) -> None:
    """B1, B80."""
    rpc = RPCS[request_type]
    request: Any = request_type()
    if rpc in WRITES:
        request.CopyFrom(WRITES[rpc])
    request.key.CopyFrom(key)
    met = raw.refusal(getattr(raw.stub, rpc), request)

    assert (met.reason, met.fields) == ("INVALID_REQUEST", [field])


@pytest.mark.parametrize("target", [{}, {"token": ""}, {"pause_id": "p1"}, {"pause_id": ""}])
def test_without_a_token_the_execution_must_be_named(
    raw: RawClient, target: dict[str, Any]
) -> None:
    """B80."""
    for method, request in (
        (raw.stub.Resume, ResumeRequest(**target)),
        (raw.stub.GetPause, GetPauseRequest(**target)),
    ):
        met = raw.refusal(method, request)
        assert (met.reason, met.fields) == ("INVALID_REQUEST", ["key.execution_id"])


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ListPausesRequest(namespace="no spaces"), "namespace"),
        (ListPausesRequest(namespace="a" * 64), "namespace"),
        (ListPausesRequest(namespace="a\x00"), "namespace"),
        (ListPausesRequest(page_size=-1), "page_size"),
        (ListPausesRequest(page_size=1_001), "page_size"),
        (ListPausesRequest(page_token="=" * 4), "page_token"),
        (ListPausesRequest(page_token="A" * 10_000), "page_token"),
        (
            ListPausesRequest(page_token=urlsafe_b64encode(bytes(36)).decode()),
            "page_token",
        ),
    ],
)
def test_a_malformed_look_into_the_inbox_is_refused(
    raw: RawClient, request_: ListPausesRequest, field: str
) -> None:
    """B80."""
    met = raw.refusal(raw.stub.ListPauses, request_)

    assert (met.reason, met.fields) == ("INVALID_REQUEST", [field])


@pytest.mark.parametrize("text", ["", "{", "NaN", "[1,]", "[" * 2_000 + "]" * 2_000])
def test_what_is_not_json_is_refused_and_told_where(raw: RawClient, victim: str, text: str) -> None:
    """B74."""
    before = all_of(raw, victim)
    bad = document(a="1", b=text)
    for request, path in (
        (pause(data=bad), 'data["b"]'),
        (pause(on_expiry=EXPIRY_ACTION_RESUME, default_input=bad), 'default_input["b"]'),
        (answer(input=bad), 'input["b"]'),
    ):
        met = raw.refusal(getattr(raw.stub, RPCS[type(request)]), of(request, victim))
        assert (met.reason, met.metadata["path"]) == ("SERIALIZATION_ERROR", path)
    assert all_of(raw, victim) == before


MARK = "MARK"
TEXTS = {
    "member": pause(member=MARK),
    "reason": pause(reason=MARK),
    "data.entries[0].key": pause(data=document(**{MARK: "1"})),
    'default_input.entries["a"].value.json': pause(default_input=document(a=MARK)),
    "token": ResumeRequest(token=MARK),
    "pause_id": GetPauseRequest(pause_id=MARK),
    "name": CheckpointRequest(name=MARK),
    "checkpoint": LoadRequest(checkpoint=MARK),
    "page_token": ListCheckpointsRequest(page_token=MARK),
}


@pytest.mark.parametrize("field", TEXTS)
def test_text_that_is_not_utf_8_is_refused_by_the_name_of_its_field(
    raw: RawClient, field: str
) -> None:
    """B78, B80."""
    request = TEXTS[field]
    wire = request.SerializeToString().replace(MARK.encode(), b"\xff" + MARK[1:].encode())
    met = raw.refusal_of_bytes(RPCS[type(request)], wire)

    assert (met.reason, met.fields) == ("INVALID_REQUEST", [field])


@pytest.mark.parametrize("rpc", [*RPCS.values(), "ListPauses"])
def test_what_is_no_message_is_refused(raw: RawClient, rpc: str) -> None:
    """B80."""
    for wire in (b"\xff", b"\x0a", b"\x0a\xff\xff\xff\xff\x0f", b"\x07"):
        met = raw.refusal_of_bytes(rpc, wire)
        assert (met.reason, met.fields) == ("INVALID_REQUEST", ["request"])


def test_a_refused_pause_is_in_no_inbox(raw: RawClient, execution_id: str) -> None:
    """B80, B41: nor is an execution created for it."""
    for bad in MALFORMED.values():
        if isinstance(bad.request, PauseRequest):
            request = of(bad.request, execution_id)
            request.key.namespace = execution_id[:63]
            raw.refusal(raw.stub.Pause, request)

    assert inbox(raw, execution_id[:63]) == []
    assert raw.load(key_of(execution_id, execution_id[:63])) is None
