"""`statekeeper list`."""

import datetime as dt
from itertools import islice

import click

from statekeeper import ExecutionState, Status
from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.output import print_json, print_table

_SHORT = ("current_member", "labels", "schema_version", "start_time")
_PAGE_SIZE_MAX = 1_000


def _read_time(ctx: click.Context, param: click.Parameter, value: str | None) -> dt.datetime | None:
    if value is None:
        return None
    try:
        time = dt.datetime.fromisoformat(value)
    except ValueError as error:
        told = f"{value!r} is no time, as in 2026-11-22 or 2026-11-22T09:15:00Z"
        raise click.BadParameter(told, ctx, param) from error
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


@click.command("list")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([str(status) for status in Status]),
    help="Only those of this status; may be given several times.",
)
@click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only those that have this label; may be given several times.",
)
@click.option("--id-prefix", default="", help="Only those whose ids begin so.")
@click.option(
    "--updated-after",
    metavar="TIME",
    callback=_read_time,
    help="Only those that were written after this time, as in 2026-11-22 or "
    "2026-11-22T09:15:00Z (UTC, unless it says otherwise).",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only so many.")
@click.option("--state", "whole", is_flag=True, help="With --json: the whole states.")
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    statuses: tuple[str, ...],
    labels: tuple[str, ...],
    id_prefix: str,
    updated_after: dt.datetime | None,
    limit: int | None,
    namespace: str,
    whole: bool,
    as_json: bool,
) -> None:
    """List the executions of a namespace."""
    if whole and not as_json:
        raise click.UsageError("--state needs --json: a table has no room for states")
    with connection.client() as client:
        states = islice(
            client.list(
                namespace=namespace,
                status=statuses or None,
                labels=_labels(labels),
                id_prefix=id_prefix,
                updated_after=updated_after,
                fields=None if whole else _SHORT,
                page_size=min(limit or _PAGE_SIZE_MAX, _PAGE_SIZE_MAX),
            ),
            limit,
        )
        if as_json:
            for state in states:
                print_json({"namespace": namespace, **documents.of_state(state)})
        else:
            print_table(
                ("execution", "status", "member", "#version", "updated", "expires", "labels"),
                map(_row, states),
                place=f"the namespace {namespace} that fits",
            )


def _labels(texts: tuple[str, ...]) -> dict[str, str] | None:
    labels = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--label")
        labels[name] = value
    return labels or None


def _row(state: ExecutionState) -> tuple[object, ...]:
    return (
        state.id,
        state.status,
        state.current_member,
        state.version,
        state.update_time,
        state.expire_time or "never",
        " ".join(f"{name}={value}" for name, value in sorted(state.labels.items())),
    )
