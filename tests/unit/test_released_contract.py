"""What breaks the contract of the last release is found, and what does not is let pass."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a release is made of, to be changed."""
    shutil.copytree(_ROOT / "protos", tmp_path / "protos")
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(_ROOT / name, tmp_path)
    return tmp_path


def _edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert text.count(before) == 1
    file.write_text(text.replace(before, after))


def _run(checkout: Path, *command: str) -> tuple[int, str]:
    done = subprocess.run(
        command, cwd=checkout, env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def _check(checkout: Path) -> tuple[int, str]:
    return _run(checkout, "protos/check.sh")


def _release(checkout: Path) -> tuple[int, str]:
    return _run(checkout, sys.executable, "protos/release.py")


def _name_version(checkout: Path, version: str, date: str) -> None:
    """Makes the changelog begin with a version, which pyproject.toml has too."""
    pyproject, changelog = checkout / "pyproject.toml", checkout / "CHANGELOG.md"
    pyproject.write_text(
        re.sub(
            r'^version = ".*"', f'version = "{version}"', pyproject.read_text(), flags=re.MULTILINE
        )
    )
    changelog.write_text(f"## {version} ({date})\n")


_WRITE = "protos/statekeeper/v1/write.proto"


_STATES = "protos/statekeeper/v1/state_requests.proto"
# A file, what is in it, what becomes of that, and what has to be told of it.
_BREAKS = (
    (_WRITE, "  bool replayed = 5;\n", "", '"replayed"'),
    (_WRITE, "string actor = 5", "string author = 5", '"author"'),
    (_WRITE, "int64 version = 3", "int64 version = 9", '"version"'),
    (_STATES, "bool return_execution = 6", "string return_execution = 6", '"return_execution"'),
    (_STATES, "bool existed = 2", "optional bool existed = 2", '"existed"'),
    (
        "protos/statekeeper/v1/state_manager.proto",
        "  rpc GetLock(GetLockRequest)",
        "  rpc ReadLock(GetLockRequest)",
        '"GetLock"',
    ),
    (
        "protos/statekeeper/v1/error_reason.proto",
        "ERROR_REASON_FENCED = 7",
        "ERROR_REASON_STALE = 7",
        "ERROR_REASON_FENCED",
    ),
    # Of what is on disk, the number counts and not the name.
    (
        "protos/statekeeper/storage/v1/records.proto",
        "uint32 entries = 2",
        "uint32 entries = 100",
        '"entries"',
    ),
)


def test_what_breaks_the_released_contract_is_refused(checkout: Path) -> None:
    for file, before, after, _ in _BREAKS:
        _edit(checkout / file, before, after)

    code, output = _check(checkout)

    assert code != 0
    for file, _, _, told in _BREAKS:
        assert any(told in line and Path(file).name in line for line in output.splitlines()), told


def test_what_is_added_or_said_differently_is_let_pass(checkout: Path) -> None:
    _edit(checkout / _WRITE, "  bool replayed = 5;", "  // New.\n  bool replayed = 5;")
    _edit(checkout / _WRITE, "  string actor = 5;", "  string actor = 5;\n\n  string team = 6;")

    assert _check(checkout) == (0, "")


def test_a_version_that_was_released_keeps_its_contract(checkout: Path) -> None:
    (released,) = (checkout / "protos/released").glob("*.binpb")
    _name_version(checkout, released.stem, "2026-12-01")

    code, output = _release(checkout)

    assert code != 0
    assert f"{released.stem} is released" in output


def test_only_a_version_that_says_so_breaks_what_the_one_before_had(checkout: Path) -> None:
    (released,) = (checkout / "protos/released").glob("*.binpb")
    major, minor, patch = map(int, released.stem.split("."))
    _edit(checkout / _WRITE, "bool replayed = 5", "bool again = 5")

    _name_version(checkout, f"{major}.{minor}.{patch + 1}", "2026-12-01")
    code, output = _release(checkout)
    assert code != 0
    assert "may not break" in output
    assert released.exists()

    breaking = f"{major + 1}.0.0" if major else f"0.{minor + 1}.0"
    _name_version(checkout, breaking, "2026-12-01")
    code, _ = _release(checkout)
    assert code == 0
    assert [file.stem for file in (checkout / "protos/released").iterdir()] == [breaking]
    assert _check(checkout) == (0, "")


def test_a_version_without_a_heading_is_no_release(checkout: Path) -> None:
    _name_version(checkout, "7.0.0", "2026-12-01")
    (checkout / "CHANGELOG.md").write_text("## 6.0.0 (2026-12-01)\n")

    code, output = _release(checkout)

    assert code != 0
    assert "no heading `## 7.0.0 (<date>)`" in output
