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
    try:
        Player(scenario, drivers.get(languages), server, tls).play()
    except (ScenarioFailedError, DriverFaultError) as error:
        pytest.fail(str(error), pytrace=False)
    except UnsupportedError as error:
        language = next(each for each in languages if each.name == error.language)
        if error.command not in language.unsupported:
            pytest.fail(str(error), pytrace=False)
        pytest.skip(f"{error.command}: {language.unsupported[error.command]}")
