"""grpcurl, built from its sources where Go is here: what people try services out with."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_VERSION = "v1.9.3"
_TOOLS = Path(__file__).parents[2] / ".tools"
# All that it is made of may have to be fetched first.
_BUILD_S = 900


def grpcurl() -> Path:
    """The program, which is kept in `.tools`. Skips the test that needs it without Go."""
    program = _TOOLS / f"grpcurl-{_VERSION}" / "grpcurl"
    if not program.exists():
        go = shutil.which("go")
        if go is None:
            pytest.skip("grpcurl is built with Go, which is not installed")
        subprocess.run(
            [go, "install", f"github.com/fullstorydev/grpcurl/cmd/grpcurl@{_VERSION}"],
            env=os.environ | {"GOBIN": str(program.parent), "GOFLAGS": "-mod=mod"},
            check=True,
            timeout=_BUILD_S,
        )
    return program
