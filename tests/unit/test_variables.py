"""B80: variables that look like settings and are none."""

import click

from statekeeper_cli.program import program
from statekeeper_server.config import Config
from statekeeper_server.variables import UnknownVariable, unknown_variables


def test_b80_a_misspelt_variable_is_found_with_what_is_meant() -> None:
    environment = {"STATEKEEPER_DATADIR": "/x", "STATEKEEPER_Q": "1", "STATEKEEPER_PORT": "7460"}

    assert list(unknown_variables(environment)) == [
        UnknownVariable("STATEKEEPER_DATADIR", "STATEKEEPER_DATA_DIR"),
        UnknownVariable("STATEKEEPER_PORT", None),
        UnknownVariable("STATEKEEPER_Q", None),
    ]


def test_settings_and_variables_of_the_commands_are_known() -> None:
    context = click.Context(program)
    commands = [program.get_command(context, name) for name in program.list_commands(context)]
    read = {
        param.envvar
        for command in commands
        if command is not None
        for param in command.params
        if isinstance(param.envvar, str)
    }
    assert len(read) > 1
    settings = {f"STATEKEEPER_{name.upper()}" for name in Config.model_fields}

    assert not list(unknown_variables(dict.fromkeys(read | settings, "x")))


def test_variables_of_others_are_not_told() -> None:
    of_kubernetes = {
        "STATEKEEPER_SERVICE_HOST": "10.0.0.1",
        "STATEKEEPER_SERVICE_PORT_GRPC": "7460",
        "STATEKEEPER_PORT": "tcp://10.0.0.1:7460",
        "STATEKEEPER_PORT_7460_TCP_PORT": "7460",
    }

    assert not list(unknown_variables(of_kubernetes | {"HOME": "/root", "_STATEKEEPER_X": "y"}))
