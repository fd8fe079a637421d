"""The operations of a message as they come in, plain ones checked already."""

from collections.abc import Mapping

from statekeeper.v1.batch_pb2 import BatchRequest
from statekeeper.v1.operation_pb2 import Operation
from statekeeper_server.entries import Incoming, Kind
from statekeeper_server.errors import invalid
from statekeeper_server.limits import LARGE_BYTES, OPERATIONS_MAX
from statekeeper_server.native_part import native
from statekeeper_server.operations.plain import PlainWrite
from statekeeper_server.requests import ReadWrites
from statekeeper_server.rpc import parse


class Operations:
    """Reads the operations of BatchRequests.

    Args:
        kinds: how each is done, by its name in Operation.
        read_writes: reads those that have nothing but plain writes; None: nothing does.
    """

    def __init__(self, kinds: Mapping[str, Kind], read_writes: ReadWrites | None = None) -> None:
        self._read_writes = read_writes
        fields = Operation.DESCRIPTOR.fields_by_name
        self._readers = {
            fields[name].number: (name, kind.read) for name, kind in kinds.items() if kind.read
        }

    def writes(self, raw: bytes) -> list[PlainWrite] | None:
        """The operations of a message that has nothing but plain writes; None: it has others."""
        return self._read_writes(raw) if self._read_writes else None

    def read(self, raw: bytes) -> list[Incoming]:
        """The operations of a message.

        Raises:
            InvalidRequestError: it cannot be parsed, or has none or too many.
        """
        plain = self._read_plain(raw)
        if plain and None not in plain:
            found = [each for each in plain if each is not None]
        else:
            # One that is malformed spoils its message, so all of that is parsed.
            operations = parse(BatchRequest, raw).operations
            found = [Incoming(each.tag, each) for each in operations]
            if plain:
                found = [left or right for left, right in zip(plain, found, strict=True)]
        if not 0 < len(found) <= OPERATIONS_MAX:
            raise invalid("operations", f"has {len(found)}, it must have 1 to {OPERATIONS_MAX}")
        return found

    def _read_plain(self, raw: bytes) -> list[Incoming | None] | None:
        """Those that are plain; None where what is in the message cannot be told."""
        parts = native.read_batch(raw, OPERATIONS_MAX) if native else None
        if parts is None:
            return None
        found: list[Incoming | None] = []
        for number, tag, body, timeout_us in parts:
            name, read = self._readers.get(number, ("", None))
            checked = read(body) if read and len(body) <= LARGE_BYTES else None
            plain = None if checked is None else Incoming(tag, None, name, checked, timeout_us)
            found.append(plain)
        return found
