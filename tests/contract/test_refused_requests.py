"""What is malformed is refused, says where it is, and changes nothing.

The client refuses much of this itself, so these requests are sent without it.
"""

from base64 import urlsafe_b64encode
from typing import Any, NamedTuple

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from statekeeper.v1.execution_pb2 import (
    STATUS_RUNNING,
    Execution,
    ExecutionKey,
    ExecutionState,
)
from statekeeper.v1.state_requests_pb2 import (
    DeleteRequest,
    ListRevisionsRequest,
    LoadRequest,
    SaveRequest,
    UpdateRequest,
)
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions
from tests.support.raw import RawClient, Refusal, document, key_of

RPCS: dict[type[Message], str] = {
    SaveRequest: "Save",
    LoadRequest: "Load",
    UpdateRequest: "Update",
    DeleteRequest: "Delete",
    ListRevisionsRequest: "ListRevisions",
}
RUNNING = ExecutionState(status=STATUS_RUNNING)
UNKNOWN_STATUS: Any = 99
DAY_S = 24 * 3600


class Bad(NamedTuple):
    """A malformed request: the field that is named, and a part of the sentence about it."""

    request: Message
    field: str
    text: str


def save(**fields: Any) -> SaveRequest:
    return SaveRequest(state=ExecutionState(**{"status": STATUS_RUNNING, **fields}))


def update(**fields: Any) -> UpdateRequest:
    return UpdateRequest(**fields)


def options(**fields: Any) -> SaveRequest:
    return SaveRequest(state=RUNNING, options=WriteOptions(**fields))


def entry(name: str, value: Value) -> Document:
    return Document(entries={name: value})


def in_context(text: str) -> SaveRequest:
    return save(context=document(a="1", b=text))


CHANGES = ExecutionState(
    context=document(a="1"), labels={"l": "1"}, current_member="m", schema_version="2"
)

