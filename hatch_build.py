"""Builds the server's native part, `statekeeper_server._native`, when the package is built.

It is optional: where it cannot be compiled the package is made without it, and the server
says so when it starts.

As a program this puts it beside the modules, for a checkout that is used as it
is; with `--check` it only compiles it, and takes every warning for an error; with
`--sanitize` what it puts there ends at the first wrong access to memory, and runs only in a
Python that was started with libasan (`make test-native`).
"""

import argparse
import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilderConfig
from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

NAME = "statekeeper_server._native"
ROOT = Path(__file__).parent
PACKAGE = ROOT / "server" / "statekeeper_server"
_FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden")
_INCLUDE = sysconfig.get_path("include")
# Python's own headers are not ours to mend.
_CHECK_FLAGS = ("-Werror", "-Wconversion", "-isystem", _INCLUDE)
_SANITIZE = "-fsanitize=address,undefined"
_SANITIZE_FLAGS = (_SANITIZE, "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer", "-g")


class NotBuiltError(Exception):
    """The native part cannot be compiled; the message says why."""


def missing() -> str | None:
    """What it takes to compile for this Python, and is not here; None: nothing."""
    (compiler, *_) = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if shutil.which(compiler) is None:
        return f"C compiler called {compiler}"
    if not Path(_INCLUDE, "Python.h").is_file():
        return f"Python.h in {_INCLUDE}"
    return None


def compile_into(folder: Path, *flags: str) -> Path:
    """Compiles the native part, and returns its file below `folder`.

    Args:
        folder: Where everything goes that is made.
        flags: For the compiler, beside those of every build.

    Raises:
        NotBuiltError: Something is missing, or the compiler fails.
    """
    lack = missing()
    if lack is not None:
        raise NotBuiltError(f"there is no {lack}")
    sources = sorted(map(str, (PACKAGE / "native").glob("*.c")))
    extension = Extension(
        NAME,
        sources,
        extra_compile_args=[*_FLAGS, *flags],
        extra_link_args=[flag for flag in flags if flag == _SANITIZE],
    )
    command = build_ext(Distribution({"name": "statekeeper", "ext_modules": [extension]}))
    command.build_lib = str(folder)
    command.build_temp = str(folder / "objects")
    command.ensure_finalized()
    try:
        command.run()
    except (BaseError, CCompilerError) as error:
        raise NotBuiltError(str(error)) from error
    return Path(command.get_ext_fullpath(NAME))


def build_beside(*flags: str) -> None:
    """Compiles the native part, and puts it beside the modules.

    What was there is gone in any case: made of other sources, it would be taken for this one.

    Args:
        flags: for the compiler, beside those of every build.

    Raises:
        NotBuiltError: As for `compile_into`.
    """
    place = PACKAGE / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"
    # A server that runs keeps the file that it has loaded.
    place.unlink(missing_ok=True)
    with TemporaryDirectory() as folder:
        shutil.move(compile_into(Path(folder), *flags), place)


class NativeHook(BuildHookInterface[WheelBuilderConfig]):
    """Has hatchling put it into the wheel, or beside the modules where these stay."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles it before the wheel is made."""
        self._folder = TemporaryDirectory()
        try:
            if version == "editable":
                build_beside()
            else:
                file = compile_into(Path(self._folder.name))
                build_data["force_include"][str(file)] = f"statekeeper_server/{file.name}"
                build_data["pure_python"] = False
                build_data["infer_tag"] = True
        except NotBuiltError as error:
            self.app.display_warning(f"made without {NAME}: {error}")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Clears up after it."""
        del version, build_data, artifact_path
        self._folder.cleanup()


def main() -> None:
    """Builds the native part or checks its sources, as the arguments say."""
    parser = argparse.ArgumentParser(description=f"Build {NAME} beside the modules.")
    parser.add_argument("--check", action="store_true", help="compile it strictly, keep nothing")
    parser.add_argument("--sanitize", action="store_true", help="for a Python with libasan")
    arguments = parser.parse_args()
    check = arguments.check
    lack = missing()
    if check and lack is not None:
        sys.stderr.write(f"skipped: check-native: there is no {lack}\n")
        return
    try:
        if check:
            with TemporaryDirectory() as folder:
                compile_into(Path(folder), *_CHECK_FLAGS)
        else:
            build_beside(*(_SANITIZE_FLAGS if arguments.sanitize else ()))
    except NotBuiltError as error:
        sys.exit(f"{NAME} is not built: {error}")


if __name__ == "__main__":
    main()
