"""`statekeeper checkpoints`."""

import click

from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_json, print_table


@click.command("checkpoints")
@click.argument("execution_id")
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str,
    namespace: str,
    as_json: bool,
) -> None:
    """List the checkpoints of an execution, the oldest first."""
    with connection.client() as client:
        checkpoints = client.state_manager(execution_id, namespace=namespace).list_checkpoints()
    if as_json:
        for each in checkpoints:
            print_json(
                {
                    "name": each.name,
                    "revision": each.revision,
                    "time": documents.of_time(each.timestamp),
                    "actor": each.actor,
                }
            )
        return
    print_table(
        ("name", "#revision", "time", "actor"),
        [(each.name, each.revision, each.timestamp, each.actor) for each in checkpoints],
        place=f"the checkpoints of {namespace}/{execution_id}",
    )