MALFORMED = {
    # The state of a save.
    "no state": Bad(SaveRequest(), "state", "missing"),
    "no status": Bad(save(status=0), "state.status", "missing"),
    "unknown status": Bad(save(status=6), "state.status", "6 is no status; they are STATUS_"),
    "negative status": Bad(save(status=-1), "state.status", "-1 is no status"),
    "unknown status in update": Bad(
        update(changes=ExecutionState(status=UNKNOWN_STATUS)),
        "changes.status",
        "99 is no status",
    ),
    "another id": Bad(save(id="other"), "state.id", "differs from the key's"),
    "another id in update": Bad(
        update(changes=ExecutionState(id="other")), "changes.id", "differs from the key's"
    ),
    "empty member": Bad(save(current_member=""), "state.current_member", "is empty"),
    "long member": Bad(save(current_member="m" * 257), "state.current_member", "257 bytes"),
    "empty schema version": Bad(save(schema_version=""), "state.schema_version", "is empty"),
    "long schema version": Bad(save(schema_version="ü" * 129), "state.schema_version", "258 bytes"),
    "year 10000": Bad(
        save(start_time=Timestamp(seconds=253_402_300_800)), "state.start_time", "years 1 and 9999"
    ),
    "year 0": Bad(
        save(start_time=Timestamp(seconds=-62_135_596_801)), "state.start_time", "years 1 and 9999"
    ),
    "negative nanos": Bad(
        save(start_time=Timestamp(nanos=-1)), "state.start_time", "years 1 and 9999"
    ),
    "too many nanos": Bad(
        save(start_time=Timestamp(nanos=10**9)), "state.start_time", "years 1 and 9999"
    ),
    # Labels.
    "too many labels": Bad(
        save(labels={f"l{n}": "" for n in range(33)}), "state.labels", "has 33, the limit is 32"
    ),
    "empty label": Bad(save(labels={"": "v"}), 'state.labels[""]', "is empty"),
    "long label": Bad(save(labels={"l" * 257: "v"}), f'state.labels["{"l" * 64}..."]', "257 bytes"),
    "long label value": Bad(save(labels={"l": "v" * 257}), 'state.labels["l"]', "257 bytes"),
    # Documents and their values.
    "empty key": Bad(save(context=document(**{"": "1"})), 'state.context[""]', "is empty"),
    "long key": Bad(
        save(input=document(**{"k" * 257: "1"})), f'state.input["{"k" * 64}..."]', "257 bytes"
    ),
    "long key in update": Bad(
        update(changes=ExecutionState(metadata=document(**{"ü" * 129: "1"}))),
        f'changes.metadata["{"ü" * 64}..."]',
        "258 bytes",
    ),
    "control character in a key": Bad(
        save(context=document(**{"a\nb": "1"})), "state.context['a\\nb']", "control character"
    ),
    "control character in a key of an update": Bad(
        update(changes=ExecutionState(context=document(**{"\x9f": "1"}))),
        "changes.context['\\x9f']",
        "control character",
    ),
    "too many entries": Bad(
        save(member_outputs=document(**{f"k{n}": "1" for n in range(10_001)})),
        "state.member_outputs",
        "has 10001 entries, the limit is 10000",
    ),
    "no value": Bad(
        save(context=entry("a", Value())), 'state.context["a"]', "neither json nor binary"
    ),
    "content type of json": Bad(
        save(context=entry("a", Value(json="1", content_type="a/b"))),
        'state.context["a"]',
        "content_type, which is for binary",
    ),
    "long content type": Bad(
        save(context=entry("a", Value(binary=b"1", content_type="t" * 257))),
        'state.context["a"]',
        "content_type longer than 256 bytes",
    ),
    # Options.
    "negative expected revision": Bad(
        options(expected_revision=-1), "options.expected_revision", "is -1"
    ),
    "negative ttl": Bad(options(ttl=Duration(seconds=-1)), "options.ttl", "negative"),
    "negative nanos of a ttl": Bad(options(ttl=Duration(nanos=-1)), "options.ttl", "negative"),
    "ttl of mixed signs": Bad(
        options(ttl=Duration(seconds=1, nanos=-1)), "options.ttl", "negative"
    ),
    "too many nanos of a ttl": Bad(options(ttl=Duration(nanos=10**9)), "options.ttl", "malformed"),
    "ttl above 100 years": Bad(
        options(ttl=Duration(seconds=36_500 * DAY_S, nanos=1)), "options.ttl", "100 years"
    ),
    "the longest ttl there is": Bad(
        options(ttl=Duration(seconds=2**63 - 1)), "options.ttl", "100 years"
    ),
    "ttl of a delete": Bad(
        DeleteRequest(options=WriteOptions(ttl=Duration(seconds=1))), "options.ttl", "no meaning"
    ),
    "long actor": Bad(options(actor="a" * 257), "options.actor", "257 bytes"),
    "long request id": Bad(options(request_id="🦶" * 65), "options.request_id", "260 bytes"),
    "negative expected revision of a delete": Bad(
        DeleteRequest(options=WriteOptions(expected_revision=-5)),
        "options.expected_revision",
        "is -5",
    ),
    # The paths of an update.
    "unknown field to remove": Bad(
        update(remove=["context", "nonsense"]), "remove[1]", "'nonsense' is no field of a state"
    ),
    "empty path to remove": Bad(update(remove=[""]), "remove[0]", "is no field of a state"),
    "status to remove": Bad(update(remove=["status"]), "remove[0]", "cannot be removed"),
    "start time to remove": Bad(update(remove=["start_time"]), "remove[0]", "cannot be removed"),
    "id to remove": Bad(update(remove=["id"]), "remove[0]", "cannot be removed"),
    "entry of a field to remove": Bad(
        update(remove=["status.x"]), "remove[0]", "status has no entries"
    ),
    "empty entry to remove": Bad(update(remove=["context."]), "remove[0]", "is empty"),
    "long entry to remove": Bad(update(remove=[f"context.{'k' * 257}"]), "remove[0]", "257 bytes"),
    "too many to remove": Bad(
        update(remove=[f"context.k{n}" for n in range(10_001)]), "remove", "has 10001"
    ),
    **{
        f"set and removed {path}": Bad(
            update(changes=CHANGES, remove=[path]), "remove[0]", "is set by the changes"
        )
        for path in (
            *("context", "context.a", "labels", "labels.l"),
            *("current_member", "schema_version"),
        )
    },
    "unknown field to replace": Bad(
        update(replace=["nonsense"]), "replace[0]", "'nonsense' is no field of a state"
    ),
    "entry to replace": Bad(
        update(changes=CHANGES, replace=["context.a"]), "replace[0]", "must name a document"
    ),
    "field to replace": Bad(
        update(changes=CHANGES, replace=["status"]), "replace[0]", "must name a document"
    ),
    "nothing to replace by": Bad(
        update(changes=CHANGES, replace=["context", "input"]),
        "replace[1]",
        "changes.input is not set",
    ),
    # Reading.
    "revision 0": Bad(LoadRequest(revision=0), "revision", "is 0, revisions are positive"),
    "negative revision": Bad(LoadRequest(revision=-1), "revision", "is -1"),
    "revision in the future": Bad(
        LoadRequest(revision=2**63 - 1), "revision", "is in the future, the newest is"
    ),
    "unknown field to load": Bad(
        LoadRequest(fields=["status", "nonsense"]), "fields[1]", "the fields are id, status"
    ),
    "entry of a field to load": Bad(LoadRequest(fields=["id.x"]), "fields[0]", "id has no entries"),
    "one label to load": Bad(LoadRequest(fields=["labels.l"]), "fields[0]", "all together"),
    "empty entry to load": Bad(LoadRequest(fields=["context."]), "fields[0]", "is empty"),
    "too many fields to load": Bad(
        LoadRequest(fields=["context"] * 1_001), "fields", "has 1001, the limit is 1000"
    ),
    "negative page size": Bad(ListRevisionsRequest(page_size=-1), "page_size", "is -1"),
    "large page size": Bad(ListRevisionsRequest(page_size=1_001), "page_size", "is 1001"),
    **{
        f"page token {token[:20]!r}": Bad(
            ListRevisionsRequest(page_token=token), "page_token", "not a token that this service"
        )
        for token in (
            *("nonsense", "AAAA", "====", "ü", "\x00", "A" * 10_000),
            urlsafe_b64encode(bytes(21)).decode(),
        )
    },
    "page token of zeros": Bad(
        ListRevisionsRequest(page_token=urlsafe_b64encode(bytes(20)).decode()),
        "page_token",
        "not a token that this service",
    ),
}


