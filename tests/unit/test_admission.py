"""How much may be under way."""

import pytest

from statekeeper_server.admission import Admission
from statekeeper_server.errors import OverloadedError


def test_what_fits_is_let_in_up_to_the_last_byte() -> None:
    """B80."""
    admission = Admission(100)
    admission.enter(60)
    admission.enter(40)

    with pytest.raises(OverloadedError):
        admission.enter(1)


def test_what_is_refused_takes_no_room() -> None:
    """B80."""
    admission = Admission(100)
    admission.enter(60)
    with pytest.raises(OverloadedError):
        admission.enter(41)
    admission.enter(40)


def test_room_is_given_back() -> None:
    """B80."""
    admission = Admission(100)
    for _ in range(10):
        admission.enter(100)
        admission.leave(100)
