"""Tables that can be read on a terminal and are Markdown at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.chart import Chart


@dataclass(slots=True)
class Report:
    """What one benchmark has found: tables, sentences about them, and perhaps a picture.

    Attributes:
        title: what was measured.
        parts: tables and paragraphs.
        chart: the picture of it.
    """

    title: str
    parts: list[str] = field(default_factory=list)
    chart: Chart | None = None

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; all columns but the first are numbers."""
        self.parts.append(_table(head, rows))

    def say(self, sentence: str) -> None:
        """Add a paragraph."""
        self.parts.append(sentence)

    def text(self) -> str:
        """All of it."""
        return "\n\n".join((f"### {self.title}", *self.parts))


def ratios(own: Sequence[float], others: Sequence[float]) -> str:
    """Median of the ratios of each round, with the smallest and the largest."""
    each = [one / other for one, other in zip(own, others, strict=True) if other]
    if not each:
        return "-"
    return f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})"


def number(value: float) -> str:
    """A number with three digits that matter."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - see above


def middle(values: Sequence[float]) -> str:
    """The median of the rounds."""
    return number(median(values))


def mebibytes(size_bytes: float) -> str:
    """A size in MiB."""
    return f"{size_bytes / 2**20:,.1f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(cells, widths) for cells in (head, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    shown = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(shown)} |"
