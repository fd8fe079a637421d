"""The lines of docs/protocol.md, as somebody types them who follows the page."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from statekeeper.testing import TestServer
from statekeeper.transport import SERVICE_CONFIG
from statekeeper_server.status import STATUS_CODES
from tests.support.grpcurl import grpcurl

_PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
_TARGET = "127.0.0.1:7460"
# What is left out, or differs from run to run.
_ELLIPSIS = "..."
_STRING_OR_ELLIPSIS = re.compile(r'("(?:[^"\\]|\\.)*")|\.\.\.')


class Example(NamedTuple):
    """A line of the page, and what it is answered with there."""

    line: str
    answer: str


def _examples() -> Iterator[Example]:
    for block in re.findall(
        r"^```console\n\$ (.*?)^```$", _PAGE.read_text(), re.DOTALL | re.MULTILINE
    ):
        # A line may be broken; what follows is indented then, and the answer is not.
        line, answer = re.split(r"\n(?=\S)", block, maxsplit=1)
        yield Example(line, answer)


def _documents(text: str) -> list[Any]:
    """The JSON documents that stand one after the other in a text."""
    decoder, documents = json.JSONDecoder(), []
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        documents.append(document)
        text = text[end:]
    return documents


def _joined(documents: list[Any]) -> list[Any]:
    """The results of a pipeline as of one message: how many there are is chance."""
    if all(isinstance(each, dict) and each.keys() == {"results"} for each in documents):
        return [result for each in documents for result in each["results"]]
    return documents


def _shown(answer: str) -> list[Any]:
    """The documents of the page, in which an ellipsis stands for members."""
    return _documents(_STRING_OR_ELLIPSIS.sub(lambda m: m[1] or f'"{_ELLIPSIS}": true', answer))


def _differences(shown: Any, given: Any, texts: dict[str, str], path: str = "") -> Iterator[str]:
    """Where an answer is another one than is shown; notes what stands for which text."""
    if isinstance(shown, dict) and isinstance(given, dict):
        named = shown.keys() - {_ELLIPSIS}
        if missing := named - given.keys():
            yield f"{path}: {missing} missing in {given}"
        if _ELLIPSIS not in shown and (more := given.keys() - named):
            yield f"{path}: {more} not shown of {given}"
        for name in named & given.keys():
            yield from _differences(shown[name], given[name], texts, f"{path}.{name}")
    elif isinstance(shown, list) and isinstance(given, list) and len(shown) == len(given):
        for number, (one, other) in enumerate(zip(shown, given, strict=True)):
            yield from _differences(one, other, texts, f"{path}[{number}]")
    elif (
        isinstance(shown, str)
        and isinstance(given, str)
        and shown.endswith(_ELLIPSIS)
        and given.startswith(shown.removesuffix(_ELLIPSIS))
    ):
        if shown != _ELLIPSIS:
            texts[shown] = given
    elif shown != given:
        yield f"{path}: {shown} is shown, {given} was given"


def _typed(line: str, target: str, texts: Mapping[str, str]) -> str:
    """A line as it is typed by somebody who puts in what the answers before had."""
    assert _TARGET in line
    line = line.replace(_TARGET, target)
    for shown, given in texts.items():
        line = line.replace(shown, given)
    assert _ELLIPSIS not in line
    return line


@pytest.mark.long
@pytest.mark.timeout(1_000)
def test_each_line_is_answered_as_is_shown(statekeeper_server: TestServer) -> None:
    """Against a server on an empty folder, in the order of the page."""
    path = f"{grpcurl().parent}{os.pathsep}{os.environ['PATH']}"
    examples = list(_examples())
    assert len(examples) > 20
    texts: dict[str, str] = {}
    for line, answer in examples:
        done = subprocess.run(
            ["/bin/sh", "-c", _typed(line, statekeeper_server.address, texts)],
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if not answer.startswith("{"):
            assert done.stdout == answer, line
            continue
        shown, given = _shown(answer), _documents(done.stdout + done.stderr)
        assert list(_differences(_joined(shown), _joined(given), texts)) == [], line


def test_the_retries_that_are_advised_are_those_of_the_client() -> None:
    (block,) = re.findall(
        r'^```json\n(\{"methodConfig".*?)^```\n', _PAGE.read_text(), re.DOTALL | re.MULTILINE
    )

    assert json.loads(block) == json.loads(SERVICE_CONFIG)


def test_each_reason_is_told_with_its_status() -> None:
    """B73."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| `([A-Z_]+)` \|", _PAGE.read_text(), re.MULTILINE)

    assert len(rows) == len(STATUS_CODES)
    assert dict(rows) == {reason: code.name for reason, code in STATUS_CODES.items()}
