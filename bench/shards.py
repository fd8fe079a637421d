"""Saves with different numbers of shards, to see which number is a good default."""

from contextlib import ExitStack
from functools import partial

from bench import messages, rounds, servers, wire
from bench.plan import Plan
from bench.report import Report
from bench.rounds import Row

_COUNTS = (1, 2, 4)
_CONNECTIONS = 8
_EXECUTIONS_EACH = 16
_WARM_UP_S = 1.0


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("Saves, 1 KB, 128 in flight, by number of shards")
    rows: list[Row] = []
    with ExitStack() as stack:
        for count in _COUNTS:
            server = stack.enter_context(
                servers.statekeeper(
                    plan.folder(f"shards-{count}"), f"--shards={count}", name=f"{count} shards"
                )
            )
            bodies = [
                messages.saves([f"execution-{connection}-{i}" for i in range(_EXECUTIONS_EACH)])
                for connection in range(_CONNECTIONS)
            ]
            drive = partial(wire.drive, server.address, messages.SAVE, bodies)
            drive(duration_s=_WARM_UP_S)
            drive = partial(drive, duration_s=plan.slice_s)
            rows.append(Row("Save", server, drive, rows[0] if rows else None))
        rounds.in_turn(rows, plan.rounds)
    report.table(rounds.HEAD, [row.cells() for row in rows])
    return report
