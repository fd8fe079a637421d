"""B80: where a client is told to go is checked before anything is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from statekeeper import AsyncClient, Client, InvalidRequestError
from statekeeper.admin import Admin
from statekeeper.arguments import checked_target


@pytest.mark.parametrize("make", [Client, AsyncClient, Admin])
def test_b80_a_target_without_a_port_is_told(make: Callable[[str], Any]) -> None:
    with pytest.raises(InvalidRequestError, match="'localhost' is not HOST:PORT") as caught:
        make("localhost")

    assert [field for field, _ in caught.value.fields] == ["target"]


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", "must not be empty"),
        (7460, "must be a str, not int"),
        (None, "must be a str, not NoneType"),
        (":7460", "is not HOST:PORT"),
        ("[::1]", "is not HOST:PORT"),
        ("::1:7460", "needs brackets"),
        ("localhost:", "'' is no port"),
        ("localhost:http", "'http' is no port"),
        ("localhost:0", "'0' is no port"),
        ("localhost:65536", "'65536' is no port"),
        ("http://localhost:7460", "is a URL"),
    ],
)
def test_b80_a_target_that_is_none_is_refused_with_what_is_wrong(target: Any, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"target: .*{told}"):
        checked_target(target)


@pytest.mark.parametrize(
    "target",
    ["localhost:1", "127.0.0.1:65535", "[::1]:7460", "dns:///state.example.com:1", "unix:/run/sk"],
)
def test_addresses_and_names_of_grpc_are_targets(target: str) -> None:
    assert checked_target(target) == target


@pytest.mark.parametrize("make", [Client, AsyncClient, Admin])
def test_b80_credentials_that_are_none_are_told(make: Callable[..., Any]) -> None:
    with pytest.raises(InvalidRequestError, match=r"credentials: must be .* or None, not str"):
        make("localhost:1", credentials="ca.pem")
