"""The examples in Python of the README and the guide, against a server."""

import re
from pathlib import Path

import pytest

from statekeeper.testing import TestServer

_ROOT = Path(__file__).parents[2]
_PAGES = (_ROOT / "README.md", _ROOT / "docs" / "guide.md")
_PROGRAMS = [
    program
    for page in _PAGES
    for program in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
]


@pytest.mark.parametrize("program", _PROGRAMS)
def test_an_example_prints_what_its_comments_say(
    statekeeper_server: TestServer, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    assert "127.0.0.1:7460" in program
    promised = re.findall(r"print\(.*\)  # (.*)", program)
    assert promised
    capsys.readouterr()

    exec(program.replace("127.0.0.1:7460", statekeeper_server.address), {})  # noqa: S102 - our own pages

    assert capsys.readouterr().out.splitlines() == promised


@pytest.mark.parametrize("page", sorted([*_ROOT.glob("*.md"), *_ROOT.glob("docs/*.md")]))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []
