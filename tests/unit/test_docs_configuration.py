"""The page of settings says what the settings are."""

import runpy
from pathlib import Path

_SETTINGS = Path(__file__).parents[2] / "docs" / "settings.py"


def test_the_table_of_settings_is_that_of_the_configuration() -> None:
    settings = runpy.run_path(str(_SETTINGS))
    page = settings["PAGE"].read_text()
    assert page == settings["with_table"](page), "docs/configuration.md is outdated: make gen"
