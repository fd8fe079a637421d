"""The results in README.md: each benchmark has its place between two markers."""

from pathlib import Path

from bench import chart
from bench.report import Report

_README = Path(__file__).with_name("README.md")


def write(name: str, report: Report, origin: str) -> None:
    """Replace what stands between the markers of that name, and its picture.

    Args:
        name: the benchmark.
        report: what it has found.
        origin: a sentence about how and when.

    Raises:
        ValueError: README.md has no such markers.
    """
    parts = [report.text(), origin]
    if report.chart is not None:
        if why := chart.missing():
            parts.insert(1, f"Left out: the picture: {why}.")
        else:
            picture = _README.with_name(f"{name}.svg")
            report.chart.draw(picture)
            parts.insert(1, f"![{report.title}]({picture.name})")
    write_text(name, "\n\n".join(parts))


def write_text(name: str, text: str) -> None:
    """Replace what stands between the markers of that name.

    Raises:
        ValueError: README.md has no such markers.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, found_begin, rest = _README.read_text().partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise ValueError(f"{_README} has no place for {name}")
    _README.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")
