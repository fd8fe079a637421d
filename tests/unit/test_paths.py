"""The names of parts of a state."""

import pytest

from statekeeper.v1.execution_pb2 import ExecutionState
from statekeeper_server.documents import DOCUMENT_NAMES, DOCUMENT_NUMBERS
from statekeeper_server.errors import InvalidRequestError
from statekeeper_server.requests.paths import ATTRIBUTES, check_path


def test_every_field_of_a_state_has_a_name() -> None:
    assert {*ATTRIBUTES, *DOCUMENT_NUMBERS} == set(ExecutionState.DESCRIPTOR.fields_by_name)


def test_the_numbers_of_documents_never_change() -> None:
    """They are on disks."""
    assert DOCUMENT_NUMBERS == {"input": 3, "context": 4, "member_outputs": 5, "metadata": 8}
    assert {number: name for name, number in DOCUMENT_NUMBERS.items()} == DOCUMENT_NAMES


@pytest.mark.parametrize(
    ("text", "name", "entry", "document"),
    [
        ("status", "status", None, None),
        ("context", "context", None, 4),
        ("context.userId", "context", "userId", 4),
        ("context.a.b", "context", "a.b", 4),
        ("context..", "context", ".", 4),
        ("labels.team", "labels", "team", None),
        ("member_outputs.🦶", "member_outputs", "🦶", 5),
    ],
)
def test_what_follows_the_first_dot_is_the_key(
    text: str, name: str, entry: str | None, document: int | None
) -> None:
    path = check_path("fields[0]", text)

    assert (path.name, path.entry, path.document) == (name, entry, document)


@pytest.mark.parametrize(
    "text",
    ["", ".", "nonsense", "Context", " context", "context.", "status.x", "context." + 257 * "k"],
)
def test_what_is_no_path_is_refused_by_the_name_of_its_field(text: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_path("fields[7]", text)
    assert [violation.field for violation in caught.value.violations] == ["fields[7]"]
