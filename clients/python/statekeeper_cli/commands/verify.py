"""`statekeeper verify`."""

from itertools import islice
from pathlib import Path

import click

from statekeeper_cli.connection import json_option
from statekeeper_cli.offline import problems_in
from statekeeper_cli.output import print_done, print_json
from statekeeper_cli.texts import shown

_PROBLEMS_MAX = 100


@click.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def command(folder: Path, *, as_json: bool) -> None:
    """Check a data folder or a backup that no server has.

    All pages of its files are looked at, then whether its rows agree with each other. The
    exit code is 1 when something is wrong.
    """
    found = list(islice(problems_in(folder, quiet=as_json), _PROBLEMS_MAX))
    if as_json:
        print_json({"folder": str(folder), "sound": not found, "problems": found})
    else:
        for problem in found:
            click.echo(shown(problem))
        if len(found) == _PROBLEMS_MAX:
            click.echo("... and maybe more")
        if not found:
            print_done(f"{folder} is sound")
    if found:
        raise SystemExit(1)
