"""The native part of the server: what is written in C, where the install could build it.

All that it does is written in Python as well, and without it the server does the same more
slowly. Ask by `if native:`, so that both ways are checked for their types.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.struct_pb2 import Struct

__all__ = ["VARIABLE", "PlainWriter", "Write", "absence", "native", "problem"]

VARIABLE = "STATEKEEPER_NATIVE"

_OFF = "off"
_REMEDY = "install a C compiler and Python's headers (python3-dev), then reinstall"


def _setting() -> str:
    return os.environ.get(VARIABLE, "on").lower()


def problem() -> str | None:
    """What is wrong with the variable; None: nothing."""
    if _setting() in {"on", _OFF}:
        return None
    return f"{VARIABLE}: must be on or off, not {os.environ[VARIABLE]!r}"


class _UnusedError(ImportError):
    """It is there, and not to be used."""


def _heed_setting() -> None:
    if _setting() == _OFF:
        raise _UnusedError(f"{VARIABLE} is {_OFF}")


def _heed_age(built: str) -> None:
    """Refuse what was built before its sources, which are there in a checkout, have changed."""
    sources = Path(__file__).with_name("native").glob("*.[ch]")
    newest_s = max([source.stat().st_mtime for source in sources], default=0.0)
    if newest_s > Path(built).stat().st_mtime:
        raise _UnusedError("it is older than its sources: install again")


def _has_known_order() -> bool:
    """Whether protobuf sorts the keys of maps as the native part does.

    What a request_id stands for is a hash of the request with its maps sorted. The order is
    that of one protobuf, and no other one need have it.
    """
    sorted_ = Struct()
    sorted_.update({"b": None, "a": None, "ab": None})
    raw = sorted_.SerializeToString(deterministic=True)
    return raw.index(b"\x02ab") < raw.index(b"\x01a") < raw.index(b"\x01b")


# Why `native` is None; None: it is not.
absence: str | None = None
try:
    _heed_setting()
    from statekeeper_server import _native as native

    _heed_age(str(native.__file__))
except ImportError as error:
    absence = str(error) if isinstance(error, _UnusedError) else f"{error}: {_REMEDY}"
    native = None  # type: ignore[assignment]  # no type says: this module, or None
else:
    if not _has_known_order():
        absence = "this protobuf sorts the keys of maps in an order of its own"
        native = None  # type: ignore[assignment]  # the same

if TYPE_CHECKING:
    from statekeeper_server._native import Write
    from statekeeper_server._native import Writer as PlainWriter
else:
    # Without it there is none of either.
    Write = native.Write if native else object
    PlainWriter = native.Writer if native else object
