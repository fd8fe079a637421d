"""What a checkpoint costs in states of different sizes, and what many of them cost updates."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

from bench import calls, cost, messages, servers
from bench.cost import Row
from bench.plan import Plan
from bench.report import Report

_CALLS = 200
_CALLS_QUICK = 50
_CHECKPOINTS = 1_000
# Checkpoints of these names replace each other, as they do where they are made in a loop.
_NAMES = 16


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("Checkpoints, one caller")
    calls_each = _CALLS_QUICK if plan.quick else _CALLS
    with ExitStack() as stack:
        limit = f"--checkpoints-max={_CHECKPOINTS + _NAMES}"
        folder = plan.folder("checkpoints")
        server = stack.enter_context(servers.statekeeper(folder, "--shards=1", limit))
        channel = stack.enter_context(calls.channel(server.address))
        save = calls.method(channel, messages.SAVE)
        update = calls.method(channel, messages.UPDATE)
        checkpoint = calls.method(channel, messages.CHECKPOINT)
        made = []
        for label, values in cost.states():
            save(messages.save(label, values))
            made.append(Row(f"checkpoint of {label}", checkpoint, _checkpoints(label)))
        updated = []
        for label, checkpoints in (("none", 0), ("many", _CHECKPOINTS)):
            save(messages.save(label, {"state": messages.json_text()}))
            row = Row(f"update with {checkpoints:,} checkpoints", update, messages.updates([label]))
            for number in range(_CHECKPOINTS):
                # Each of another state, so that each keeps a version of the entry.
                update(next(row.bodies))
                if checkpoints:
                    checkpoint(messages.checkpoint(label, f"kept-{number}"))
            updated.append(row)
        for _ in range(plan.rounds):
            for row in (*made, *updated):
                row.measure(server, calls_each)
    cells = [row.cells(made[0]) for row in made]
    report.table(cost.HEAD, cells + [row.cells(updated[0]) for row in updated])
    return report


def _checkpoints(label: str) -> Iterator[bytes]:
    return (messages.checkpoint(label, f"name-{number % _NAMES}") for number in count())
