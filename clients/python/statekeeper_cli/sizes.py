"""Sizes for people."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def shown_size(size_bytes: int) -> str:
    """A size in the unit that suits it: `12.5 MiB`."""
    size = float(size_bytes)
    for unit in _UNITS[:-1]:
        if size < _STEP:
            return f"{size:.1f} {unit}" if unit != "B" else f"{size_bytes} B"
        size /= _STEP
    return f"{size:.1f} {_UNITS[-1]}"
