"""Environment variables that look like settings and are none."""

import difflib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from statekeeper_server import native_part
from statekeeper_server.config import Config

_PREFIX = "STATEKEEPER_"
# The file of settings, the switch of the native part, and what the operator's commands read.
_BESIDE = (
    "CONFIG",
    native_part.VARIABLE.removeprefix(_PREFIX),
    "TARGET",
    "NAMESPACE",
    "TIMEOUT",
    "CLIENT_TLS",
    "CLIENT_TLS_CA",
    "CLIENT_TLS_CERT",
    "CLIENT_TLS_KEY",
)
# Kubernetes tells every container of a service called `statekeeper` by these.
_KUBERNETES = ("SERVICE_HOST", "SERVICE_PORT", "PORT_")
_KUBERNETES_PORT = ("tcp://", "udp://", "sctp://")


class UnknownVariable(NamedTuple):
    """A variable that nothing reads.

    Attributes:
        name: Its name.
        nearest: The variable that may be meant; None: none is like it.
    """

    name: str
    nearest: str | None


def unknown_variables(environment: Mapping[str, str]) -> Iterator[UnknownVariable]:
    """The variables that begin as settings do, and are neither settings nor of the commands."""
    known = [*(name.upper() for name in Config.model_fields), *_BESIDE]
    for variable in sorted(environment):
        name = variable.removeprefix(_PREFIX)
        if name == variable or name.upper() in known:
            continue
        if name.startswith(_KUBERNETES) or environment[variable].startswith(_KUBERNETES_PORT):
            continue
        near = difflib.get_close_matches(name, known, n=1)
        yield UnknownVariable(variable, _PREFIX + near[0] if near else None)
