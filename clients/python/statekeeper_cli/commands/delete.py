"""`statekeeper delete`."""

import sys

import click

from statekeeper_cli.connection import (
    Connection,
    actor_option,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_done, print_json
from statekeeper_cli.texts import shown


@click.command("delete")
@click.argument("execution_id")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@actor_option
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str,
    actor: str,
    namespace: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove an execution with its checkpoints, lock, pauses and history.

    It asks first. When nothing is there, that is said, and the exit code is 0.
    """
    name = shown(f"{namespace}/{execution_id}")
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here: say --yes to delete")
        click.confirm(f"Delete {name} and all that belongs to it?", abort=True, err=True)
    with connection.client(actor=actor) as client:
        result = client.state_manager(execution_id, namespace=namespace).delete()
    if as_json:
        print_json(
            {"namespace": namespace, "execution_id": execution_id, "existed": result.existed}
        )
    else:
        print_done(f"deleted {name}" if result.existed else f"{name} was not there")
