"""`statekeeper watch`."""

from collections.abc import Callable
from contextlib import closing, suppress
from itertools import islice
from typing import Any, Literal, cast

import click

from statekeeper import EventKind, Watch, WatchEvent
from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.interrupts import read_apart
from statekeeper_cli.output import print_json
from statekeeper_cli.texts import shown

_KINDS = [str(kind) for kind in EventKind if kind is not EventKind.UNKNOWN]
_MEANS = {"failed": "red", "completed": "green", "paused": "yellow", "waiting": "yellow"}


@click.command("watch")
@click.argument("execution_id", required=False)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(_KINDS),
    help="Only events of this kind; may be given several times.",
)
@click.option("--id-prefix", default="", help="Of a namespace: only executions whose ids begin so.")
@click.option("--snapshot", is_flag=True, help="Begin with what is there.")
@click.option(
    "--after-revision",
    type=click.IntRange(min=0),
    help="Of an execution: begin after this revision; 0: with the first that is kept.",
)
@click.option("--resume-token", help="Go on where an earlier watch was (--json shows its tokens).")
@click.option(
    "--include",
    type=click.Choice(["head", "changes", "state"]),
    default="head",
    show_default=True,
    help="With --json: what to tell of the values.",
)
@click.option("--limit", type=click.IntRange(min=1), help="End after so many events.")
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str | None,
    kinds: tuple[str, ...],
    id_prefix: str,
    snapshot: bool,
    after_revision: int | None,
    resume_token: str | None,
    include: str,
    limit: int | None,
    namespace: str,
    as_json: bool,
) -> None:
    """Show what happens to an execution, or in a namespace, as it happens.

    It goes on until it is interrupted, or has shown --limit events. A server that restarts
    is waited for, and nothing is missed.
    """
    if execution_id is None and after_revision is not None:
        raise click.UsageError("--after-revision needs an EXECUTION_ID")
    if execution_id is not None and id_prefix:
        raise click.UsageError("--id-prefix is for a namespace, not for one execution")
    if include != "head" and not as_json:
        raise click.UsageError("--include needs --json: a line has no room for values")
    options: dict[str, Any] = {
        "kinds": kinds or None,
        "snapshot": snapshot,
        "resume_token": resume_token,
        "include": cast("Literal['head', 'changes', 'state']", include),
    }

    def begin() -> Watch:
        if execution_id is None:
            return client.watch(namespace=namespace, id_prefix=id_prefix, **options)
        sm = client.state_manager(execution_id, namespace=namespace)
        return sm.watch(after_revision=after_revision, **options)

    tell: Callable[[WatchEvent], None] = _print_json if as_json else _print
    # To interrupt it is how it ends.
    with (
        suppress(KeyboardInterrupt),
        connection.client() as client,
        closing(read_apart(begin, client.close)) as events,
    ):
        for event in islice(events, limit):
            tell(event)


def _print(event: WatchEvent) -> None:
    about = event.pause_id or event.checkpoint or event.owner
    status = "" if event.status is None else str(event.status)
    words = [
        shown(event.time),
        shown(event.execution_id),
        str(event.revision or ""),
        f"{event.kind} {about}" if about else str(event.kind),
        click.style(status, fg=_MEANS.get(status)),
        event.actor and f"by {shown(event.actor)}",
        shown(", ".join(event.changed)),
    ]
    click.echo("  ".join(word for word in words if word))


def _print_json(event: WatchEvent) -> None:
    document: dict[str, Any] = {
        "kind": str(event.kind),
        "namespace": event.namespace,
        "execution_id": event.execution_id,
        "revision": event.revision,
        "execution_revision": event.execution_revision,
        "version": event.version,
        "time": documents.of_time(event.time),
        "status": None if event.status is None else str(event.status),
        "changed": list(event.changed),
        "actor": event.actor,
        "resume_token": event.resume_token,
    }
    for name in ("pause_id", "checkpoint", "owner"):
        if getattr(event, name):
            document[name] = getattr(event, name)
    if event.changes is not None:
        document["changes"] = documents.of_changes(event.changes)
        document["removed"] = list(event.removed)
    if event.state is not None:
        document["state"] = documents.of_state(event.state)
    if event.values_missing:
        document["values_missing"] = True
    print_json(document)
