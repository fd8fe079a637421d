"""The state inside of a transaction."""

import dataclasses
from dataclasses import dataclass, field

from statekeeper.model.execution import Document, ExecutionState


@dataclass(kw_only=True)
class TransactionState(ExecutionState):
    """A state that is changed in place, and committed by what was changed.

    All documents can be written to: one that is absent shows as empty, and
    stays absent if it is left so. `del state.context` removes a document.

    Attributes:
        input: What the execution was started with.
        context: What it carries along.
        member_outputs: What each member gave back, by the member's name.
        metadata: What others want to know about it.
    """

    input: Document = field(default_factory=dict)
    context: Document = field(default_factory=dict)
    member_outputs: Document = field(default_factory=dict)
    metadata: Document = field(default_factory=dict)


def writable(state: ExecutionState) -> TransactionState:
    """Gives a state in which absent documents can be written to; it shares the values."""
    fields = {each.name: getattr(state, each.name) for each in dataclasses.fields(state)}
    for each in dataclasses.fields(TransactionState):
        if each.default_factory is dict and fields[each.name] is None:
            fields[each.name] = {}
    return TransactionState(**fields)
