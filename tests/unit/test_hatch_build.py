"""The package is built with its native part where it can be compiled, and without it elsewhere."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_FILE = f"statekeeper_server/_native{sysconfig.get_config_var('EXT_SUFFIX')}"
_BROKEN = {"CC": "/bin/false"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of all that the package is built from, with nothing built."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", ".gitignore"):
        shutil.copy(_ROOT / name, copy)
    leave = shutil.ignore_patterns("__pycache__", "*.so")
    for name in ("server", "clients/python"):
        shutil.copytree(_ROOT / name, copy / name, ignore=leave)
    return copy


def _run(checkout: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
    )


def _build(checkout: Path, version: str, **env: str) -> Path:
    """Builds a wheel of that version, and returns it."""
    folder = checkout.parent / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    line = ("-m", "hatchling", "build", "-t", f"wheel:{version}", "-d", str(folder))
    built = _run(checkout, *line, **env)
    assert built.returncode == 0, built.stderr
    assert ("made without statekeeper_server._native" in built.stderr) == (env == _BROKEN)
    (wheel,) = folder.iterdir()
    return wheel


def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture
def compiler(checkout: Path) -> None:
    """What it takes to compile; where it is not, there is nothing to be built."""
    checked = _run(checkout, "hatch_build.py", "--check")
    assert checked.returncode == 0, checked.stderr
    if checked.stderr.startswith("skipped: "):
        pytest.skip(checked.stderr.removeprefix("skipped: ").strip())


@pytest.mark.usefixtures("compiler")
def test_a_wheel_has_the_native_part_and_is_for_this_python_alone(checkout: Path) -> None:
    wheel = _build(checkout, "standard")

    assert _FILE in _names(wheel)
    assert not wheel.name.endswith("-none-any.whl")
    assert not any("/native/" in name for name in _names(wheel))


def test_without_a_compiler_a_wheel_has_all_the_rest_and_is_for_any_python(checkout: Path) -> None:
    wheel = _build(checkout, "standard", **_BROKEN)

    assert not any(name.endswith(".so") for name in _names(wheel))
    assert "statekeeper_server/native_part.py" in _names(wheel)
    assert wheel.name.endswith("-py3-none-any.whl")


@pytest.mark.usefixtures("compiler")
def test_an_editable_install_puts_it_beside_the_modules(checkout: Path) -> None:
    _build(checkout, "editable")

    assert (checkout / "server" / _FILE).is_file()
    imported = _run(
        checkout,
        "-c",
        "from statekeeper_server import _native; print(_native.__file__)",
        PYTHONPATH=str(checkout / "server"),
    )
    assert imported.stdout.strip() == str(checkout / "server" / _FILE), imported.stderr


def test_an_editable_install_that_cannot_compile_leaves_no_older_one(checkout: Path) -> None:
    """It would be of other sources than the modules beside it."""
    older = checkout / "server" / _FILE
    older.write_bytes(b"of other sources")
    _build(checkout, "editable", **_BROKEN)

    assert not older.exists()


@pytest.mark.usefixtures("compiler")
def test_the_check_of_the_sources_fails_on_a_warning(checkout: Path) -> None:
    sources = checkout / "server" / "statekeeper_server" / "native"
    (sources / "careless.c").write_text("int careless(long n) { return n; }\n")
    checked = _run(checkout, "hatch_build.py", "--check")

    assert checked.returncode == 1
    assert "careless.c" in checked.stderr
    assert not (checkout / "server" / _FILE).exists()
