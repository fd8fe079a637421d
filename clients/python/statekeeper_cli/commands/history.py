"""`statekeeper history`."""

from itertools import islice
from typing import Any

import click

from statekeeper import Revision
from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_json, print_table


@click.command("history")
@click.argument("execution_id")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, the newest.")
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str,
    limit: int | None,
    namespace: str,
    as_json: bool,
) -> None:
    """Show what happened to an execution, the newest first."""
    with connection.client() as client:
        sm = client.state_manager(execution_id, namespace=namespace)
        changes = islice(sm.list_revisions(), limit)
        if as_json:
            for change in changes:
                print_json(_document(change))
            return
        print_table(
            ("#revision", "#version", "time", "what", "status", "actor", "changed"),
            [
                (
                    change.revision,
                    change.version,
                    change.time,
                    _what(change),
                    change.status,
                    change.actor,
                    ", ".join(change.changed),
                )
                for change in changes
            ],
            place=f"the history of {namespace}/{execution_id}",
        )


def _what(change: Revision) -> str:
    about = change.pause_id or change.checkpoint
    return f"{change.kind} {about}" if about else str(change.kind)


def _document(change: Revision) -> dict[str, Any]:
    document: dict[str, Any] = {
        "revision": change.revision,
        "version": change.version,
        "time": documents.of_time(change.time),
        "kind": str(change.kind),
        "status": None if change.status is None else str(change.status),
        "changed": list(change.changed),
        "actor": change.actor,
    }
    if change.pause_id:
        document["pause_id"] = change.pause_id
    if change.checkpoint:
        document["checkpoint"] = change.checkpoint
    return document
