"""WriteState of a 1 KB value under a schema, and ReadState, against the same Update without one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count, cycle

from bench import calls, messages, rounds, servers, wire
from bench.plan import Plan
from bench.report import Report
from bench.rounds import Row
from bench.servers import Running

from statekeeper.v1.execution_pb2 import ExecutionKey
from statekeeper.v1.shared_state_requests_pb2 import (
    DefineStateRequest,
    MemberAccess,
    ReadStateRequest,
    WriteStateRequest,
)
from statekeeper.v1.value_pb2 import Document, Value

_DEFINE = "/statekeeper.v1.SharedState/DefineState"
_WRITE = "/statekeeper.v1.SharedState/WriteState"
_READ = "/statekeeper.v1.SharedState/ReadState"
_CONNECTIONS = 8
_EXECUTIONS_EACH = 16
# So that entries have more versions than are kept, and old ones are removed as ever.
_WARM_UP_S = 2.0
# That of the document which shared state was first written down in.
_COMPANY = """{"type":"object","properties":{"name":{"type":"string","minLength":1},
"domain":{"type":"string","pattern":"^[a-z0-9-]+\\\\.[a-z]{2,}$"},
"employees":{"type":"number","minimum":1}},"required":["name","domain"]}"""

Bodies = Callable[[list[str]], Iterator[bytes]]


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"Shared state, 1 KB, {_CONNECTIONS} connections x {wire.STREAMS} in flight")
    with ExitStack() as stack:
        server = stack.enter_context(servers.statekeeper(plan.folder("shared-state")))
        ids = [
            [f"execution-{connection}-{number}" for number in range(_EXECUTIONS_EACH)]
            for connection in range(_CONNECTIONS)
        ]
        _define(server, ids)
        rows: list[Row] = []
        for label, method, bodies in _KINDS:
            prepared = [bodies(each) for each in ids]
            wire.drive(server.address, method, prepared, duration_s=_WARM_UP_S)
            drive = partial(wire.drive, server.address, method, prepared, duration_s=plan.slice_s)
            rows.append(Row(label, server, drive, rows[0] if rows else None))
        rounds.in_turn(rows, plan.rounds)
    report.table(rounds.HEAD, [row.cells() for row in rows])
    return report


def _define(server: Running, ids: list[list[str]]) -> None:
    with calls.channel(server.address) as channel:
        define = calls.method(channel, _DEFINE)
        for each in ids:
            for execution_id in each:
                keys = ["company", "plain"]
                request = DefineStateRequest(
                    key=ExecutionKey(execution_id=execution_id),
                    schema={"company": _COMPANY, "plain": '"any"'},
                    members={"fetch": MemberAccess(use=["company"], set=keys)},
                )
                define(request.SerializeToString())


def _company() -> str:
    """A company of 1 KB."""
    start = '{"name":'
    end = ',"domain":"acme.com","employees":10}'
    return start + messages.json_text(messages.VALUE_BYTES - len(start) - len(end)) + end


def _updates(ids: list[str]) -> Iterator[bytes]:
    texts = (_company() for _ in count())
    return cycle([messages.update(name, {"company": next(texts)}) for name in ids * 2])


def _writes(key: str, ids: list[str]) -> Iterator[bytes]:
    return cycle(
        [
            WriteStateRequest(
                key=ExecutionKey(execution_id=execution_id),
                member="fetch",
                updates=Document(entries={key: Value(json=_company())}),
            ).SerializeToString()
            for execution_id in ids * 2
        ]
    )


def _reads(ids: list[str]) -> Iterator[bytes]:
    return cycle(
        [
            ReadStateRequest(
                key=ExecutionKey(execution_id=execution_id), member="fetch"
            ).SerializeToString()
            for execution_id in ids
        ]
    )


_KINDS: tuple[tuple[str, str, Bodies], ...] = (
    ("Update", messages.UPDATE, _updates),
    ("WriteState, no schema", _WRITE, partial(_writes, "plain")),
    ("WriteState, schema of a company", _WRITE, partial(_writes, "company")),
    ("ReadState", _READ, _reads),
)
