"""What makes an UpdateRequest valid."""

from statekeeper.v1.state_requests_pb2 import UpdateRequest
from statekeeper_server.documents import DOCUMENT_NAMES
from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.limits import StateLimits
from statekeeper_server.operations.update import Removal, Update
from statekeeper_server.operations.writing import WriteOptions
from statekeeper_server.requests.fields import check_key, check_options
from statekeeper_server.requests.paths import Path, check_path
from statekeeper_server.requests.state import Values, take_values

_REMOVALS_MAX = 10_000
_REMOVABLE = ("current_member", "schema_version", "labels")


def check_update(request: UpdateRequest, limits: StateLimits) -> Update:
    """Check an UpdateRequest."""
    key = check_key(request.key)
    return take_update(request, key, check_options(request, key), limits)


def take_update(
    request: UpdateRequest, key: ExecutionKey, options: WriteOptions, limits: StateLimits
) -> Update:
    """Check what is particular to it."""
    values = take_values("changes", request.changes, key, limits)
    replaced_documents, labels_replaced = _check_replace(request)
    removal, all_labels = _check_remove(request, values, replaced_documents)
    return Update(
        key,
        options,
        request.changes,
        values.entries,
        replaced_documents,
        labels_replaced or all_labels,
        removal,
        values.stored_bytes,
        request.return_execution,
    )


def _check_replace(request: UpdateRequest) -> tuple[frozenset[int], bool]:
    documents: set[int] = set()
    labels = False
    for number, path in enumerate(request.replace):
        field = f"replace[{number}]"
        name, entry = parts = check_path(field, path)
        if entry is not None or (parts.document is None and name != "labels"):
            raise invalid(field, "must name a document or labels")
        if parts.document is None:
            labels = True
        elif not request.changes.HasField(name):
            raise invalid(field, f"changes.{name} is not set, so there is nothing to replace it by")
        else:
            documents.add(parts.document)
    return frozenset(documents), labels


def _check_remove(
    request: UpdateRequest, values: Values, replaced: frozenset[int]
) -> tuple[Removal, bool]:
    if len(request.remove) > _REMOVALS_MAX:
        raise invalid("remove", f"has {len(request.remove)}, the limit is {_REMOVALS_MAX}")
    entries: list[tuple[int, str]] = []
    documents: set[int] = set()
    labels: list[str] = []
    fields: list[str] = []
    all_labels = False
    for number, text in enumerate(request.remove):
        field = f"remove[{number}]"
        path = check_path(field, text)
        _check_not_set(field, path, request, values)
        if path.document is not None and path.entry is not None:
            entries.append((path.document, path.entry))
        elif path.document is not None:
            documents.add(path.document)
        elif path.entry is not None:
            labels.append(path.entry)
        elif path.name not in _REMOVABLE:
            raise invalid(field, f"{path.name} cannot be removed")
        elif path.name == "labels":
            all_labels = True
        else:
            fields.append(path.name)
    # A key that is named twice, or goes with its whole document, is removed once.
    gone = documents | replaced
    once = tuple(entry for entry in dict.fromkeys(entries) if entry[0] not in gone)
    return Removal(once, frozenset(documents), tuple(labels), tuple(fields)), all_labels


def _check_not_set(field: str, path: Path, request: UpdateRequest, values: Values) -> None:
    """What is set cannot be removed by the same update: nobody could say which comes last."""
    if path.document is not None:
        name = DOCUMENT_NAMES[path.document]
        if path.entry is None:
            conflict = request.changes.HasField(name)
        else:
            conflict = path.entry in values.entries.get(path.document, {})
    elif path.name == "labels":
        labels = request.changes.labels
        conflict = bool(labels) if path.entry is None else path.entry in labels
    else:
        conflict = path.name in _REMOVABLE and request.changes.HasField(path.name)
    if conflict:
        raise invalid(field, "is set by the changes of the same request")
