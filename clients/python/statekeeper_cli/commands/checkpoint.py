"""`statekeeper checkpoint`."""

import click

from statekeeper_cli.connection import (
    Connection,
    actor_option,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_done, print_json


@click.command("checkpoint")
@click.argument("execution_id")
@click.argument("name")
@actor_option
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str,
    name: str,
    actor: str,
    namespace: str,
    as_json: bool,
) -> None:
    """Give the state of an execution, as it is now, a NAME; one of that name is replaced."""
    with connection.client(actor=actor) as client:
        result = client.state_manager(execution_id, namespace=namespace).checkpoint(name)
    if as_json:
        print_json(
            {
                "namespace": namespace,
                "execution_id": execution_id,
                "checkpoint": name,
                "revision": result.revision,
            }
        )
    else:
        print_done(f"{name} names {namespace}/{execution_id} at revision {result.revision}")
