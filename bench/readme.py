"""The results in README.md: each benchmark has its place between two markers."""

from pathlib import Path

_README = Path(__file__).with_name("README.md")


def write(name: str, text: str) -> None:
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
