"""The examples in Python of the README, against a server."""

import re
from pathlib import Path

import pytest

from statekeeper.testing import TestServer

_README = Path(__file__).parents[2] / "README.md"


_PROGRAMS = re.findall(r"^```python\n(.*?)^```$", _README.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("program", _PROGRAMS)
def test_an_example_prints_what_its_comments_say(
    statekeeper_server: TestServer, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    assert "127.0.0.1:7460" in program
    promised = re.findall(r"print\(.*\)  # (.*)", program)
    assert promised
    capsys.readouterr()

    exec(program.replace("127.0.0.1:7460", statekeeper_server.address), {})  # noqa: S102 - our own README

    assert capsys.readouterr().out.splitlines() == promised
