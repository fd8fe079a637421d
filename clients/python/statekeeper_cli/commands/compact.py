"""`statekeeper compact`."""

import click

from statekeeper.model.server import CompactionProgress
from statekeeper_cli.connection import Connection, connection_options, json_option
from statekeeper_cli.output import print_facts, print_json, progress_bar
from statekeeper_cli.refusal import RefusedError
from statekeeper_cli.sizes import shown_size


@click.command("compact")
@json_option
@connection_options
def command(connection: Connection, *, as_json: bool) -> None:
    """Have a server remove at once all that is due to be forgotten.

    That is what its settings say: what has expired or was deleted, and what is too old of
    the log, of request ids and of superseded values. It is done between what others write;
    interrupted, it ends, and what is removed stays removed.
    """
    last: CompactionProgress | None = None
    with (
        connection.admin() as admin,
        progress_bar("removed", quiet=as_json, unit="rows") as bar,
    ):
        for progress in admin.compact():
            last = progress
            bar.show(sum(_removed(progress).values()), 0)
    if last is None or last.compaction is None:
        raise RefusedError("the server ended the compaction without a word")
    done, removed = last.compaction, _removed(last)
    if as_json:
        print_json(
            {
                **removed,
                "used_bytes_before": done.used_bytes_before,
                "used_bytes_after": done.used_bytes_after,
                "file_bytes": done.file_bytes,
            }
        )
        return
    facts: dict[str, object] = {name.replace("_", " "): n for name, n in removed.items()}
    facts["used before"] = shown_size(done.used_bytes_before)
    facts["used now"] = shown_size(done.used_bytes_after)
    facts["files"] = shown_size(done.file_bytes)
    print_facts(facts)


def _removed(progress: CompactionProgress) -> dict[str, int]:
    return {
        "expired_executions": progress.expired_executions,
        "garbage_rows": progress.garbage_rows,
        "log_rows": progress.log_rows,
        "request_rows": progress.request_rows,
        "history_rows": progress.history_rows,
    }
