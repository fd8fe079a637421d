"""Which positions of the log have events.

All of them have, from where it is kept on, but for those that were passed over when a copy of
the folder was served for the first time: the original may have given them out.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """The positions behind one, up to another and with it."""

    after: int
    until: int


class Positions:
    """The positions that have an event.

    Args:
        compacted: the one up to which the log is not kept.
        gaps: those that were passed over, the oldest first.
        last: the newest one.
    """

    def __init__(self, compacted: int, gaps: Iterable[Span], last: int) -> None:
        self._spans: list[Span] = []
        after = compacted
        for gap in gaps:
            if gap.until > after:
                self._spans.append(Span(after, max(after, gap.after)))
                after = gap.until
        self._spans.append(Span(after, last))

    def count(self, after: int = 0) -> int:
        """How many are behind a position."""
        return sum(max(0, span.until - max(span.after, after)) for span in self._spans)

    def newest_first(self) -> Iterator[Span]:
        """The spans that they are in, none of them interrupted; some may be empty."""
        return reversed(self._spans)