@pytest.fixture
def before(raw: RawClient, execution_id: str) -> Execution:
    """The state of an execution that a refusal must not change."""
    request = SaveRequest(
        key=key_of(execution_id),
        state=ExecutionState(status=STATUS_RUNNING, context=document(kept="1")),
    )
    raw.stub.Save(request)
    execution = raw.load(key_of(execution_id))
    assert execution is not None
    return execution


def refusal(raw: RawClient, request: Message, execution_id: str) -> Refusal:
    """What a request meets when it is made for an execution."""
    named: Any = type(request)()
    named.CopyFrom(request)
    named.key.execution_id = execution_id
    return raw.refusal(getattr(raw.stub, RPCS[type(request)]), named)


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_request_is_refused_by_the_name_of_its_field(
    raw: RawClient, before: Execution, case: str
) -> None:
    """B80, B71."""
    bad = MALFORMED[case]
    met = refusal(raw, bad.request, before.key.execution_id)

    assert (met.code, met.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert met.fields == [bad.field]
    assert bad.text in met.violations[0][1]
    assert met.message == f"{bad.field}: {met.violations[0][1]}"
    assert raw.load(before.key) == before


@pytest.mark.parametrize("rpc", RPCS.values())
@pytest.mark.parametrize(
    ("key", "field", "text"),
    [
        (None, "key.execution_id", "is empty"),
        (ExecutionKey(namespace="orders"), "key.execution_id", "is empty"),
        (key_of("x" * 257), "key.execution_id", "257 bytes"),
        (key_of("ü" * 129), "key.execution_id", "258 bytes"),
        (key_of("a\x00b"), "key.execution_id", "U+0000"),
        (key_of("\n"), "key.execution_id", "U+000A"),
        (key_of("a\x7f"), "key.execution_id", "U+007F"),
        (key_of("a\x85"), "key.execution_id", "U+0085"),
        (key_of("a", "no spaces"), "key.namespace", "1 to 63"),
        (key_of("a", ".a"), "key.namespace", "1 to 63"),
        (key_of("a", "-a"), "key.namespace", "1 to 63"),
        (key_of("a", "a/b"), "key.namespace", "1 to 63"),
        (key_of("a", "ü"), "key.namespace", "1 to 63"),
        (key_of("a", "٣"), "key.namespace", "1 to 63"),
        (key_of("a", "a\n"), "key.namespace", "1 to 63"),
        (key_of("a", "a\x00"), "key.namespace", "1 to 63"),
        (key_of("a", "a" * 64), "key.namespace", "1 to 63"),
    ],
)
def test_an_unusable_key_is_refused_by_every_call(
    raw: RawClient, rpc: str, key: ExecutionKey | None, field: str, text: str
) -> None:
    """B1, B80."""
    request_type: Any = next(kind for kind, name in RPCS.items() if name == rpc)
    request = request_type()
    if key is not None:
        request.key.CopyFrom(key)
    if rpc == "Save":
        request.state.CopyFrom(RUNNING)
    met = raw.refusal(getattr(raw.stub, rpc), request)

    assert (met.code, met.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert met.fields == [field]
    assert text in met.violations[0][1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON"),
        ("{", "line 1 column 2"),
        ('{"a": 1,\n "b": tru}', "line 2 column 7"),
        ("NaN", "NaN is not a JSON value"),
        ("[1, Infinity]", "Infinity is not a JSON value"),
        ('{"a": -Infinity}', "-Infinity is not a JSON value"),
        ("1 2", "line 1 column 3"),
        ("'a'", "line 1 column 1"),
        ("[1,]", "is not JSON"),
        ('{"a": 1,}', "is not JSON"),
        ("01", "is not JSON"),
        ("1.", "is not JSON"),
        (".5", "is not JSON"),
        ("+1", "is not JSON"),
        ('"\\ud800"', "is not JSON"),
        ('"\\x41"', "is not JSON"),
        ('"a\nb"', "is not JSON"),
        ("\ufeff1", "is not JSON"),
        ("undefined", "line 1 column 1"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 2_000 + "]" * 2_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_and_told_where(
    raw: RawClient, before: Execution, text: str, problem: str
) -> None:
    """B74: the path of the value, and the place in its text."""
    met = refusal(raw, in_context(text), before.key.execution_id)

    assert (met.code, met.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "SERIALIZATION_ERROR")
    assert met.metadata["path"] == 'state.context["b"]'
    assert met.message.startswith('state.context["b"]: ')
    assert problem in met.message
    assert raw.load(before.key) == before


def test_an_error_about_a_value_does_not_repeat_it(raw: RawClient, execution_id: str) -> None:
    """B71: values may be secret, and errors end up in logs."""
    met = refusal(raw, in_context('{"password": "hunter2" oops'), execution_id)

    assert "hunter2" not in met.message


BAD_UTF_8 = [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80"]
MARK = "MARK"
TEXTS = {
    "key.execution_id": SaveRequest(key=key_of(MARK), state=RUNNING),
    "key.namespace": SaveRequest(key=key_of("exec_1", MARK), state=RUNNING),
    "state.id": save(id=MARK),
    "state.current_member": save(current_member=MARK),
    "state.schema_version": save(schema_version=MARK),
    "state.context.entries[0].key": save(context=document(**{MARK: "1"})),
    'state.input.entries["a"].value.json': save(input=document(a=MARK)),
    'state.metadata.entries["a"].value.content_type': save(
        metadata=entry("a", Value(binary=b"1", content_type=MARK))
    ),
    "state.labels[0].key": save(labels={MARK: "v"}),
    'state.labels["l"].value': save(labels={"l": MARK}),
    "options.request_id": options(request_id=MARK),
    "options.actor": options(actor=MARK),
    "remove[1]": update(remove=["context", MARK]),
    "replace[0]": update(replace=[MARK]),
    "fields[0]": LoadRequest(fields=[MARK]),
    "page_token": ListRevisionsRequest(page_token=MARK),
}


@pytest.mark.parametrize("field", TEXTS)
def test_text_that_is_not_utf_8_is_refused_by_the_name_of_its_field(
    raw: RawClient, field: str
) -> None:
    """B78, B80."""
    request = TEXTS[field]
    for bad in BAD_UTF_8:
        wire = request.SerializeToString()
        assert wire.count(MARK.encode()) == 1
        wire = wire.replace(MARK.encode(), bad + b"a" * (len(MARK) - len(bad)))
        met = raw.refusal_of_bytes(RPCS[type(request)], wire)

        assert (met.code, met.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert met.fields == [field]
        assert "is not UTF-8" in met.message


def test_bytes_that_are_not_utf_8_are_fine_as_binary(raw: RawClient, execution_id: str) -> None:
    """B78."""
    state = ExecutionState(status=STATUS_RUNNING, input=document(raw=b"\xff\xfe"))
    raw.stub.Save(SaveRequest(key=key_of(execution_id), state=state))

    execution = raw.load(key_of(execution_id))
    assert execution is not None
    assert execution.state.input == document(raw=b"\xff\xfe")


@pytest.mark.parametrize("rpc", RPCS.values())
@pytest.mark.parametrize("wire", [b"\xff", b"\x0a", b"\x0a\xff\xff\xff\xff\x0f", b"\x07"])
def test_what_is_no_message_is_refused(raw: RawClient, rpc: str, wire: bytes) -> None:
    """B80."""
    met = raw.refusal_of_bytes(rpc, wire)

    assert (met.code, met.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert met.fields == ["request"]
    assert met.message == f"request: is not a {rpc}Request message"


def test_a_page_token_of_another_execution_is_refused(raw: RawClient, execution_id: str) -> None:
    """B80: it must not lead into another's history."""
    keys = [key_of(f"{execution_id}-{n}") for n in range(2)]
    for key in keys:
        for _ in range(3):
            raw.stub.Save(SaveRequest(key=key, state=RUNNING))
    token = raw.stub.ListRevisions(ListRevisionsRequest(key=keys[0], page_size=1)).next_page_token
    met = raw.refusal(raw.stub.ListRevisions, ListRevisionsRequest(key=keys[1], page_token=token))

    assert (met.reason, met.fields) == ("INVALID_REQUEST", ["page_token"])


def test_an_unknown_rpc_is_unimplemented(raw: RawClient) -> None:
    """B80."""
    met = raw.refusal_of_bytes("Nonsense", b"")

    assert met.code is grpc.StatusCode.UNIMPLEMENTED


def test_a_message_above_16_mb_is_refused_before_it_is_read(raw: RawClient) -> None:
    """B79: whatever it is."""
    met = raw.refusal_of_bytes("Save", bytes(16 * 1024 * 1024 + 1))

    assert met.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_unknown_fields_are_ignored(raw: RawClient, execution_id: str) -> None:
    """B80: a newer client may know more; what it adds is not kept."""
    request = SaveRequest(key=key_of(execution_id), state=RUNNING)
    unknown = b"\xca\x3e\x03abc"
    raw.send_bytes("Save", request.SerializeToString() + unknown)

    assert raw.load(key_of(execution_id)) is not None
