"""Starts the command line; says what to install where that is missing."""

import io
import os
import sys

_WRONG_USE = 2


def main() -> None:
    """Runs `statekeeper`."""
    # What goes wrong is told in this program's own words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What a terminal of another time cannot show is no reason to fail.
            stream.reconfigure(errors="backslashreplace")
    try:
        from statekeeper_cli.program import program  # noqa: PLC0415 - may not be installed

        program(prog_name="statekeeper")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        sys.stderr.write("statekeeper: the command line needs pip install 'statekeeper[cli]'\n")
        sys.exit(_WRONG_USE)


if __name__ == "__main__":
    main()
