"""`statekeeper pauses`."""

from itertools import islice

import click

from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_json, print_table


@click.command("pauses")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, the oldest.")
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    limit: int | None,
    namespace: str,
    as_json: bool,
) -> None:
    """List what waits for an answer, the oldest first.

    Answer with `statekeeper resume --execution EXECUTION --pause PAUSE`. Tokens are not
    shown: only who paused has them.
    """
    with connection.client() as client:
        pauses = islice(client.list_pauses(namespace=namespace), limit)
        if as_json:
            for pause in pauses:
                print_json({"namespace": namespace, **documents.of_pause(pause)})
            return
        print_table(
            ("execution", "pause", "status", "member", "since", "expires", "reason"),
            [
                (
                    pause.execution_id,
                    pause.pause_id,
                    pause.status,
                    pause.member,
                    pause.create_time,
                    pause.expire_time,
                    pause.reason,
                )
                for pause in pauses
            ],
            place=f"the namespace {namespace}",
        )
