"""`statekeeper get`."""

import click

from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.moments import found
from statekeeper_cli.output import print_document, print_json


@click.command("get")
@click.argument("execution_id")
@click.option("--revision", type=click.IntRange(min=1), help="As it was right after this revision.")
@click.option("--checkpoint", help="As this checkpoint names it.")
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="FIELD",
    help="Only this: context, context.userId, pauses, ...; may be given several times.",
)
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str,
    revision: int | None,
    checkpoint: str | None,
    fields: tuple[str, ...],
    namespace: str,
    as_json: bool,
) -> None:
    """Show the state of an execution, as it is or was, as a JSON document.

    Bytes are shown as {"base64": "..."}. When there is no state, the exit code is 1.
    """
    if revision is not None and checkpoint is not None:
        raise click.UsageError("--revision and --checkpoint exclude each other")
    with connection.client() as client:
        sm = client.state_manager(execution_id, namespace=namespace)
        state = found(sm, sm.load(revision=revision, checkpoint=checkpoint, fields=fields or None))
    document = {"namespace": namespace, **documents.of_state(state)}
    (print_json if as_json else print_document)(document)
