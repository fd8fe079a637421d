"""Which positions of the log have events, where some were passed over."""

from hypothesis import given
from hypothesis import strategies as st

from statekeeper_server.store.positions import Positions, Span


@st.composite
def logs(draw: st.DrawFn) -> tuple[int, list[Span], int]:
    """Where a log is kept from, its gaps, and its last position."""
    last, gaps = draw(st.integers(0, 5)), []
    for length, events in draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)))):
        gaps.append(Span(last, last + length))
        last += length + events
    return draw(st.integers(0, last)), gaps, last


@given(logs(), st.integers(0, 60))
def test_all_but_the_gaps_are_counted(log: tuple[int, list[Span], int], after: int) -> None:
    compacted, gaps, last = log
    there = [
        position
        for position in range(compacted + 1, last + 1)
        if not any(gap.after < position <= gap.until for gap in gaps)
    ]
    positions = Positions(compacted, gaps, last)
    assert positions.count(after) == len([position for position in there if position > after])
    spans = reversed(list(positions.newest_first()))
    assert [p for span in spans for p in range(span.after + 1, span.until + 1)] == there
