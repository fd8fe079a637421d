"""Starting the server: `statekeeper serve`."""

import asyncio
import gc
import os
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

# gRPC's newer event engine costs this server a quarter of its rate (docs/performance.md).
# gRPC reads the variable when it is imported.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_client,-event_engine_listener")
# What goes wrong is told in this server's own words.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import click
import pydantic
import uvloop

from statekeeper_server import native_part
from statekeeper_server.config import Config, load_config
from statekeeper_server.logs import get_logger, set_up_logs
from statekeeper_server.server import Server, StartError
from statekeeper_server.variables import unknown_variables

# By its name as a package: as a program this module is `__main__`, which is not logged.
_log = get_logger("statekeeper_server")

# The event loop and the shards share the interpreter. With the default of 5 ms, each of
# a worker's many short calls into the engine may wait that long to get it back.
_SWITCH_INTERVAL_S = 0.0005
# So many objects may be alive at once in a batch of operations: fewer, and most that is
# looked at is still in use.
_COLLECT_AFTER = (10_000, 20, 20)


def _config_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each field of the configuration."""
    for name, field in reversed(Config.model_fields.items()):
        flag = "--" + name.replace("_", "-")
        if field.annotation is bool:
            option = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=_help(name))
        else:
            option = click.option(
                flag, name, default=None, metavar=_metavar(name), help=_help(name)
            )
        command = option(command)
    return command


def _metavar(name: str) -> str:
    if name.endswith("_dir"):
        return "DIR"
    if name == "listen":
        return "HOST:PORT"
    if name.startswith("tls_"):
        return "FILE"
    return "LEVEL" if name == "log_level" else "N"


def _help(name: str) -> str:
    field = Config.model_fields[name]
    text = field.description or ""
    if field.default is None or isinstance(field.default, bool):
        return text
    shown = field.default
    if isinstance(shown, pydantic.ByteSize):
        shown = shown.human_readable(separator=" ")
    return f"{text} [default: {shown}]"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="statekeeper")
def main() -> None:
    """A durable state service for workflows, over gRPC."""


@main.command()
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    envvar="STATEKEEPER_CONFIG",
    help='A TOML file with any of these settings, as in `listen = "127.0.0.1:7460"`.',
)
@_config_options
def serve(config_file: Path | None, **flags: str | bool | None) -> None:
    """Serve a data folder until SIGTERM or SIGINT, then drain.

    Each setting is a flag, a variable (STATEKEEPER_DATA_DIR for --data-dir) or a line of
    the configuration file; the first of these wins.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        config = load_config(config_file, **given)
    except pydantic.ValidationError as error:
        _fail(*_explain(error))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        _fail(f"{config_file}: {getattr(error, 'strerror', None) or error}")
    if (problem := native_part.problem()) is not None:
        _fail(problem)
    set_up_logs(config.log_level)
    _warn(config)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    try:
        uvloop.run(_serve(config))
    except StartError as error:
        _fail(str(error))


def _warn(config: Config) -> None:
    """Tell of what is not as it should be, but keeps nobody from serving."""
    for variable in unknown_variables(os.environ):
        _log.warning("unknown variable", variable=variable.name, nearest=variable.nearest)
    if config.backup_dir is not None and not config.backup_dir.is_dir():
        # It may be mounted later; until then backups fail.
        _log.warning("no such folder", backup_dir=str(config.backup_dir))


async def _serve(config: Config) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stopping.set)
    server = Server(config)
    await server.start()
    if native_part.absence is not None:
        _log.warning("no native part: saves take twice the CPU", because=native_part.absence)
    _collect_seldom()
    click.echo(f"statekeeper listening on {server.address}")
    await stopping.wait()
    await server.stop()


def _collect_seldom() -> None:
    """Look for garbage in cycles seldom, and not among what stays until the end.

    An operation's objects go by their counts; looking at each of them again and again
    costs a tenth of what it takes to serve them (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _explain(error: pydantic.ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        where = ".".join(map(str, problem["loc"]))
        text = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            text = "there is no such setting"
        elif problem["type"] != "value_error" and where:
            text = f"{text}, not {problem['input']!r}"
        lines.append(f"{where}: {text}" if where else text)
    return lines


def _fail(*problems: str) -> None:
    for problem in problems:
        click.echo(f"statekeeper: {problem}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
