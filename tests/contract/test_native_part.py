"""The server does the same without its native part, and says when it has none."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from statekeeper_server import native_part
from tests.support.raw import RawClient, key_of, save_request
from tests.support.server_process import ServerProcess, run


def _logged(server: ServerProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log.splitlines()]


@pytest.mark.parametrize("value", ["off", "OFF"])
def test_switched_off_it_serves_and_says_so(tmp_path: Path, value: str) -> None:
    with (
        ServerProcess(tmp_path / "data", env={native_part.VARIABLE: value}) as server,
        RawClient(server.address) as raw,
    ):
        raw.stub.Save(save_request("exec_1"))
        assert raw.load(key_of("exec_1")) is not None
    serving, warning, *_ = _logged(server)

    assert (warning["level"], warning["because"]) == ("warning", f"{native_part.VARIABLE} is off")
    assert warning["event"].startswith("no native part: ")
    assert (serving["event"], serving["native"]) == ("serving", False)


def test_where_it_is_not_built_the_log_says_what_to_install(tmp_path: Path) -> None:
    not_built = "import sys; sys.modules['statekeeper_server._native'] = None"
    on = {native_part.VARIABLE: "on"}
    with ServerProcess(tmp_path / "data", wrapper=not_built, env=on) as server:
        pass
    serving, warning, *_ = _logged(server)

    assert "install a C compiler and Python's headers" in warning["because"]
    assert serving["native"] is False


def test_where_it_is_built_it_is_used(tmp_path: Path) -> None:
    if native_part.native is None:
        pytest.skip(f"no native part: {native_part.absence}")
    with ServerProcess(tmp_path / "data", env={native_part.VARIABLE: "On"}) as server:
        pass
    serving, *_ = _logged(server)

    assert (serving["event"], serving["native"]) == ("serving", True)


def test_what_is_older_than_its_sources_is_not_used(tmp_path: Path) -> None:
    """As after a pull without an install: it would be called in ways that it does not know."""
    built = tmp_path / "built.so"
    built.touch()
    native_part._heed_age(str(built))
    os.utime(built, (0, 0))
    with pytest.raises(ImportError, match="older than its sources"):
        native_part._heed_age(str(built))


@pytest.mark.parametrize("value", ["no", "0", ""])
def test_a_switch_that_is_neither_on_nor_off_is_refused(tmp_path: Path, value: str) -> None:
    """B80: before anything is made."""
    ended = run("serve", "--data-dir", str(tmp_path / "data"), env={native_part.VARIABLE: value})

    assert (ended.code, ended.stdout) == (2, "")
    assert (
        ended.stderr == f"statekeeper: {native_part.VARIABLE}: must be on or off, not {value!r}\n"
    )
    assert not (tmp_path / "data").exists()
