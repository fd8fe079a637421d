"""The documents of a state: those fields of ExecutionState that are maps of values.

On disk a document is its field number in the contract. Those of an execution's pauses are
kept beside them, as one value each, from PAUSE_DATA on: they are no part of the state.
"""

from statekeeper.v1.execution_pb2 import ExecutionState

DOCUMENT_NUMBERS: dict[str, int] = {
    field.name: field.number
    for field in ExecutionState.DESCRIPTOR.fields
    if field.message_type is not None and field.message_type.full_name == "statekeeper.v1.Document"
}
PAUSE_DATA = 128
PAUSE_DEFAULT_INPUT = 129
PAUSE_INPUT = 130
STATE_DOCUMENTS_END = PAUSE_DATA

DOCUMENT_NAMES: dict[int, str] = {number: name for name, number in DOCUMENT_NUMBERS.items()}
