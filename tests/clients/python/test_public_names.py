"""What the package offers, and what it costs to import it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import statekeeper
import statekeeper.testing
from statekeeper import errors


def imported_by(statement: str) -> set[str]:
    """Gives the modules that a fresh interpreter has after a statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("name", statekeeper.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(statekeeper, name).__name__ == name
    assert getattr(statekeeper, name).__doc__
    assert name in dir(statekeeper)


def test_what_type_checkers_see_is_what_is_there() -> None:
    (block,) = (
        node
        for node in ast.parse(Path(statekeeper.__file__).read_text()).body
        if isinstance(node, ast.If)
    )
    seen = {
        alias.name
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert seen == set(statekeeper.__all__)


def test_every_error_is_offered() -> None:
    """B71."""
    made = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type)
        and issubclass(value, errors.StateError)
        and not name.startswith("_")
    }
    assert made <= set(statekeeper.__all__)


@pytest.mark.parametrize("module", [statekeeper, statekeeper.testing])
def test_a_name_that_is_not_there_is_an_attribute_error(module: object) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = module.Nothing  # type: ignore[attr-defined]  # wrong on purpose


def test_pytest_does_not_wait_for_grpc() -> None:
    assert "grpc" not in imported_by("import statekeeper.testing.plugin")


def test_the_client_needs_nothing_of_the_server() -> None:
    modules = imported_by("from statekeeper import Client, AsyncClient; import statekeeper.testing")

    foreign = {"lmdb", "pydantic", "statekeeper_server", "structlog", "uvloop", "zstandard"}
    assert not foreign & modules
