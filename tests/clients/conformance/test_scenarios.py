"""Every scenario, with the clients of the languages that were asked for."""

import pytest

from .languages import Language
from .player import Player, UnsupportedError
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
    except UnsupportedError as error:
        language = next(each for each in languages if each.name == error.language)
        if error.command not in language.unsupported:
            raise
        pytest.skip(f"{error.command}: {language.unsupported[error.command]}")
