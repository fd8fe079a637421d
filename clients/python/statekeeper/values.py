"""Values between Python and what is sent.

JSON travels as text, raw bytes as they are. `None`, `bool`, `int` (of any
size), `float`, `str`, `dict` with text keys, `list` and `tuple` are JSON, in
any nesting; a tuple comes back as a list. `bytes` may stand for a whole entry
of a document, not inside of JSON. Anything else is refused before it is sent.
"""

import json
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Self, TypeVar

from statekeeper.arguments import checked_text
from statekeeper.errors import SerializationError
from statekeeper.v1 import value_pb2
from statekeeper.value_faults import Fault, find_fault, text_fault

_T = TypeVar("_T")


class Binary(bytes):
    """Bytes with a media type: `Binary(packed, content_type="application/msgpack")`.

    Entries that were written with a media type are read as this, others as
    plain `bytes`; both compare as bytes do.

    Attributes:
        content_type: The media type, at most 256 bytes; empty when not known.
    """

    content_type: str

    def __new__(cls, data: bytes = b"", *, content_type: str = "") -> Self:
        """Makes one from its bytes and what they are."""
        binary = super().__new__(cls, data)
        binary.content_type = checked_text("content_type", content_type)
        return binary

    def __getnewargs_ex__(self) -> tuple[tuple[bytes], dict[str, str]]:
        return (bytes(self),), {"content_type": self.content_type}

    def __repr__(self) -> str:
        return f"Binary({bytes(self)!r}, content_type={self.content_type!r})"


def write_document(target: value_pb2.Document, entries: Mapping[str, Any], name: str) -> None:
    """Puts a document's entries into its message.

    Args:
        target: Where to put them.
        entries: The values by key.
        name: The document's name, which paths in errors begin with: `context`.

    Raises:
        SerializationError: A key or a value cannot be sent.
    """
    # An empty document is a document; one that is not touched is none.
    target.SetInParent()
    values = target.entries
    for key, value in entries.items():
        try:
            slot = values[key]
        except (TypeError, ValueError):
            raise _key_error(key, name) from None
        try:
            _write_value(slot, value)
        except (TypeError, ValueError, RecursionError):
            raise _error("saved", find_fault(value, f"{name}.{key}")) from None


def write_json(target: value_pb2.Document, entries: Mapping[str, Any], name: str) -> None:
    """The same for a document that holds JSON alone."""
    target.SetInParent()
    values = target.entries
    for key, value in entries.items():
        try:
            slot = values[key]
        except (TypeError, ValueError):
            raise _key_error(key, name) from None
        slot.json = json_text(value, f"{name}.{key}")


def read_document(source: value_pb2.Document, name: str) -> dict[str, Any]:
    """Reads a document's entries.

    Raises:
        SerializationError: Python cannot hold a value: an integer of more
            digits than the interpreter converts, a number beyond a float.
    """
    return {key: _read_value(value, name, key) for key, value in source.entries.items()}


def json_text(value: object, path: str) -> str:
    """Gives the JSON text of a value.

    Raises:
        SerializationError: It is not JSON; names the path in it.
    """
    try:
        try:
            text = _to_json(value)
        except RecursionError:
            text = _on_an_empty_stack(lambda: _to_json(value))
        if not text.isascii():
            text.encode()
    except (TypeError, ValueError, RecursionError):
        raise _error("saved", find_fault(value, path)) from None
    return text


def json_value(text: str) -> Any:
    """Gives the value of a JSON text that `json_text` gave."""
    try:
        return _from_json(text)
    except RecursionError:
        return _on_an_empty_stack(lambda: _from_json(text))


_BYTES = (bytes, bytearray, memoryview)
_CONTAINERS = (dict, list, tuple)


def _write_value(slot: value_pb2.Value, value: object) -> None:
    if isinstance(value, _BYTES):
        slot.binary = bytes(value)
        if isinstance(value, Binary):
            slot.content_type = value.content_type
        return
    try:
        slot.json = _to_json(value)
    except RecursionError:
        slot.json = _on_an_empty_stack(lambda: _to_json(value))


def _read_value(value: value_pb2.Value, name: str, key: str) -> Any:
    text = value.json
    if not text:
        if value.content_type:
            return Binary(value.binary, content_type=value.content_type)
        return value.binary
    try:
        try:
            return _from_json(text)
        except RecursionError:
            return _on_an_empty_stack(lambda: _from_json(text))
    except (ValueError, RecursionError) as error:
        raise _error("read", Fault(f"{name}.{key}", str(error))) from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("it has a number beyond the range of float")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant)


def _to_json(value: object) -> str:
    text = _encode(value)
    if isinstance(value, _CONTAINERS):
        _check_keys(value)
    return text


def _from_json(text: str) -> Any:
    # Twice as fast as decode, which looks for white space around the value
    # first: there hardly ever is any.
    try:
        value, end = _decoder.raw_decode(text)
    except json.JSONDecodeError:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


def _check_keys(value: object) -> None:
    # json writes the keys 1, True and None as text without a word, and they
    # would come back as text. The loops are written out, because they run over
    # everything that is saved.
    level: list[Any] = [value]
    while level:
        below: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                for key, item in container.items():
                    if not isinstance(key, str):
                        raise TypeError
                    if isinstance(item, _CONTAINERS):
                        below.append(item)
            else:
                below += [item for item in container if isinstance(item, _CONTAINERS)]
        level = below


def _on_an_empty_stack(function: Callable[[], _T]) -> _T:
    # json recurses, and the frames of the caller count against the
    # interpreter's limit: what nests deeply would work or fail by where it is
    # called from. A thread begins with an empty stack.
    outcome: list[_T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            failure.append(error)

    thread = threading.Thread(target=run, name="statekeeper-deep-value")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _key_error(key: object, name: str) -> SerializationError:
    if not isinstance(key, str):
        return _error("saved", Fault(name, f"a key of it is {type(key).__name__}, not str"))
    return _error("saved", Fault(name, f"in the key {key!r}, {text_fault(key)}"))


def _error(done: str, fault: Fault) -> SerializationError:
    return SerializationError(f"{fault.path} cannot be {done}: {fault.sentence}", path=fault.path)
