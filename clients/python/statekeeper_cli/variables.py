"""Environment variables that are nearly those of a command."""

import difflib
import os

import click

_PREFIX = "STATEKEEPER_"
# The settings of a server may be there as well: only what is very like a variable is told.
_LIKENESS = 0.8


def warn_of_misspelt_variables(command: click.Command) -> None:
    """Says on standard error which variables are misspelt, and so are not read."""
    known = [each.envvar for each in command.params if isinstance(each.envvar, str)]
    names = [variable.removeprefix(_PREFIX) for variable in known]
    for variable in sorted(os.environ):
        if not variable.startswith(_PREFIX) or variable in known:
            continue
        near = difflib.get_close_matches(
            variable.removeprefix(_PREFIX), names, n=1, cutoff=_LIKENESS
        )
        if near:
            click.echo(
                f"statekeeper: warning: {variable} is not read: {_PREFIX}{near[0]} is", err=True
            )
