"""What a list takes among many executions, and what a Load takes beside it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

from bench import calls, fill, servers
from bench.plan import Plan
from bench.report import Report, number, ratios

from statekeeper.v1.execution_pb2 import (
    STATUS_FAILED,
    STATUS_RUNNING,
    ExecutionKey,
    ExecutionState,
)
from statekeeper.v1.list_pb2 import ListRequest
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import LoadRequest, UpdateRequest

_EXECUTIONS = 1_000_000
_EXECUTIONS_QUICK = 100_000
_RARE = 10
_CALLS = 20
_PAGE = 1_000
_HEAD = ("list", "executions", "median ms", "of a Load")


@dataclass(frozen=True, slots=True)
class _Case:
    label: str
    ask: Callable[[], int]
    took_ms: list[float] = field(default_factory=list)
    found: list[int] = field(default_factory=list)


def run(plan: Plan) -> Report:
    """Measure."""
    executions = _EXECUTIONS_QUICK if plan.quick else _EXECUTIONS
    report = Report(f"Lists among {executions:,} executions of 1 KB")
    folder = plan.folder("listed")
    fill.fill(folder, executions)
    with servers.statekeeper(folder) as server, calls.channel(server.address) as channel:
        stub = StateManagerStub(channel)
        since = datetime.now(UTC)
        rare = _make_rare(stub, executions)
        cases = _cases(stub, since, rare)
        for _ in range(plan.rounds):
            for case in cases:
                _measure(case)
        first = cases[0].took_ms
        rows = [
            [
                case.label,
                f"{case.found[0]:,}",
                number(median(case.took_ms)),
                ratios(case.took_ms, first),
            ]
            for case in cases
        ]
        report.table(_HEAD, rows)
        began = time.perf_counter()
        found = _walk(stub, ListRequest(page_size=_PAGE, fields=["status"]))
        took_s = time.perf_counter() - began
        report.say(
            f"All {found:,} of them, their status alone, on pages of {_PAGE:,}: {took_s:.1f} s, "
            f"{number(took_s / found * 1e6)} us for each."
        )
    return report


def _make_rare(stub: StateManagerStub, executions: int) -> list[str]:
    """Make a few executions differ from the others."""
    names = [fill.execution_id(n * (executions // _RARE)) for n in range(_RARE)]
    for name in names:
        changes = ExecutionState(status=STATUS_FAILED, labels={"team": "a"})
        stub.Update(UpdateRequest(key=ExecutionKey(execution_id=name), changes=changes))
    return names


def _cases(stub: StateManagerStub, since: datetime, rare: list[str]) -> list[_Case]:
    def listing(**fields: object) -> Callable[[], int]:
        request = ListRequest(**fields)  # type: ignore[arg-type]  # by name, from this file
        return lambda: len(stub.List(request).executions)

    def load() -> int:
        stub.Load(LoadRequest(key=ExecutionKey(execution_id=rare[0])))
        return 1

    return [
        _Case("Load of one", load),
        _Case("the status of ten", listing(statuses=[STATUS_FAILED])),
        _Case("the same, status alone", listing(statuses=[STATUS_FAILED], fields=["status"])),
        _Case("a label of ten", listing(labels={"team": "a"})),
        _Case(
            "a frequent status and a label of ten",
            listing(statuses=[STATUS_RUNNING, STATUS_FAILED], labels={"team": "a"}),
        ),
        _Case("the beginning of one id", listing(id_prefix=rare[0])),
        _Case("ten written since", listing(updated_after=since)),
        _Case(
            "ten written since, of a status", listing(updated_after=since, statuses=[STATUS_FAILED])
        ),
        _Case("first page of all, 100", listing()),
        _Case("first page of all, 1,000", listing(page_size=_PAGE)),
    ]


def _measure(case: _Case) -> None:
    took_ms = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        case.found.append(case.ask())
        took_ms.append((time.perf_counter() - began) * 1e3)
    case.took_ms.append(median(took_ms))


def _walk(stub: StateManagerStub, request: ListRequest) -> int:
    found = 0
    while True:
        response = stub.List(request)
        found += len(response.executions)
        if not response.next_page_token:
            return found
        request.page_token = response.next_page_token
