"""PostgreSQL with its defaults, which sync before they answer, by psycopg."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import messages, optional, servers
from bench.callers import Caller
from bench.gatherer import Gatherer, Write
from bench.servers import Running, ServerError

CONNECTIONS = 2
_TABLE = "CREATE TABLE executions (id text PRIMARY KEY, state jsonb NOT NULL)"
_UPSERT = (
    "INSERT INTO executions VALUES (%s, %s::jsonb)"
    " ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state"
)
_SETTINGS = ("fsync", "synchronous_commit", "wal_sync_method")
# Debian keeps the programs of each version apart.
_FOLDERS = (
    *os.environ["PATH"].split(os.pathsep),
    *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin"))),
)
_START_S_MAX = 60.0
_POLL_S = 0.05


def missing() -> str:
    """What is missing; empty if nothing is."""
    if not all(map(_program, ("postgres", "initdb"))):
        return "postgres or initdb is not installed (Debian: postgresql)"
    return optional.missing("psycopg")


@contextmanager
def serve(data_dir: Path) -> Iterator[Running]:
    """A single PostgreSQL, as initdb sets it up."""
    user = _user()
    data_dir.mkdir()
    if user is not None:
        os.chown(data_dir, user.pw_uid, user.pw_gid)
        # Where it is must not be read by others, but passed through.
        data_dir.parent.chmod(0o711)
    run_as = _run_as(user)
    _make(data_dir, run_as)
    (port,) = servers.free_ports(1)
    command = [*run_as, _program("postgres"), "-D", str(data_dir), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    address = f"127.0.0.1:{port}"
    with servers.listening("PostgreSQL", command, address, data_dir, forks=True) as running:
        _make_table(address)
        yield running


@asynccontextmanager
async def connected(address: str, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers with a connection each; each upsert is a transaction of its own."""
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(await _connection(address)) for _ in range(count)
        ]

        def caller(number: int) -> Caller:
            writes = messages.writes(number, count)
            return lambda: connections[number].execute(_UPSERT, next(writes))

        yield [caller(number) for number in range(count)]


@asynccontextmanager
async def gathered(address: str, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers of CONNECTIONS; what waits goes as one pipeline and one transaction."""
    async with AsyncExitStack() as stack:
        gatherers = []
        for _ in range(CONNECTIONS):
            connection = await stack.enter_async_context(await _connection(address))
            gatherers.append(Gatherer(_sender(connection)))
        yield [
            gatherers[number % CONNECTIONS].caller(messages.writes(number, count))
            for number in range(count)
        ]


def _sender(connection: Any) -> Any:
    async def send(writes: list[Write]) -> None:
        # What a pipeline holds up to its end is one transaction.
        async with connection.pipeline():
            for write in writes:
                await connection.execute(_UPSERT, write)

    return send


async def durability(address: str) -> str:
    """Its version, and how it says that it makes writes durable."""
    async with await _connection(address) as connection:

        async def shown(name: str) -> str:
            cursor = await connection.execute(f"SHOW {name}")
            return f"{name} {(await cursor.fetchone())[0]}"

        version = (await shown("server_version")).split()[1]
        settings = ", ".join([await shown(name) for name in _SETTINGS])
        return f"PostgreSQL {version}, psycopg {optional.found('psycopg')}: {settings}"


def _program(name: str) -> str:
    return shutil.which(name, path=os.pathsep.join(_FOLDERS)) or ""


def _user() -> pwd.struct_passwd | None:
    """Whom to run it as, because it refuses to run as root; None: as we do."""
    if os.geteuid():
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


def _run_as(user: pwd.struct_passwd | None) -> list[str]:
    """What is put before a command; by a program, because a fork of ours would disturb gRPC."""
    if user is None:
        return []
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _make(data_dir: Path, run_as: list[str]) -> None:
    command = [*run_as, _program("initdb"), "-D", str(data_dir), "-U", "bench", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise ServerError(made.stderr)


def _make_table(address: str) -> None:
    psycopg = import_module("psycopg")
    deadline = time.perf_counter() + _START_S_MAX
    while True:
        try:
            with psycopg.connect(_where(address), autocommit=True) as connection:
                connection.execute(_TABLE)
                return
        except psycopg.OperationalError:
            # It listens before it serves.
            if time.perf_counter() > deadline:
                raise
            time.sleep(_POLL_S)


async def _connection(address: str) -> Any:
    psycopg = import_module("psycopg")
    # Prepared at its second use, as any statement that a program goes on using.
    return await psycopg.AsyncConnection.connect(
        _where(address), autocommit=True, prepare_threshold=1
    )


def _where(address: str) -> str:
    host, _, port = address.rpartition(":")
    return f"host={host} port={port} user=bench dbname=postgres"
