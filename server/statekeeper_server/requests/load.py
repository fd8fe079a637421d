"""What makes a LoadRequest valid."""

from collections.abc import Sequence

from statekeeper.v1.state_requests_pb2 import LoadRequest
from statekeeper_server.documents import SHARED_STATE, SHARED_VALUES
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import FIELDS_MAX, KEY_BYTES_MAX
from statekeeper_server.operations.load import Load
from statekeeper_server.operations.selection import Selection
from statekeeper_server.requests.fields import check_key, check_name, check_text
from statekeeper_server.requests.paths import check_path


def check_load(request: LoadRequest) -> Load:
    """Check a LoadRequest."""
    return take_load(request, check_key(request.key))


def take_load(request: LoadRequest, key: ExecutionKey) -> Load:
    """Check what is particular to it."""
    revision = request.revision if request.HasField("revision") else None
    if revision is not None and revision <= 0:
        raise invalid("revision", f"is {revision}, revisions are positive")
    if revision is not None and request.checkpoint:
        raise invalid("checkpoint", "cannot be given together with a revision")
    if request.checkpoint:
        check_name("checkpoint", request.checkpoint)
    selection = check_selection(request.fields) if request.fields else None
    return Load(key, revision, request.checkpoint, selection)


def check_selection(fields: Sequence[str]) -> Selection:
    """The parts of a state that a caller wants to read."""
    if len(fields) > FIELDS_MAX:
        raise invalid("fields", f"has {len(fields)}, the limit is {FIELDS_MAX}")
    attributes: set[str] = set()
    documents: set[int] = set()
    entries: set[tuple[int, str]] = set()
    pauses = False
    for number, text in enumerate(fields):
        if text == "pauses":
            pauses = True
            continue
        name, dot, entry = text.partition(".")
        if name == SHARED_STATE:
            if dot:
                check_text(f"fields[{number}]", entry, KEY_BYTES_MAX)
                entries.add((SHARED_VALUES, entry))
            else:
                documents.add(SHARED_VALUES)
            continue
        path = check_path(f"fields[{number}]", text)
        if path.document is None:
            if path.entry is not None:
                raise invalid(f"fields[{number}]", "labels are read all together")
            attributes.add(path.name)
        elif path.entry is None:
            documents.add(path.document)
        else:
            entries.add((path.document, path.entry))
    return Selection(frozenset(attributes), frozenset(documents), frozenset(entries), pauses)
