"""The documents of a state: those fields of ExecutionState that are maps of values.

On disk a document is its field number in the contract.
"""

from statekeeper.v1.execution_pb2 import ExecutionState

DOCUMENT_NUMBERS: dict[str, int] = {
    field.name: field.number
    for field in ExecutionState.DESCRIPTOR.fields
    if field.message_type is not None and field.message_type.full_name == "statekeeper.v1.Document"
}
DOCUMENT_NAMES: dict[int, str] = {number: name for name, number in DOCUMENT_NUMBERS.items()}
