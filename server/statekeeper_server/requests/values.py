"""Values: what is JSON, how large it is, and its encoding for the disk."""

import json
from typing import NoReturn

import msgspec

from statekeeper.v1.value_pb2 import Value
from statekeeper_server.codec import EncodedEntry, encode
from statekeeper_server.errors import SerializationError, StateError, invalid
from statekeeper_server.limits import TEXT_BYTES_MAX

# Walks over the text and checks it, without building what it describes.
_check_json = msgspec.json.Decoder(msgspec.Raw).decode


class ValueProblemError(Exception):
    """What is wrong with a value, before it is known where in the request it stands.

    Most values are sound: their paths are not worth building.
    """

    def __init__(self, description: str, *, not_json: bool = False) -> None:
        super().__init__(description)
        self.description = description
        self.not_json = not_json

    def at(self, path: str) -> StateError:
        """The error for a value at a path."""
        if self.not_json:
            return SerializationError(path, self.description)
        return invalid(path, self.description)


def value_bytes(value: Value) -> int:
    """The size that counts against the limits: that of the JSON text or of the bytes."""
    text = value.json
    if text:
        return len(text) if text.isascii() else len(text.encode())
    return len(value.binary)


def check_value(value: Value) -> EncodedEntry:
    """Check one value, and encode it.

    Raises:
        ValueProblemError.
    """
    kind = value.WhichOneof("kind")
    if kind == "json":
        text = value.json
        try:
            _check_json(text)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            _refuse_json(text, error)
        if value.content_type:
            raise ValueProblemError("has a content_type, which is for binary values")
    elif kind is None:
        raise ValueProblemError("has neither json nor binary set")
    elif len(value.content_type.encode()) > TEXT_BYTES_MAX:
        raise ValueProblemError(f"has a content_type longer than {TEXT_BYTES_MAX} bytes")
    return encode(value.SerializeToString(), value_bytes(value))


def _refuse_json(text: str, error: Exception) -> NoReturn:
    if isinstance(error, RecursionError):
        raise ValueProblemError(
            "is nested too deeply, the limit is about 900 levels", not_json=True
        ) from None
    # The standard library is slower, but says where; neither repeats the text.
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, _ConstantError) as located:
        raise ValueProblemError(f"is not JSON: {located}", not_json=True) from None
    except (ValueError, RecursionError):
        pass
    raise ValueProblemError(f"is not JSON: {error}", not_json=True) from None


class _ConstantError(Exception):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(f"{name} is not a JSON value")
