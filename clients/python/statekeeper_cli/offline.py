"""Work on data folders that no server has. Needs the server to be installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from statekeeper_cli.output import progress_bar
from statekeeper_server.folder_format import FolderError
from statekeeper_server.restoration import check_target, restore
from statekeeper_server.verification import problems_of


def problems_in(folder: Path, *, quiet: bool) -> Iterator[str]:
    """What is wrong with a folder, with a bar while it is looked for."""
    with _wrong_use(), progress_bar("verify", quiet=quiet, unit="rows") as bar:
        yield from problems_of(folder, lambda what, done, total: bar.show(done, total, what))


def check_free(target: Path) -> None:
    """Refuse a target that is there already."""
    with _wrong_use():
        check_target(target)


def put_in_place(backup: Path, target: Path, *, quiet: bool) -> None:
    """Copy a backup, with a bar."""
    with _wrong_use(), progress_bar("restore", quiet=quiet) as bar:
        restore(backup, target, bar.show)


@contextmanager
def _wrong_use() -> Iterator[None]:
    try:
        yield
    except FolderError as error:
        raise click.UsageError(str(error)) from error
