"""Documents that are kept as one value each: those of pauses."""

from statekeeper.v1.value_pb2 import Document
from statekeeper_server.codec import EncodedEntry, encode
from statekeeper_server.errors import StateTooLargeError, invalid
from statekeeper_server.limits import StateLimits
from statekeeper_server.requests.fields import check_name, quote
from statekeeper_server.requests.values import ValueProblemError, check_value


def check_document(field: str, document: Document, limits: StateLimits) -> EncodedEntry:
    """Check a document, and encode it as one."""
    entries = document.entries
    if len(entries) > limits.entries_max:
        raise invalid(field, f"has {len(entries)} entries, the limit is {limits.entries_max}")
    value_bytes = 0
    for name in entries:
        path = f"{field}[{quote(name)}]"
        check_name(path, name)
        try:
            value_bytes += check_value(entries[name]).value_bytes
        except ValueProblemError as problem:
            raise problem.at(path) from None
    if value_bytes > limits.state_bytes_max:
        raise StateTooLargeError(value_bytes, limits.state_bytes_max)
    document.DiscardUnknownFields()
    return encode(document.SerializeToString(), value_bytes)
