"""The documents of a state: those fields of ExecutionState that are maps of values.

On disk a document is its field number in the contract. Beside them are kept, from
SHARED_VALUES on, the shared state and its definition: restoring brings them back, but they
are no part of the state. And from PAUSE_DATA on the documents of pauses, as one value each,
which nothing brings back.
"""

from statekeeper.v1.execution_pb2 import ExecutionState

DOCUMENT_NUMBERS: dict[str, int] = {
    field.name: field.number
    for field in ExecutionState.DESCRIPTOR.fields
    if field.message_type is not None and field.message_type.full_name == "statekeeper.v1.Document"
}
SHARED_VALUES = 64
SHARED_DEFINITION = 65
PAUSE_DATA = 128
PAUSE_DEFAULT_INPUT = 129
PAUSE_INPUT = 130
STATE_DOCUMENTS_END = SHARED_VALUES
RESTORED_DOCUMENTS_END = PAUSE_DATA

DOCUMENT_NAMES: dict[int, str] = {number: name for name, number in DOCUMENT_NUMBERS.items()}
_SHARED_NAMES = {SHARED_VALUES: "shared_state", SHARED_DEFINITION: "shared_state_definition"}
SHARED_STATE = _SHARED_NAMES[SHARED_VALUES]
SHARED_NAMES = frozenset(_SHARED_NAMES.values())
"""What stands for them in the history."""


def changed_document(document: int) -> str:
    """What a document that is restored is called in the history."""
    return DOCUMENT_NAMES.get(document) or _SHARED_NAMES[document]


def changed_entry(document: int, name: str) -> str:
    """What an entry of a document that is restored is called in the history."""
    if document == SHARED_DEFINITION:
        return _SHARED_NAMES[document]
    return f"{changed_document(document)}.{name}"
