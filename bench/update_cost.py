"""What it costs to update one entry of 1 KB in states of different sizes."""

from contextlib import ExitStack

from bench import calls, cost, messages, servers
from bench.cost import Row
from bench.plan import Plan
from bench.report import Report

_UPDATES = 200
_UPDATES_QUICK = 50


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("Update of one entry of 1 KB, one caller")
    count = _UPDATES_QUICK if plan.quick else _UPDATES
    with ExitStack() as stack:
        server = stack.enter_context(servers.statekeeper(plan.folder("update"), "--shards=1"))
        channel = stack.enter_context(calls.channel(server.address))
        save = calls.method(channel, messages.SAVE)
        update = calls.method(channel, messages.UPDATE)
        rows = []
        for label, values in cost.states():
            save(messages.save(label, values))
            rows.append(Row(label, update, messages.updates([label])))
        for row in rows:
            # More versions than are kept, so that old ones are removed as ever.
            for _ in range(2 * 64):
                update(next(row.bodies))
        for _ in range(plan.rounds):
            for row in rows:
                row.measure(server, count)
    report.table(cost.HEAD, [row.cells(rows[0]) for row in rows])
    return report
