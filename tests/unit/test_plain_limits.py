"""Native code has numbers, names and limits of its own: they are those of the contract."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionKey, ExecutionState, Status
from statekeeper.v1.state_requests_pb2 import LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.codec import COMPRESS_ABOVE_BYTES
from statekeeper_server.documents import DOCUMENT_NAMES
from statekeeper_server.errors import StateError
from statekeeper_server.limits import (
    KEY_BYTES_MAX,
    LABELS_MAX,
    NAMESPACE_DEFAULT,
    OVERHEAD_BYTES,
    TEXT_BYTES_MAX,
    StateLimits,
)
from statekeeper_server.native_part import absence, native
from statekeeper_server.requests import (
    check_load,
    check_save,
    check_update,
    plain_load,
    plain_save,
    plain_update,
)
from tests.support.plain import LIMITS

pytestmark = pytest.mark.skipif(native is None, reason=f"no native part: {absence}")

# Two bytes each, so that characters are not mistaken for bytes.
_CHARACTER = "é"
_VALUES_MAX = 200
_MANY = StateLimits(
    state_bytes_max=2**40,
    state_bytes_warn=2**40,
    entries_max=10_000,
    checkpoints_max=1,
    open_pauses_max=1,
    lock_waiters_max=1,
)


class _Ways(NamedTuple):
    read: Any
    check: Callable[[Any], Any]

    def is_read(self, request: Message) -> bool:
        return self.read(request.SerializeToString()) is not None

    def is_valid(self, request: Message) -> bool:
        try:
            self.check(type(request).FromString(request.SerializeToString()))
        except StateError:
            return False
        return True


def _ways(limits: Any = LIMITS) -> dict[type[Message], _Ways]:
    save, update = partial(check_save, limits=limits), partial(check_update, limits=limits)
    return {
        SaveRequest: _Ways(plain_save(save, limits), save),
        UpdateRequest: _Ways(plain_update(update, limits), update),
        LoadRequest: _Ways(plain_load(), check_load),
    }


def _save(**state: Any) -> SaveRequest:
    given = {"status": STATUS_RUNNING, **state}
    return SaveRequest(key=ExecutionKey(execution_id="e"), state=ExecutionState(**given))


def _value(value: Value, name: str = "name") -> SaveRequest:
    return _save(context=Document(entries={name: value}))


def _text(size_bytes: int) -> str:
    return _CHARACTER * (size_bytes // 2) + "x" * (size_bytes % 2)


def _with_option(name: str, content: Any) -> SaveRequest:
    request = _save()
    setattr(request.options, name, content)
    return request


def _of_key(**key: str) -> SaveRequest:
    return SaveRequest(key=ExecutionKey(**key), state=ExecutionState(status=STATUS_RUNNING))


def _of_bytes(size_bytes: int) -> SaveRequest:
    """A save whose values take so many bytes together."""
    full, rest = divmod(size_bytes, 10_000)
    values = [b"x" * 10_000] * full + [b"x" * rest]
    documents = {
        name: Document(entries={str(n): Value(binary=value) for n, value in part})
        for name, part in {
            "input": list(enumerate(values))[:4],
            "context": list(enumerate(values))[4:],
        }.items()
    }
    return _save(**documents)


def _entries(count: int) -> SaveRequest:
    entries = {str(number): Value(json="1") for number in range(count)}
    return _save(context=Document(entries=entries))


def _labels(count: int) -> SaveRequest:
    return _save(labels={str(number): "" for number in range(count)})


_LIMITS: dict[str, tuple[Callable[[int], SaveRequest], int]] = {
    "namespace": (lambda size: _of_key(namespace="x" * size, execution_id="e"), 63),
    "execution_id": (lambda size: _of_key(execution_id=_text(size)), KEY_BYTES_MAX),
    "entry": (lambda size: _value(Value(json="1"), _text(size)), KEY_BYTES_MAX),
    "request_id": (lambda size: _with_option("request_id", _text(size)), TEXT_BYTES_MAX),
    "actor": (lambda size: _with_option("actor", _text(size)), TEXT_BYTES_MAX),
    "current_member": (lambda size: _save(current_member=_text(size)), TEXT_BYTES_MAX),
    "schema_version": (lambda size: _save(schema_version=_text(size)), TEXT_BYTES_MAX),
    "label": (lambda size: _save(labels={_text(size): ""}), KEY_BYTES_MAX),
    "label's text": (lambda size: _save(labels={"k": _text(size)}), TEXT_BYTES_MAX),
    "labels": (_labels, LABELS_MAX),
    "content_type": (
        lambda size: _value(Value(binary=b"", content_type=_text(size))),
        TEXT_BYTES_MAX,
    ),
    "entries": (_entries, LIMITS.entries_max),
    "bytes": (_of_bytes, LIMITS.state_bytes_max),
    "seconds": (lambda seconds: _save(start_time={"seconds": seconds}), 253_402_300_799),
    "seconds before": (lambda seconds: _save(start_time={"seconds": -seconds}), 62_135_596_800),
    "nanos": (lambda nanos: _save(start_time={"nanos": nanos}), 999_999_999),
    "status": (lambda status: _save(status=status), max(Status.values())),
}


@pytest.mark.parametrize("name", _LIMITS)
def test_a_limit_is_that_of_the_general_way(name: str) -> None:
    request_of, limit = _LIMITS[name]
    ways = _ways()[SaveRequest]
    at_it, beyond = request_of(limit), request_of(limit + 1)

    assert (ways.is_read(at_it), ways.is_valid(at_it)) == (True, True)
    assert (ways.is_read(beyond), ways.is_valid(beyond)) == (False, False)


def test_a_value_is_read_as_long_as_it_is_kept_as_it_is() -> None:
    limit = COMPRESS_ABOVE_BYTES
    ways = _ways()[SaveRequest]
    size_bytes = limit - len(Value(binary=b"x" * limit).SerializeToString()) + limit
    at_it, beyond = (_value(Value(binary=b"x" * size)) for size in (size_bytes, size_bytes + 1))

    assert len(at_it.state.context.entries["name"].SerializeToString()) == limit
    assert (ways.is_read(at_it), ways.is_read(beyond)) == (True, False)
    assert ways.is_valid(beyond)


def test_many_values_take_the_general_way() -> None:
    ways = _ways(_MANY)[SaveRequest]

    assert ways.is_read(_entries(_VALUES_MAX))
    assert not ways.is_read(_entries(_VALUES_MAX + 1))
    assert ways.is_valid(_entries(_VALUES_MAX + 1))


@pytest.mark.parametrize("depth", [1, 63, 64, 65, 100])
def test_only_json_that_is_nested_deeply_takes_the_general_way(depth: int) -> None:
    ways = _ways()[SaveRequest]
    for text in ("[" * depth + "1" + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        request = _value(Value(json=text))

        assert ways.is_valid(request)
        assert ways.is_read(request) is (depth <= 64)


@pytest.mark.parametrize("status", Status.values())
def test_a_status_is_read_if_it_is_one(status: int) -> None:
    ways = _ways()
    key = ExecutionKey(execution_id="e")
    update = UpdateRequest(key=key, changes=ExecutionState(status=Status.Name(status)))

    assert ways[SaveRequest].is_read(_save(status=status)) is (status > 0)
    assert ways[UpdateRequest].is_read(update)


def test_the_default_namespace_is_that_of_the_contract() -> None:
    key = ExecutionKey(execution_id="e")
    for request in (_save(), UpdateRequest(key=key, changes={}), LoadRequest(key=key)):
        read = _ways()[type(request)].read(request.SerializeToString())

        assert read.key.namespace == NAMESPACE_DEFAULT
        assert read.key.row == f"{NAMESPACE_DEFAULT}\0e".encode()


_FIELDS: dict[type[Message], tuple[set[str], dict[str, Any]]] = {
    SaveRequest: ({"key", "options", "state"}, {}),
    UpdateRequest: (
        {"key", "options", "changes"},
        {"replace": ["labels"], "remove": ["context"], "return_execution": True},
    ),
    LoadRequest: ({"key"}, {"revision": 1, "checkpoint": "c", "fields": ["context"]}),
}
_OPTIONS = {"ttl": Duration(seconds=1), "fencing_token": 1}
_PLAIN_OPTIONS = {"expected_revision": 1, "request_id": "r", "actor": "me"}


@pytest.mark.parametrize("kind", _FIELDS)
def test_whatever_else_a_request_has_takes_the_general_way(kind: type[Message]) -> None:
    plain, others = _FIELDS[kind]
    way = _ways()[kind]

    # A new field has to be put in its place.
    assert plain | others.keys() == set(kind.DESCRIPTOR.fields_by_name)
    for name, content in others.items():
        request = _least(kind)
        assert way.is_read(request)
        request.MergeFrom(kind(**{name: content}))
        assert way.is_valid(request)
        assert not way.is_read(request), name


@pytest.mark.parametrize("kind", [SaveRequest, UpdateRequest])
def test_what_other_options_it_has_as_well(kind: type[Message]) -> None:
    way = _ways()[kind]

    assert _PLAIN_OPTIONS.keys() | _OPTIONS.keys() == set(WriteOptions.DESCRIPTOR.fields_by_name)
    for name, content in (_PLAIN_OPTIONS | _OPTIONS).items():
        request = _least(kind)
        request.MergeFrom(kind(options={name: content}))
        assert way.is_valid(request)
        assert way.is_read(request) is (name in _PLAIN_OPTIONS), name


def _least(kind: type[Message]) -> Message:
    key = ExecutionKey(execution_id="e")
    if kind is SaveRequest:
        return _save()
    return UpdateRequest(key=key, changes={}) if kind is UpdateRequest else LoadRequest(key=key)


@pytest.mark.parametrize("revision", [0, 1, 2**63 - 1, -1, -(2**63)])
def test_an_expected_revision_is_read_unless_it_is_negative(revision: int) -> None:
    way, request = _ways()[SaveRequest], _with_option("expected_revision", revision)

    assert way.is_read(request) is way.is_valid(request) is (revision >= 0)


def test_the_documents_are_those_of_the_contract() -> None:
    documents = {name: Document(entries={"a": Value(json="1")}) for name in DOCUMENT_NAMES.values()}
    read = _ways()[SaveRequest].read(_save(**documents).SerializeToString())

    assert read.stored_bytes == OVERHEAD_BYTES + len(documents) * len(
        Value(json="1").SerializeToString()
    )
