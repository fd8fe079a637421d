"""What steady updates of entries of 1 KB leave on the disk, and how much they write."""

from contextlib import ExitStack

from bench import data_file, messages, process, servers, wire
from bench.plan import Plan
from bench.report import Report, mebibytes, number
from bench.servers import Running

_CONNECTIONS = 8
_EXECUTIONS_EACH = 16
_WINDOWS = 8
_HEAD = (
    "updates so far", "per entry", "written B/update", "disk B/update", "in use B/update",
    "growth B/update", "in use MiB", "file MiB", "reserved MiB",
)  # fmt: skip


def run(plan: Plan) -> Report:
    """Measure."""
    report = Report("Bytes on disk per update of an entry of 1 KB, 128 in flight")
    ids = [
        [f"execution-{connection}-{number}" for number in range(_EXECUTIONS_EACH)]
        for connection in range(_CONNECTIONS)
    ]
    with ExitStack() as stack:
        server = stack.enter_context(servers.statekeeper(plan.folder("disk")))
        saves = [messages.saves(each) for each in ids]
        wire.drive(server.address, messages.SAVE, saves, duration_s=plan.slice_s / 4)
        report.table(_HEAD, _windows(plan, server, ids))
        if servers.has_etcd():
            etcd = stack.enter_context(servers.etcd(plan.folder("disk-etcd")))
            report.say(_etcd(plan, etcd, ids))
        else:
            report.say(servers.NO_ETCD)
    return report


def _windows(plan: Plan, server: Running, ids: list[list[str]]) -> list[list[str]]:
    bodies = [messages.updates(each) for each in ids]
    rows = []
    updates = 0
    for _ in range(_WINDOWS):
        files, written = data_file.read(server.data_dir), process.written_bytes(server.pid)
        device = data_file.device_bytes(server.data_dir)
        driven = wire.drive(server.address, messages.UPDATE, bodies, duration_s=plan.slice_s)
        after = data_file.read(server.data_dir)
        updates += driven.done
        per_update = (
            process.written_bytes(server.pid) - written,
            data_file.device_bytes(server.data_dir) - device,
            after.live_bytes - files.live_bytes,
            after.end_bytes - files.end_bytes,
        )
        sizes = (after.live_bytes, after.end_bytes, after.disk_bytes)
        rows.append(
            [
                f"{updates:,}",
                number(updates / (_CONNECTIONS * _EXECUTIONS_EACH)),
                *(number(size / driven.done) for size in per_update),
                *map(mebibytes, sizes),
            ]
        )
    return rows


def _etcd(plan: Plan, etcd: Running, ids: list[list[str]]) -> str:
    puts = [messages.etcd_puts(each) for each in ids]
    written, device = process.written_bytes(etcd.pid), data_file.device_bytes(etcd.data_dir)
    driven = wire.drive(etcd.address, messages.ETCD_PUT, puts, duration_s=2 * plan.slice_s)
    per_put = number((process.written_bytes(etcd.pid) - written) / driven.done)
    disk_per_put = number((data_file.device_bytes(etcd.data_dir) - device) / driven.done)
    return (
        f"etcd writes {per_put} bytes per Put of 1 KB, its log and its tree together; "
        f"the disk {disk_per_put}."
    )
