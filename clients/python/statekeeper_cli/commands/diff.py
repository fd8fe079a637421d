"""`statekeeper diff`."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from statekeeper import ExecutionState
from statekeeper_cli import documents
from statekeeper_cli.connection import (
    Connection,
    connection_options,
    json_option,
    namespace_option,
)
from statekeeper_cli.moments import NOW, load_at
from statekeeper_cli.output import print_json
from statekeeper_cli.texts import json_text, shown

# What moves with every write is no difference of the state.
_BESIDE = {"revision", "version", "create_time", "update_time", "expire_time", "pauses"}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS = {"added": "green", "removed": "red", "changed": "yellow"}
_ABSENT = object()


class Difference(NamedTuple):
    """Something that is not the same.

    Attributes:
        path: Where: `context.user.name`.
        change: `added`, `removed` or `changed`.
        before: What it was.
        after: What it is.
    """

    path: str
    change: str
    before: Any
    after: Any


@click.command("diff")
@click.argument("execution_id")
@click.argument("before", metavar="FROM")
@click.argument("after", metavar="[TO]", default=NOW)
@namespace_option
@json_option
@connection_options
def command(
    connection: Connection,
    *,
    execution_id: str,
    before: str,
    after: str,
    namespace: str,
    as_json: bool,
) -> None:
    """Show what differs between two states of an execution.

    FROM and TO are revisions (`statekeeper history` shows them), names of checkpoints
    (`checkpoint:7`, where the name is a number), or `now`, which TO is when it is left out.
    """
    with connection.client() as client:
        sm = client.state_manager(execution_id, namespace=namespace)
        was, is_ = (_comparable(load_at(sm, moment)) for moment in (before, after))
    for difference in differences(was, is_):
        if as_json:
            told = difference._asdict()
            print_json({name: told[name] for name in told if told[name] is not _ABSENT})
        else:
            _print(difference)


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """What differs between two values of JSON; lists are compared as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            inside = f"{path}.{name}" if path else name
            yield from differences(before.get(name, _ABSENT), after.get(name, _ABSENT), inside)
    elif before is _ABSENT:
        yield Difference(path, "added", before, after)
    elif after is _ABSENT:
        yield Difference(path, "removed", before, after)
    elif json.dumps(before) != json.dumps(after):
        # As text: 1, 1.0 and true are equal in Python.
        yield Difference(path, "changed", before, after)


def _comparable(state: ExecutionState) -> dict[str, Any]:
    facts = documents.of_state(state)
    return {name: value for name, value in facts.items() if name not in _BESIDE}


def _print(difference: Difference) -> None:
    values = [value for value in difference[2:] if value is not _ABSENT]
    text = " -> ".join(json_text(value) for value in values)
    line = f"{_SIGNS[difference.change]} {shown(difference.path)}: {text}"
    click.secho(line, fg=_COLOURS[difference.change])
