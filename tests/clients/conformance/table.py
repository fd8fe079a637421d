"""The table of promises and languages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .promises import Promise
from .scenarios import Scenario
from .yaml_files import HERE

FILE = HERE / "table.md"
_HEAD = """# Promises and languages

What the last whole run of the suite has shown (`make test-clients ARGS="--write-table"`): how
many scenarios prove a promise, and for each language how many of its tests have passed. A
scenario for two languages is a test for each pair of them.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended.

    Attributes:
        passed: Whether it has passed.
        skipped_because: Why it was skipped; empty: it was not.
    """

    passed: bool
    skipped_because: str = ""


@dataclass(slots=True)
class _Cell:
    passed: int = 0
    failed: int = 0
    skipped_because: set[str] = field(default_factory=set)


class Table:
    """Which promise is proved for which language.

    Args:
        promises: The rows.
        scenarios: What proves them.
    """

    def __init__(self, promises: Sequence[Promise], scenarios: Iterable[Scenario]) -> None:
        self._promises = promises
        self._scenarios: dict[str, int] = {}
        for scenario in scenarios:
            for promise in scenario.promises:
                self._scenarios[promise] = self._scenarios.get(promise, 0) + 1
        self._cells: dict[tuple[str, str], _Cell] = {}
        self._languages: list[str] = []

    def note(self, promises: Iterable[str], languages: Iterable[str], outcome: Outcome) -> None:
        """Notes how a test ended."""
        for language in dict.fromkeys(languages):
            if language not in self._languages:
                self._languages.append(language)
            for promise in promises:
                cell = self._cells.setdefault((promise, language), _Cell())
                if outcome.skipped_because:
                    cell.skipped_because.add(outcome.skipped_because)
                elif outcome.passed:
                    cell.passed += 1
                else:
                    cell.failed += 1

    def text(self) -> str:
        """The table, and what explains its holes."""
        notes: list[str] = []
        languages = sorted(self._languages)
        lines = [
            _line(["promise", "", "scenarios", *languages]),
            _line(["---", "---", "---:", *["---:"] * len(languages)]),
        ]
        for promise in self._promises:
            cells = [promise.number, promise.says]
            if promise.unseen_because:
                cells += ["unseen", *([""] * len(languages))]
                notes.append(f"- {promise.number}: {promise.unseen_because}")
            else:
                count = self._scenarios.get(promise.number, 0)
                shown = [self._shown(promise.number, each, notes) for each in languages]
                cells += [str(count), *shown]
            lines.append(_line(cells))
        explained = ["", "No client can see, or cannot do:", "", *notes] if notes else []
        return "\n".join([*lines, *explained])

    def write(self) -> None:
        """Puts it into its file."""
        FILE.write_text(f"{_HEAD}\n{self.text()}\n", encoding="utf-8")

    def _shown(self, promise: str, language: str, notes: list[str]) -> str:
        cell = self._cells.get((promise, language), _Cell())
        notes += [f"- {promise}, {language}: {why}" for why in sorted(cell.skipped_because)]
        told = [str(cell.passed)] if cell.passed else []
        told += [f"{cell.failed} FAILED"] if cell.failed else []
        told += [f"{len(cell.skipped_because)} not"] if cell.skipped_because else []
        return ", ".join(told) or "NOT RUN"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
