"""`statekeeper restore`."""

from itertools import islice
from pathlib import Path

import click

from statekeeper_cli.connection import json_option
from statekeeper_cli.offline import check_free, problems_in, put_in_place
from statekeeper_cli.output import print_done, print_json
from statekeeper_cli.refusal import RefusedError
from statekeeper_cli.texts import shown

_PROBLEMS_MAX = 100
_PATH = click.Path(path_type=Path)


@click.command("restore")
@click.argument("backup", type=_PATH)
@click.argument("target", metavar="DATA_DIR", type=_PATH)
@json_option
def command(backup: Path, target: Path, *, as_json: bool) -> None:
    """Put a backup in place as the folder DATA_DIR, for a server to be started on.

    The backup is verified first; when something is wrong with it, nothing is done, and the
    exit code is 1. DATA_DIR must not exist, or be empty. No server is asked.
    """
    check_free(target)
    found = list(islice(problems_in(backup, quiet=as_json), _PROBLEMS_MAX))
    if found:
        for problem in found:
            click.echo(shown(problem), err=True)
        raise RefusedError(f"{shown(backup)} is not sound: nothing was restored")
    put_in_place(backup, target, quiet=as_json)
    if as_json:
        print_json({"backup": str(backup), "folder": str(target)})
    else:
        print_done(f"{target} is what {backup} is")
