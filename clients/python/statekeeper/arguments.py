"""What makes an argument one that can be sent; the server checks the rest."""

import re
from collections.abc import Iterable

from statekeeper.errors import InvalidRequestError
from statekeeper.value_faults import text_fault

_REVISION_MAX = 2**63 - 1
_PORT_MAX = 65_535
# What gRPC's own names of servers begin with; gRPC alone knows what follows.
_GRPC_NAME = re.compile(r"(dns|unix|unix-abstract|vsock|ipv4|ipv6|xds|google-c2p):")


def invalid(field: str, sentence: str) -> InvalidRequestError:
    """Gives the error for one field that is wrong."""
    return InvalidRequestError(f"{field}: {sentence}", fields=[(field, sentence)])


def checked_text(field: str, value: object) -> str:
    """Gives a text that can be sent.

    Raises:
        InvalidRequestError: It is no str, or holds a lone surrogate.
    """
    if not isinstance(value, str):
        raise invalid(field, f"must be a str, not {type(value).__name__}")
    if not value.isascii() and (fault := text_fault(value)):
        raise invalid(field, fault)
    return value


def checked_name(field: str, value: object) -> str:
    """Gives a text that can be sent and says something.

    Raises:
        InvalidRequestError: It is no str, is empty, or holds a lone surrogate.
    """
    name = checked_text(field, value)
    if not name:
        raise invalid(field, "must not be empty")
    return name


def check_at_most_one(**alternatives: object) -> None:
    """Refuses arguments that exclude each other; None: not given.

    Raises:
        InvalidRequestError: More than one is given.
    """
    given = [name for name, value in alternatives.items() if value is not None]
    if len(given) > 1:
        raise invalid(given[1], f"cannot be given together with {given[0]}")


def check_one(**alternatives: object) -> None:
    """Refuses anything but one of several arguments; None: not given.

    Raises:
        InvalidRequestError: None or more than one is given.
    """
    check_at_most_one(**alternatives)
    if all(value is None for value in alternatives.values()):
        first = next(iter(alternatives))
        raise invalid(first, f"is required (or {' or '.join(list(alternatives)[1:])})")


def checked_revision(field: str, revision: object) -> int:
    """Gives a revision that can be sent.

    Raises:
        InvalidRequestError: It is no int, negative, or beyond 64 bits.
    """
    if not isinstance(revision, int) or isinstance(revision, bool):
        raise invalid(field, f"must be an int, not {type(revision).__name__}")
    if not 0 <= revision <= _REVISION_MAX:
        raise invalid(field, "must be 0 or more, and below 2**63")
    return revision


def checked_texts(field: str, texts: Iterable[str]) -> list[str]:
    """Gives a list of texts that can be sent.

    Raises:
        InvalidRequestError: It is one text, or holds something else.
    """
    if isinstance(texts, str):
        raise invalid(field, f"must be a list of names, not one name: [{texts!r}]")
    return [checked_text(field, text) for text in texts]


def checked_target(target: object) -> str:
    """Gives the address of a server that can be connected to.

    Raises:
        InvalidRequestError: It is no str, and neither `host:port` nor a gRPC name.
    """
    address = checked_name("target", target)
    if _GRPC_NAME.match(address):
        return address
    if "://" in address:
        raise invalid("target", f"{address!r} is a URL: leave out what stands before the host")
    host, _, port = address.rpartition(":")
    if not host or address.endswith("]"):
        raise invalid("target", f"{address!r} is not HOST:PORT, as in localhost:7460")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise invalid("target", f"{address!r}: an IPv6 host needs brackets, as in [::1]:7460")
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= _PORT_MAX):
        raise invalid("target", f"{address!r}: {port!r} is no port, which are 1 to {_PORT_MAX}")
    return address
