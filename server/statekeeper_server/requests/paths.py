"""The names by which requests speak of parts of a state: `status`, `context.userId`."""

from typing import NamedTuple

from statekeeper_server.documents import DOCUMENT_NUMBERS
from statekeeper_server.errors import invalid
from statekeeper_server.limits import KEY_BYTES_MAX
from statekeeper_server.requests.fields import check_text

ATTRIBUTES = ("id", "status", "current_member", "start_time", "labels", "schema_version")
# A name that is no field may be of any length.
_SHOWN = 64
_NAMES = ", ".join((*ATTRIBUTES, *DOCUMENT_NUMBERS))


class Path(NamedTuple):
    """A part of a state: a field, a whole document, an entry of one or a label."""

    name: str
    entry: str | None

    @property
    def document(self) -> int | None:
        """The document's number, unless it is another field."""
        return DOCUMENT_NUMBERS.get(self.name)


def check_path(field: str, path: str) -> Path:
    """Take a path apart at its first dot."""
    name, dot, entry = path.partition(".")
    if name not in DOCUMENT_NUMBERS and name not in ATTRIBUTES:
        raise invalid(field, f"{name[:_SHOWN]!r} is no field of a state; the fields are {_NAMES}")
    if not dot:
        return Path(name, None)
    if name not in DOCUMENT_NUMBERS and name != "labels":
        raise invalid(field, f"{name} has no entries")
    return Path(name, check_text(field, entry, KEY_BYTES_MAX))
