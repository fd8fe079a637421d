"""The program: its commands, and what they exit with.

A command is imported when it is used, so that `serve` sets up gRPC as it needs it, and
the others do not wait for what they do not use.

Exit codes: 0 done; 1 the service said no, and the reason is printed; 2 wrong use.
"""

import errno
import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from statekeeper.errors import StateError
from statekeeper_cli.refusal import RefusedError

_WRONG_USE = 2


class _Entry(NamedTuple):
    """Where a command is, and what it does in a line."""

    module: str
    help: str
    needs_server: bool = False
    attribute: str = "command"


_COMMANDS: Mapping[str, _Entry] = {
    "serve": _Entry(
        "statekeeper_server.__main__", "Serve a data folder.", needs_server=True, attribute="serve"
    ),
    "list": _Entry("list", "List the executions of a namespace."),
    "get": _Entry("get", "Show the state of an execution, as it is or was."),
    "history": _Entry("history", "Show what happened to an execution."),
    "diff": _Entry("diff", "Show what differs between two states of an execution."),
    "watch": _Entry("watch", "Show what happens, as it happens."),
    "pauses": _Entry("pauses", "List what waits for an answer."),
    "resume": _Entry("resume", "Answer a pause."),
    "checkpoint": _Entry("checkpoint", "Give the state of an execution a name."),
    "checkpoints": _Entry("checkpoints", "List the checkpoints of an execution."),
    "restore-checkpoint": _Entry("restore_checkpoint", "Bring the state of a checkpoint back."),
    "delete": _Entry("delete", "Remove an execution and all that belongs to it."),
    "stats": _Entry("stats", "Show how a server stands."),
    "backup": _Entry("backup", "Have a server make a backup, while it serves."),
    "compact": _Entry("compact", "Have a server remove at once what is due to be forgotten."),
    "restore": _Entry("restore", "Put a backup in place as a data folder.", needs_server=True),
    "verify": _Entry("verify", "Check a data folder or a backup.", needs_server=True),
    "completion": _Entry("completion", "Print what makes a shell complete these commands."),
}


class _Program(click.Group):
    """Imports commands when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command."""
        del ctx
        entry = _COMMANDS.get(cmd_name)
        return None if entry is None else _load(cmd_name, entry)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """By the table, so that the list is there at once."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command; what the service refuses is told, and is exit code 1."""
        try:
            return super().invoke(ctx)
        except StateError as error:
            raise RefusedError(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read has seen enough, as click knows
            where = error.filename or "standard output"
            raise RefusedError(f"{where}: {error.strerror or error}") from error


def _load(name: str, entry: _Entry) -> click.Command:
    path = entry.module if "." in entry.module else f"statekeeper_cli.commands.{entry.module}"
    try:
        command: click.Command = getattr(importlib.import_module(path), entry.attribute)
    except ModuleNotFoundError as error:
        if not entry.needs_server:
            raise
        return _missing(name, entry, error)
    return command


def _missing(name: str, entry: _Entry, error: ModuleNotFoundError) -> click.Command:
    """Stands for a command whose needs are not installed."""

    def say() -> None:
        click.echo(
            f"statekeeper: {name} needs pip install 'statekeeper[server]' ({error})", err=True
        )
        raise SystemExit(_WRONG_USE)

    anything = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(name, callback=say, help=entry.help, context_settings=anything)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="statekeeper")
def program() -> None:
    """A durable state service for workflows, over gRPC.

    Exit codes: 0 done, 1 the service said no (the reason is printed), 2 wrong use.
    """
