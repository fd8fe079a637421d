"""Tests the clients of all languages: `make test-clients`.

Builds the driver of each language whose toolchain is here, runs the client's own tests, takes
all of them through the scenarios, and shows which promise is proved for which language.
"""

import argparse
import subprocess
import sys

from .driver import DriverFaultError, ToolchainMissingError, build, driver_environment
from .languages import ROOT, Language, read_languages


def main() -> int:
    """Does it; gives the exit code."""
    known = read_languages()
    parser = argparse.ArgumentParser(prog="make test-clients", description=__doc__)
    parser.add_argument(
        "--language",
        action="append",
        choices=list(known),
        help="this language; may be given again (default: all)",
    )
    parser.add_argument(
        "--scenarios-only", action="store_true", help="leave out the clients' own tests"
    )
    parser.add_argument("--write-table", action="store_true", help="write the table into table.md")
    given, for_pytest = parser.parse_known_args()
    here = [known[name] for name in given.language or known if _is_here(known[name])]
    failed = [] if given.scenarios_only else [each.name for each in here if not _own_tests(each)]
    scenarios = [sys.executable, "-m", "pytest", "-q", "tests/clients/conformance", "--table"]
    scenarios += [f"--language={each.name}" for each in here]
    scenarios += ["--write-table"] if given.write_table else []
    print(f"--- scenarios: {', '.join(each.name for each in here)}", flush=True)  # noqa: T201
    ended = subprocess.run([*scenarios, *for_pytest], check=False, cwd=ROOT)
    for name in failed:
        print(f"the own tests of {name} have failed, see above")  # noqa: T201
    return 1 if failed or ended.returncode else 0


def _is_here(language: Language) -> bool:
    """Whether a language can be tested here; its driver is built then."""
    if _makefile(language):
        asked = _make(language, "toolchain", quiet=True)
        if asked.returncode:
            print(f"--- {language.name} is left out: {asked.stdout.strip()}")  # noqa: T201
            return False
    print(f"--- {language.name}: building its driver", flush=True)  # noqa: T201
    try:
        build(language)
    except ToolchainMissingError as missing:
        print(f"--- {language.name} is left out: {missing}")  # noqa: T201
        return False
    except DriverFaultError as fault:
        sys.exit(str(fault))
    return True


def _own_tests(language: Language) -> bool:
    """Whether the client's own tests pass, where they are not of the checkout's own."""
    if not _makefile(language):
        return True
    print(f"--- {language.name}: its own tests", flush=True)  # noqa: T201
    return _make(language, "test").returncode == 0


def _makefile(language: Language) -> bool:
    return (language.client / "Makefile").exists()


def _make(
    language: Language, target: str, *, quiet: bool = False
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", "-C", language.client, target, f"PY={sys.executable}"],  # noqa: S607 - from the PATH
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        check=False,
        env=driver_environment(),
    )


if __name__ == "__main__":
    sys.exit(main())
