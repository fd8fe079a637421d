"""Places in a watch: what can be stored, and what is passed over after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statekeeper.places import Given, Mark, Place

marks = st.lists(st.tuples(st.text(), st.integers(1, 3)), max_size=12)


def test_a_place_after_a_whole_message_is_the_servers_token() -> None:
    """B82."""
    assert Place("token", [("e", 1)], 0).text() == "token"
    assert Place.read("token") == Place("token")


@given(st.text(), marks)
def test_a_place_in_a_message_comes_back_from_its_text(token: str, marks: list[Mark]) -> None:
    """B82."""
    in_order = sorted(marks, key=lambda mark: mark[1])
    place = Place(token, in_order, len(in_order))
    back = Place.read(place.text()) if in_order else place

    assert back.token == token
    assert Given(back).marks() == Given(place).marks()


@pytest.mark.parametrize("text", ["~", "~x", "~e30", "~W10", "~WzEsWzFdXQ", "~ä", "~e+/0"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no resume token"):
        Place.read(text)


def test_what_is_added_later_does_not_move_a_place() -> None:
    """B82."""
    marks = [("e", 1)]
    place = Place("token", marks, 1)
    before = place.text()
    marks.append(("e", 2))

    assert place.text() == before


def test_what_was_given_is_passed_over_once() -> None:
    """B82: up to the last revision of each execution, and of that as many as were given."""
    given = Given(Place("token", [("a", 1), ("b", 2), ("a", 3), ("a", 3)], 4))

    passed = [given.has(*each) for each in [("a", 1), ("c", 1), ("a", 3), ("a", 3), ("a", 3)]]

    assert passed == [True, False, True, True, False]
    assert given.marks() == [("b", 2)]


def test_an_execution_that_has_moved_on_is_passed_over_no_more() -> None:
    """B82: of a snapshot that is told again, only what has not changed was told."""
    given = Given(Place("token", [("a", 1)], 1))

    assert not given.has("a", 2)
    assert given.marks() == []
