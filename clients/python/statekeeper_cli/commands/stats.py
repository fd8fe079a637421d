"""`statekeeper stats`."""

import datetime as dt
from typing import Any

import click

from statekeeper.model.server import Figures, ServerStats
from statekeeper_cli import documents
from statekeeper_cli.connection import Connection, connection_options, json_option
from statekeeper_cli.output import print_facts, print_json, print_table
from statekeeper_cli.sizes import shown_size

_COLUMNS = (
    "shard",
    "in service",
    "#last revision",
    "#executions",
    "#file",
    "#used",
    "#limit",
    "#readers",
    "#oldest",
    "#writes waiting",
    "#bytes waiting",
    "#lock waiters",
)


@click.command("stats")
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    as_json: bool,
) -> None:
    """Show how a server and each of its shards stand."""
    with connection.admin() as admin:
        stats = admin.stats()
    if as_json:
        print_json(_document(stats))
        return
    print_facts(
        {
            "version": stats.server_version,
            "folder format": stats.folder_format,
            "serving since": stats.start_time,
            "uptime": dt.timedelta(seconds=round(stats.uptime.total_seconds())),
            "backups": "allowed" if stats.backups_allowed else "not allowed (no --backup-dir)",
        }
    )
    click.echo()
    rows: list[tuple[object, ...]] = [
        (
            shard.shard,
            "yes" if shard.in_service else "NO",
            shard.last_revision,
            *_cells(shard.figures),
        )
        for shard in stats.shards
    ]
    print_table(_COLUMNS, [*rows, ("total", "", "", *_cells(stats.total))])


def _cells(figures: Figures) -> tuple[object, ...]:
    age = figures.oldest_reader_age
    return (
        figures.executions,
        shown_size(figures.file_bytes),
        shown_size(figures.used_bytes),
        shown_size(figures.limit_bytes),
        figures.readers,
        "" if age is None else f"{age.total_seconds():.1f} s",
        figures.waiting_operations,
        figures.waiting_bytes,
        figures.lock_waiters,
    )


def _document(stats: ServerStats) -> dict[str, Any]:
    return {
        "server_version": stats.server_version,
        "folder_format": stats.folder_format,
        "start_time": documents.of_time(stats.start_time),
        "uptime_s": stats.uptime.total_seconds(),
        "backups_allowed": stats.backups_allowed,
        "shards": [
            {
                "shard": shard.shard,
                "in_service": shard.in_service,
                "last_revision": shard.last_revision,
                **_figures(shard.figures),
            }
            for shard in stats.shards
        ],
        "total": _figures(stats.total),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    age = figures.oldest_reader_age
    return {
        "executions": figures.executions,
        "file_bytes": figures.file_bytes,
        "used_bytes": figures.used_bytes,
        "limit_bytes": figures.limit_bytes,
        "readers": figures.readers,
        "oldest_reader_age_s": None if age is None else age.total_seconds(),
        "waiting_operations": figures.waiting_operations,
        "waiting_bytes": figures.waiting_bytes,
        "lock_waiters": figures.lock_waiters,
    }
