"""`statekeeper backup`."""

import click

from statekeeper.model.server import Backup
from statekeeper_cli import documents
from statekeeper_cli.connection import Connection, connection_options, json_option
from statekeeper_cli.output import print_done, print_json, progress_bar
from statekeeper_cli.refusal import RefusedError
from statekeeper_cli.sizes import shown_size


@click.command("backup")
@click.argument("name", default="")
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    name: str,
    as_json: bool,
) -> None:
    """Have a server make a backup, while it serves.

    NAME is that of a folder below the server's --backup-dir, on the server's machine; it
    must not exist, or be empty. Without it the server makes one from the time. The folder
    is a data folder, and is there only when all of it is.
    """
    done: Backup | None = None
    with connection.admin() as admin, progress_bar("backup", quiet=as_json) as bar:
        for progress in admin.backup(name):
            bar.show(progress.written_bytes, progress.total_bytes)
            done = progress.backup
    if done is None:
        raise RefusedError("the server ended the backup without a word")
    if as_json:
        print_json(
            {
                "folder": done.folder,
                "snapshot_time": documents.of_time(done.snapshot_time),
                "size_bytes": done.size,
                "last_revisions": list(done.last_revisions),
            }
        )
    else:
        print_done(f"{done.folder} ({shown_size(done.size)})")
