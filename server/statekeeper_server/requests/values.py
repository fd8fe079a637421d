"""Values: what is JSON, how large it is, and its encoding for the disk."""

import json
from typing import NoReturn

import msgspec

from statekeeper.v1.value_pb2 import Value
from statekeeper_server.codec import EncodedEntry, encode
from statekeeper_server.errors import SerializationError, invalid
from statekeeper_server.limits import TEXT_BYTES_MAX

# Walks over the text and checks it, without building what it describes.
_check_json = msgspec.json.Decoder(msgspec.Raw).decode


def value_bytes(path: str, value: Value) -> int:
    """The size that counts against the limits: that of the JSON text or of the bytes."""
    kind = value.WhichOneof("kind")
    if kind == "json":
        text = value.json
        return len(text) if text.isascii() else len(text.encode())
    if kind == "binary":
        return len(value.binary)
    raise invalid(path, "has neither json nor binary set")


def check_value(path: str, value: Value, size_bytes: int) -> EncodedEntry:
    """Check one value, and encode it."""
    if value.HasField("json"):
        if value.content_type:
            raise invalid(f"{path}.content_type", "is for binary values, JSON has none")
        try:
            _check_json(value.json)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            _refuse_json(path, value.json, error)
    elif len(value.content_type.encode()) > TEXT_BYTES_MAX:
        raise invalid(f"{path}.content_type", f"is longer than {TEXT_BYTES_MAX} bytes")
    return encode(value.SerializeToString(), size_bytes)


def _refuse_json(path: str, text: str, error: Exception) -> NoReturn:
    if isinstance(error, RecursionError):
        raise SerializationError(path, "is nested too deeply, the limit is about 900") from None
    # The standard library is slower, but says where; neither repeats the text.
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, _ConstantError) as located:
        raise SerializationError(path, f"is not JSON: {located}") from None
    except (ValueError, RecursionError):
        pass
    raise SerializationError(path, f"is not JSON: {error}") from None


class _ConstantError(Exception):
    pass


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(f"{name} is not a JSON value")
