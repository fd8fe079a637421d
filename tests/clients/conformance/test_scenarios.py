"""Every scenario, with the clients of the languages that were asked for."""

import pytest

from .driver import DriverFaultError
from .languages import Language
from .player import Player, ScenarioFailedError, UnsupportedError
from .pool import Drivers
from .scenarios import Scenario
from .servers import Servers


@pytest.mark.usefixtures("told")
def test_scenario(
    scenario: Scenario, languages: tuple[Language, ...], drivers: Drivers, servers: Servers
) -> None:
    server = servers.get(scenario.server)
    tls = servers.tls_files(scenario.server)
    reasons = {each.name: each.unsupported.get(scenario.name) for each in languages}
    problem = ""
    try:
        Player(scenario, drivers.get(languages), server, tls).play()
    except UnsupportedError as error:
        if (why := reasons[error.language]) is not None:
            pytest.skip(f"{scenario.name}: {why}")
        problem = str(error)
    except (ScenarioFailedError, DriverFaultError) as error:
        problem = str(error)
    # Without the runner's own code, which has nothing to do with it.
    if problem:
        pytest.fail(problem, pytrace=False)
