"""Where a shared state is kept: an entry for each key, and one for its definition."""

from statekeeper.v1.value_pb2 import Value
from statekeeper_server.documents import SHARED_DEFINITION, SHARED_VALUES
from statekeeper_server.errors import invalid
from statekeeper_server.keys import entry_prefix
from statekeeper_server.shared_rules import CompiledDefinition, compiled

_UNDEFINED = "the execution has no shared state: it is made by DefineState"


def value_prefix(uid: int, key: str) -> bytes:
    """The entry of a key."""
    return entry_prefix(uid, SHARED_VALUES, key.encode())


def definition_prefix(uid: int) -> bytes:
    """The entry of the definition."""
    return entry_prefix(uid, SHARED_DEFINITION, b"definition")


def read_definition(value: bytes | None) -> CompiledDefinition:
    """The definition, from its entry. Raises InvalidRequestError: there is none."""
    if value is None:
        raise invalid("key", _UNDEFINED)
    return compiled(Value.FromString(value).json)
