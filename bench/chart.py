"""Pictures of results, as SVG, by matplotlib where it is installed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from bench import optional

_INCHES_WIDE = 9.0
_INCHES_HIGH = 4.0
_INCHES_EACH = 0.45
_MARKED_POINTS_MAX = 10
_COLOUR, _OWN_COLOUR = "#9aa5b1", "#2f6db3"


class Chart(Protocol):
    """A picture."""

    def draw(self, path: Path) -> None:
        """Write it to a file, as SVG."""
        ...


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each name, with the smallest and the largest of the rounds as a line.

    Attributes:
        title: what is shown, with its unit.
        names: one for each bar; the first is ours.
        rounds: what each round has found, for each bar.
    """

    title: str
    names: Sequence[str]
    rounds: Sequence[Sequence[float]]

    def draw(self, path: Path) -> None:
        """Write it to a file, as SVG."""
        figure, axes = _axes(_INCHES_EACH * (len(self.names) + 2))
        middles = [sorted(each)[len(each) // 2] for each in self.rounds]
        below = [middle - min(each) for middle, each in zip(middles, self.rounds, strict=True)]
        above = [max(each) - middle for middle, each in zip(middles, self.rounds, strict=True)]
        colours = [_OWN_COLOUR, *[_COLOUR] * (len(self.names) - 1)]
        bars = axes.barh(self.names, middles, xerr=(below, above), color=colours, ecolor="#555555")
        axes.bar_label(bars, [f"{middle:,.0f}" for middle in middles], padding=6)
        axes.margins(x=0.12)
        axes.invert_yaxis()
        axes.set_title(self.title, loc="left")
        _save(figure, path)


@dataclass(frozen=True, slots=True)
class Lines:
    """A line for each name.

    Attributes:
        title: what is shown.
        axes: what the horizontal and the vertical axis say.
        lines: points from left to right, by name.
    """

    title: str
    axes: tuple[str, str]
    lines: Mapping[str, Sequence[tuple[float, float]]]

    def draw(self, path: Path) -> None:
        """Write it to a file, as SVG."""
        figure, axes = _axes(_INCHES_HIGH)
        for name, points in self.lines.items():
            marker = "o" if len(points) <= _MARKED_POINTS_MAX else ""
            axes.plot(*zip(*points, strict=True), marker=marker, label=name)
        axes.set_xlabel(self.axes[0])
        axes.set_ylabel(self.axes[1])
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        axes.set_title(self.title, loc="left")
        _save(figure, path)


def missing() -> str:
    """What is missing; empty if nothing is."""
    return optional.missing("matplotlib")


def _axes(inches_high: float) -> tuple[Any, Any]:
    matplotlib = import_module("matplotlib")
    matplotlib.use("svg")
    # So that the same figures give the same file.
    matplotlib.rcParams["svg.hashsalt"] = "statekeeper"
    pyplot = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(figsize=(_INCHES_WIDE, inches_high), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None})
    import_module("matplotlib.pyplot").close(figure)
