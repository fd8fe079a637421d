"""Measures statekeeper beside peers and ceilings of the same machine; the traps: README.md."""

import argparse
import shlex
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

# Started as a file, Python looks beside the file and not in the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import (
    async_client,
    backup_cost,
    checkpoint_cost,
    clients,
    disk,
    latency,
    list_cost,
    lock_handover,
    machine,
    memory,
    one_caller,
    peers,
    readme,
    restart,
    shards,
    shared_state,
    sync_client,
    throughput,
    update_cost,
    watch,
)
from bench.plan import Plan
from bench.report import Report

# Each has a function `run(plan) -> Report`, and says in its first line what it measures.
_BENCHMARKS: dict[str, ModuleType] = {
    "throughput": throughput,
    "async-client": async_client,
    "sync-client": sync_client,
    "clients": clients,
    "latency": latency,
    "peers": peers,
    "one-caller": one_caller,
    "update-cost": update_cost,
    "shared-state": shared_state,
    "restart": restart,
    "checkpoint-cost": checkpoint_cost,
    "backup-cost": backup_cost,
    "list-cost": list_cost,
    "lock-handover": lock_handover,
    "watch": watch,
    "disk": disk,
    "shards": shards,
    "memory": memory,
}
# Too long to run by default.
_BY_NAME_ONLY = ("memory",)
# On many systems /tmp is memory, where a sync costs nothing; /var/tmp is a disk.
_DIR = Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it
_ROUNDS, _ROUNDS_QUICK = 5, 3


def main() -> None:
    """Run the benchmarks that were asked for."""
    given = _parser().parse_args()
    rounds = given.rounds or (_ROUNDS_QUICK if given.quick else _ROUNDS)
    command = shlex.join(["python", "bench/run.py", *(a for a in sys.argv[1:] if a != "--write")])
    described, commit = machine.describe(given.dir), machine.commit()
    print(f"{described}\n- {commit}\n")
    all_began = time.monotonic()
    for name in given.only or [name for name in _BENCHMARKS if name not in _BY_NAME_ONLY]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="statekeeper-bench-", dir=given.dir) as work_dir:
            report: Report = _BENCHMARKS[name].run(Plan(Path(work_dir), rounds, given.quick))
        print(f"{report.text()}\n\n[{name}: {time.monotonic() - began:.0f} s]\n", flush=True)
        if given.write:
            readme.write(name, report, f"By `{command}`, {commit}.")
    if given.write:
        readme.write_text("machine", described)
    print(f"[together: {time.monotonic() - all_began:.0f} s]")


def _parser() -> argparse.ArgumentParser:
    lines = [f"  {name:16} {_first_line(module)}" for name, module in _BENCHMARKS.items()]
    parser = argparse.ArgumentParser(
        prog="bench/run.py",
        description=__doc__,
        epilog="\n".join(("benchmarks:", *lines)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--only",
        action="append",
        choices=list(_BENCHMARKS),
        metavar="NAME",
        help=f"this benchmark; may be given again (default: all but {', '.join(_BY_NAME_ONLY)})",
    )
    add("--quick", action="store_true", help="less of everything, for a rough answer")
    add(
        "--rounds",
        type=_count,
        metavar="N",
        help=f"how often each thing is measured (default: {_ROUNDS}, {_ROUNDS_QUICK} with --quick)",
    )
    add("--dir", type=Path, default=_DIR, help="where to put data: a disk (default: %(default)s)")
    add("--write", action="store_true", help="put the results and pictures into bench/README.md")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return count


def _first_line(module: ModuleType) -> str:
    return (module.__doc__ or "").partition("\n")[0]


if __name__ == "__main__":
    main()
