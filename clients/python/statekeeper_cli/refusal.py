"""What ends a command with exit code 1."""

from typing import IO, Any

import click

from statekeeper_cli.texts import shown


class RefusedError(click.ClickException):
    """The service said no, or what was looked at is not sound; the message says why."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints why."""
        click.echo(f"statekeeper: {shown(self.message)}", file=file, err=True)
