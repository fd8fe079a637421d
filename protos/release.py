"""Stores the contract of a release, which later ones are checked against.

`make release-contract`; what a release is, is said in
docs/decisions/0022-a-released-contract-stays.md.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

_PROTOS = Path(__file__).resolve().parent
_CHECKOUT = _PROTOS.parent
_RELEASED = _PROTOS / "released"


def release() -> str:
    """Stores the contract under the version of pyproject.toml, and gives that.

    Raises:
        ValueError: The version must not have this contract.
        subprocess.CalledProcessError: The image cannot be made.
    """
    version = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (_CHECKOUT / "CHANGELOG.md").read_text()
    heading = re.search(rf"^## {re.escape(version)} \((.*)\)$", changelog, re.MULTILINE)
    if heading is None:
        raise ValueError(f"CHANGELOG.md has no heading `## {version} (<date>)`")
    (last,) = _RELEASED.glob("*.binpb")
    if version == last.stem and heading[1] != "unreleased":
        raise ValueError(f"{version} is released: its contract stays; make a new version")
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        subprocess.run([_PROTOS / "image.sh", image], check=True)
        broken = subprocess.run([_PROTOS / "breaking.sh", image], check=False).returncode
        if broken and version != last.stem and not may_break(last.stem, version):
            raise ValueError(f"{version} may not break what {last.stem} has: see above")
        # Comments are nothing that could break.
        released = Path(scratch) / f"{version}.binpb"
        narrowed = ["--path", "statekeeper", "--exclude-source-info"]
        subprocess.run(["buf", "build", str(image), *narrowed, "-o", str(released)], check=True)
        last.unlink()
        (_RELEASED / released.name).write_bytes(released.read_bytes())
    return str(version)


def may_break(last: str, version: str) -> bool:
    """Tells whether a version may break what the one before it had, as semver has it."""
    before, after = _numbers(last), _numbers(version)
    # Before 1.0 the minor version says it, from then on the major version.
    said_by = 1 if before[0] == 0 else 0
    return after[: said_by + 1] > before[: said_by + 1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


if __name__ == "__main__":
    try:
        print(f"the contract of {release()} is stored")
    except (ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"{error}")
