"""LangGraph's SqliteSaver: no server, but a file that the callers' process writes."""

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import messages, optional
from bench.callers import Caller

_PACKAGE = "langgraph-checkpoint-sqlite"
_MODULE = "langgraph.checkpoint.sqlite"
_VERSIONS = {"state": 1}
# What the pragma answers, by its documentation.
_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


def missing() -> str:
    """What is missing; empty if nothing is."""
    return optional.missing(_PACKAGE)


@asynccontextmanager
async def connected(file: Path, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers in one thread, in turn: `put` waits for the disk, and all with it."""
    with import_module(_MODULE).SqliteSaver.from_conn_string(str(file)) as saver:
        saver.setup()

        def caller(number: int) -> Caller:
            puts = _puts(number, count)

            async def put() -> None:
                saver.put(*next(puts))
                await asyncio.sleep(0)

            return put

        yield [caller(number) for number in range(count)]


@asynccontextmanager
async def connected_by_thread(file: Path, count: int) -> AsyncIterator[list[Caller]]:
    """So many callers of AsyncSqliteSaver, which has one thread that writes."""
    async with import_module(f"{_MODULE}.aio").AsyncSqliteSaver.from_conn_string(
        str(file)
    ) as saver:
        await saver.setup()

        def caller(number: int) -> Caller:
            puts = _puts(number, count)
            return lambda: saver.aput(*next(puts))

        yield [caller(number) for number in range(count)]


def durability(file: Path) -> str:
    """Its version, and how the connection that it makes says that writes are durable."""
    with import_module(_MODULE).SqliteSaver.from_conn_string(str(file)) as saver:
        saver.setup()
        (level,) = saver.conn.execute("PRAGMA synchronous").fetchone()
        (mode,) = saver.conn.execute("PRAGMA journal_mode").fetchone()
        versions = f"SQLite {sqlite3.sqlite_version}, {_PACKAGE} {optional.found(_PACKAGE)}"
        return f"{versions}: journal_mode {mode}, synchronous {_SYNCHRONOUS[level]}"


def _puts(number: int, count: int) -> Iterator[tuple[Any, ...]]:
    """Arguments of `put`: each is a new checkpoint of one entry, and none is removed."""
    empty_checkpoint = import_module("langgraph.checkpoint.base").empty_checkpoint
    for step, (key, value) in zip(itertools.count(), messages.writes(number, count)):
        config = {"configurable": {"thread_id": key, "checkpoint_ns": ""}}
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"state": value}
        checkpoint["channel_versions"] = _VERSIONS
        yield config, checkpoint, {"source": "loop", "step": step}, _VERSIONS
