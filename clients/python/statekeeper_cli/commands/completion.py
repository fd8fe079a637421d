"""`statekeeper completion`."""

import click
from click.shell_completion import get_completion_class

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete these commands.

    For bash, in ~/.bashrc: eval "$(statekeeper completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click knows no {shell}")
    program = context.find_root().command
    click.echo(kind(program, {}, "statekeeper", "_STATEKEEPER_COMPLETE").source())
