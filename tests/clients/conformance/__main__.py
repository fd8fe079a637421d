"""Tests the clients of all languages: `make test-clients`.

Builds the driver of each language whose toolchain is here, runs the client's own tests, takes
all of them through the scenarios, and shows which promise is proved for which language. What
it does not know itself is for pytest.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator

from .driver import DriverFaultError, ToolchainMissingError, build, driver_environment
from .languages import ROOT, Language, read_languages

_TRIES = 3
_TRY_AGAIN_S = 5.0


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
    wanted = [known[name] for name in given.language or known]
    here = [each for each in wanted if _is_here(each)]
    if not here:
        return 1
    problems = [problem for each in here for problem in _build_problems(each)]
    if not problems:
        if not given.scenarios_only:
            problems += [problem for each in here for problem in _own_problems(each)]
        if given.write_table:
            for_pytest.append("--write-table")
        problems += _scenario_problems(here, for_pytest)
    for problem in problems:
        _say(problem)
    return 1 if problems else 0


def _is_here(language: Language) -> bool:
    """Whether a language's toolchain is here."""
    if not _has_makefile(language):
        return True
    asked = subprocess.run(
        _make(language, "toolchain"), capture_output=True, text=True, check=False
    )
    if asked.returncode:
        _say(f"{language.name} is left out: {(asked.stdout + asked.stderr).strip()}")
    return asked.returncode == 0


def _build_problems(language: Language) -> Iterator[str]:
    """Builds a driver; gives what is wrong with it."""
    _say(f"{language.name}: building its driver")
    for tries_left in reversed(range(_TRIES)):
        try:
            build(language)
        except (DriverFaultError, ToolchainMissingError) as problem:
            # It may be the network, from where its libraries come.
            if tries_left == 0:
                yield str(problem)
            else:
                time.sleep(_TRY_AGAIN_S)
        else:
            return


def _own_problems(language: Language) -> Iterator[str]:
    """Runs a client's own tests, where they are not among those of `make test`."""
    if _has_makefile(language):
        _say(f"{language.name}: its own tests")
        environment = driver_environment()
        if subprocess.run(_make(language, "test"), check=False, env=environment).returncode:
            yield f"the own tests of {language.name} have failed, see above"


def _scenario_problems(languages: list[Language], for_pytest: list[str]) -> Iterator[str]:
    """Takes clients through the scenarios."""
    names = [each.name for each in languages]
    _say(f"scenarios: {', '.join(names)}")
    command = [sys.executable, "-m", "pytest", "-q", "tests/clients/conformance", "--table"]
    command += [*(f"--language={name}" for name in names), *for_pytest]
    if subprocess.run(command, check=False, cwd=ROOT).returncode:
        yield "some scenarios have failed, see above"


def _has_makefile(language: Language) -> bool:
    return (language.client / "Makefile").exists()


def _make(language: Language, target: str) -> list[str]:
    at = ["-C", str(language.client)]
    return ["make", "--no-print-directory", *at, target, f"PY={sys.executable}"]


def _say(text: str) -> None:
    print(f"--- {text}", flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    sys.exit(main())
