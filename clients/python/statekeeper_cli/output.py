"""What commands print: tables for people, JSON for programs."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from statekeeper_cli.texts import json_text, shown

# Nothing is cut or wrapped where nobody looks at it.
_WIDTH_OF_A_FILE = 100_000
_STYLES = {
    "running": "cyan",
    "waiting": "yellow",
    "paused": "yellow",
    "overdue": "red",
    "completed": "green",
    "failed": "red",
}


def print_json(value: object) -> None:
    """Prints one JSON document on one line."""
    click.echo(json_text(value))


def print_document(value: object) -> None:
    """Prints JSON for people to read."""
    click.echo(json_text(value, indent=2))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, place: str = ""
) -> None:
    """Prints a table; columns that begin with `#` are numbers.

    Where there are no rows, that is said on standard error, with the place that was looked
    at: it may be the wrong one.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        justify: Any = "right" if column.startswith("#") else "left"
        table.add_column(column.removeprefix("#"), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    _print(table)
    if place and not table.row_count:
        click.echo(f"statekeeper: there is nothing in {shown(place)}", err=True)


def print_facts(facts: Mapping[str, object]) -> None:
    """Prints what is known of one thing, a line for each fact that is there."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in (None, ""):
            table.add_row(name, _cell(value))
    _print(table)


def print_done(sentence: str) -> None:
    """Says what was done."""
    click.echo(shown(sentence))


@contextmanager
def progress_bar(
    what: str, *, quiet: bool, unit: Literal["bytes", "rows"] = "bytes"
) -> Iterator["Bar"]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True)
        if unit == "bytes"
        else TextColumn("{task.completed:,} rows"),
        TimeRemainingColumn(),
    )
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        yield Bar(progress, what)


class Bar:
    """How far something has come."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=None)

    def show(self, done: int, total: int, what: str | None = None) -> None:
        """Shows it; a total of 0 is not known."""
        self._progress.update(self._task, completed=done, total=total or None, description=what)


def _cell(value: object) -> Text:
    # As Text, or rich takes [what stands so] for markup.
    text = shown(value)
    return Text(text, style=_STYLES.get(text, ""))


def _print(table: Table) -> None:
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_FILE
    Console(highlight=False, width=width).print(table)
