"""The suite's options, the drivers and servers of a run, and the table at its end."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from .languages import Language, read_languages
from .pool import Drivers
from .promises import read_promises
from .scenarios import Scenario, read_scenarios
from .servers import Servers
from .table import Outcome, Table

_LANGUAGE_DEFAULT = "python"
_ABOUT = "conformance"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options of the suite."""
    group = parser.getgroup("conformance")
    group.addoption(
        "--language",
        action="append",
        choices=list(read_languages()),
        help="a language whose client is tested; may be given again (default: python)",
    )
    group.addoption("--table", action="store_true", help="show what was proved in the end")
    group.addoption("--write-table", action="store_true", help="and write it into table.md")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes a test of each scenario and language, or pair of languages."""
    if "scenario" not in metafunc.fixturenames:
        return
    # Where the suite is run among others, its options are not known.
    names = metafunc.config.getoption("--language", default=None) or [_LANGUAGE_DEFAULT]
    known = read_languages()
    singles = [(known[name],) for name in names]
    # Where there is one language, two programs of it.
    pairs = list(permutations([known[name] for name in names], 2)) or [singles[0] * 2]
    cases = [
        pytest.param(each, group, id=f"{each.name} - {' and '.join(one.name for one in group)}")
        for each in read_scenarios()
        for group in (singles if each.languages == 1 else pairs)
    ]
    metafunc.parametrize(("scenario", "languages"), cases)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of this run."""
    made = Servers(tmp_path_factory.mktemp("conformance"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def drivers() -> Iterator[Drivers]:
    """The drivers of this run."""
    started = Drivers()
    yield started
    started.close()


@pytest.fixture
def told(
    scenario: Scenario, languages: tuple[Language, ...], request: pytest.FixtureRequest
) -> None:
    """Tells the table what a test is about."""
    about = [list(scenario.promises), [each.name for each in languages]]
    request.node.user_properties.append((_ABOUT, about))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Shows the table."""
    if not (config.getoption("--table") or config.getoption("--write-table")):
        return
    table = Table(read_promises(), read_scenarios())
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                _note(table, report)
    terminalreporter.section("conformance")
    terminalreporter.write_line(table.text())
    if config.getoption("--write-table"):
        table.write()


def _note(table: Table, report: pytest.TestReport) -> None:
    about: Any = dict(report.user_properties).get(_ABOUT)
    if about is not None and (report.when == "call" or not report.passed):
        promises, languages = about
        table.note(promises, languages, _outcome(report))


def _outcome(report: pytest.TestReport) -> Outcome:
    if not report.skipped:
        return Outcome(passed=report.passed)
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return Outcome(passed=False, skipped_because=why.removeprefix("Skipped: "))
