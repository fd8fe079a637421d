"""Saves of 1 KB by 64 callers of each language's client, beside etcd's client for Go."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench import process, rounds, servers
from bench.plan import Plan
from bench.report import Report, number
from bench.rounds import Row
from bench.servers import Running
from bench.wire import Driven
from tests.clients.conformance.driver import Driver, DriverFaultError, ToolchainMissingError, build
from tests.clients.conformance.languages import Language, read_languages

_CALLERS = 64
# The first calls of a client that is compiled while it runs are not what it can do.
_WARM_UP_S = 3.0
_ANSWER_S_MAX = 120.0
_HEAD = (*rounds.HEAD, "client CPU us/call")
_ETCD_CLIENT = Path(__file__).with_name("etcd_client")


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report(f"Clients of all languages, {_CALLERS} callers, 1 KB")
    with ExitStack() as stack:
        rows: list[_ClientRow] = []
        peer = _etcd(plan, report, stack)
        if peer is not None:
            rows.append(peer)
        own = stack.enter_context(servers.statekeeper(plan.folder("clients")))
        for language in read_languages().values():
            driver = _driver(language, report, stack)
            if driver is not None:
                rows.append(_ClientRow(f"save, {language.name}", own, driver, plan, peer))
        for each in rows:
            each.warm_up()
        rounds.in_turn([each.row for each in rows], plan.rounds)
        report.table(_HEAD, [each.cells() for each in rows])
    return report


class _ClientRow:
    """A client, and the CPU time that it takes itself."""

    def __init__(
        self, label: str, server: Running, driver: Driver, plan: Plan, peer: "_ClientRow | None"
    ) -> None:
        against = None if peer is None else peer.row
        self.row: Row = Row(label, server, partial(self._drive, plan.slice_s), against)
        self._driver = driver
        self._cpu_us: list[float] = []

    def warm_up(self) -> None:
        """Have the client do what it will be measured at."""
        self._drive(_WARM_UP_S)
        self._cpu_us.clear()

    def cells(self) -> list[str]:
        """What was found; the columns are _HEAD."""
        return [*self.row.cells(), number(median(self._cpu_us))]

    def _drive(self, duration_s: float) -> Driven:
        command = {"do": "measure", "target": self.row.server.address, "callers": _CALLERS}
        before = sum(process.family_cpu(self._driver.pid))
        answer = self._driver.do({**command, "seconds": duration_s}, _ANSWER_S_MAX)
        if "result" not in answer:
            raise RuntimeError(f"{self._driver.name}: {answer}")
        calls, seconds = answer["result"]["calls"], answer["result"]["seconds"]
        used_s = sum(process.family_cpu(self._driver.pid)) - before
        self._cpu_us.append(used_s / max(calls, 1) * 1e6)
        return Driven(calls / seconds, calls)


def _etcd(plan: Plan, report: Report, stack: ExitStack) -> _ClientRow | None:
    if not servers.has_etcd():
        report.say(servers.NO_ETCD)
        return None
    if shutil.which("go") is None:
        report.say("Left out: etcd's client for Go: go is not installed.")
        return None
    program = plan.folder("etcd-client")
    build_etcd = ["go", "build", "-o", str(program), "."]
    subprocess.run(build_etcd, check=True, cwd=_ETCD_CLIENT)
    etcd = stack.enter_context(servers.etcd(plan.folder("clients-etcd")))
    driver = stack.enter_context(_running("etcd's Go client", program))
    return _ClientRow("Put, etcd's client for Go", etcd, driver, plan, None)


def _driver(language: Language, report: Report, stack: ExitStack) -> Driver | None:
    try:
        build(language)
    except ToolchainMissingError as missing:
        report.say(f"Left out: {language.name}: {missing}.")
        return None
    return stack.enter_context(_running(language.name, language.run))


@contextmanager
def _running(name: str, run: Path) -> Iterator[Driver]:
    driver = Driver(name, run)
    try:
        yield driver
    finally:
        if driver.end() != 0:
            raise DriverFaultError(f"the driver of {name} has not ended well")
