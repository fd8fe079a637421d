"""Where the service is: options that the commands share, and the clients they give."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import grpc

from statekeeper import Client
from statekeeper.admin import Admin
from statekeeper.arguments import checked_target
from statekeeper.errors import InvalidRequestError
from statekeeper.requests.execution import NAMESPACE_DEFAULT
from statekeeper.transport import TARGET_DEFAULT, TIMEOUT_DEFAULT
from statekeeper_cli.variables import warn_of_misspelt_variables

_F = TypeVar("_F", bound=Callable[..., Any])


def _read_target(ctx: click.Context, param: click.Parameter, value: str) -> str:
    try:
        return checked_target(value)
    except InvalidRequestError as error:
        raise click.BadParameter(error.fields[0][1], ctx, param) from error


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--target",
        envvar="STATEKEEPER_TARGET",
        show_envvar=True,
        default=TARGET_DEFAULT,
        show_default=True,
        metavar="HOST:PORT",
        callback=_read_target,
        help="The server.",
    ),
    click.option(
        "--timeout",
        envvar="STATEKEEPER_TIMEOUT",
        type=click.FloatRange(min=0, min_open=True),
        default=TIMEOUT_DEFAULT.total_seconds(),
        show_default=True,
        metavar="SECONDS",
        help="How long a call may take.",
    ),
    click.option(
        "--tls",
        is_flag=True,
        envvar="STATEKEEPER_CLIENT_TLS",
        help="Talk TLS; the system says which certificates are trusted.",
    ),
    click.option(
        "--tls-ca",
        type=_FILE,
        envvar="STATEKEEPER_CLIENT_TLS_CA",
        metavar="FILE",
        help="Talk TLS; trust what this CA has signed, PEM.",
    ),
    click.option(
        "--tls-cert",
        type=_FILE,
        envvar="STATEKEEPER_CLIENT_TLS_CERT",
        metavar="FILE",
        help="Talk TLS; show this certificate, PEM.",
    ),
    click.option(
        "--tls-key",
        type=_FILE,
        envvar="STATEKEEPER_CLIENT_TLS_KEY",
        metavar="FILE",
        help="The certificate's private key, PEM.",
    ),
)

namespace_option = click.option(
    "--namespace",
    envvar="STATEKEEPER_NAMESPACE",
    show_envvar=True,
    default=NAMESPACE_DEFAULT,
    show_default=True,
    help="The namespace; an empty one is the default.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs; lists a line for each."
)
actor_option = click.option("--actor", default="", help="Who does this, for the history.")


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the server."""

    target: str
    timeout_s: float
    credentials: grpc.ChannelCredentials | None

    @contextmanager
    def client(self, *, actor: str = "") -> Iterator[Client]:
        """A client of executions."""
        with Client(
            self.target, credentials=self.credentials, timeout=self.timeout_s, actor=actor
        ) as client:
            yield client

    @contextmanager
    def admin(self) -> Iterator[Admin]:
        """A client of the server itself."""
        with Admin(self.target, credentials=self.credentials, timeout=self.timeout_s) as admin:
            yield admin


def connection_options(command: _F) -> Callable[..., Any]:
    """Gives a command the options of a connection, and the connection as its first argument."""

    @wraps(command)
    def connected(
        target: str,
        timeout: float,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        *arguments: Any,
        tls: bool,
        **options: Any,
    ) -> Any:
        warn_of_misspelt_variables(click.get_current_context().command)
        credentials = None
        if tls or tls_ca or tls_cert or tls_key:
            credentials = _credentials(tls_ca, tls_cert, tls_key)
        return command(Connection(target, timeout, credentials), *arguments, **options)

    for option in reversed(_OPTIONS):
        connected = option(connected)
    return connected


def _credentials(
    ca: Path | None, certificate: Path | None, key: Path | None
) -> grpc.ChannelCredentials:
    if (certificate is None) != (key is None):
        raise click.UsageError("--tls-cert and --tls-key must be given together")

    def read(path: Path | None) -> bytes | None:
        return None if path is None else path.read_bytes()

    return grpc.ssl_channel_credentials(
        root_certificates=read(ca), private_key=read(key), certificate_chain=read(certificate)
    )
