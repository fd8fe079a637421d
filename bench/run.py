"""The benchmarks: `python bench/run.py`; what they measure and their traps: README.md."""

import argparse
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# Started as a file, Python looks beside the file and not in the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import (
    async_client,
    checkpoint_cost,
    disk,
    lock_handover,
    machine,
    one_caller,
    readme,
    restart,
    shards,
    throughput,
    update_cost,
)
from bench.plan import Plan
from bench.report import Report

_BENCHMARKS: dict[str, Callable[[Plan], Report]] = {
    "throughput": throughput.run,
    "async-client": async_client.run,
    "one-caller": one_caller.run,
    "update-cost": update_cost.run,
    "restart": restart.run,
    "checkpoint-cost": checkpoint_cost.run,
    "lock-handover": lock_handover.run,
    "disk": disk.run,
    "shards": shards.run,
}
# On many systems /tmp is memory, where a sync costs nothing; /var/tmp is a disk.
_DIR = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__)
    parser.add_argument("--rounds", type=int, default=0, help="default: 5, 3 with --quick")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument(
        "--only", action="append", choices=list(_BENCHMARKS), metavar="NAME", help="%(choices)s"
    )
    parser.add_argument("--dir", type=Path, default=_DIR, help="disk to use (%(default)s)")
    parser.add_argument("--write", action="store_true", help="put the results into README.md")
    given = parser.parse_args()
    rounds = given.rounds or (3 if given.quick else 5)
    command = shlex.join(["python", "bench/run.py", *(a for a in sys.argv[1:] if a != "--write")])
    described, commit = machine.describe(given.dir), machine.commit()
    print(f"{described}\n- {commit}\n")
    for name in given.only or _BENCHMARKS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="statekeeper-bench-", dir=given.dir) as work_dir:
            report = _BENCHMARKS[name](Plan(Path(work_dir), rounds, given.quick))
        text = report.text()
        print(f"{text}\n\n[{name}: {time.monotonic() - began:.0f} s]\n", flush=True)
        if given.write:
            readme.write(name, f"{text}\n\nBy `{command}`, {commit}.")
    if given.write:
        readme.write("machine", described)


if __name__ == "__main__":
    main()
