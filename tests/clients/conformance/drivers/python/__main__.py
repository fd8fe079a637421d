"""Reads commands from stdin, does them, and writes what came of them to stdout."""

import asyncio
import json
import sys
import traceback
from typing import Any

from statekeeper import StateError

from .commands import COMMANDS
from .errors import DriverError, Unsupported, error_of
from .session import Command, Session

_LINE_BYTES_MAX = 256 * 1024 * 1024


async def _answer(session: Session, command: Command) -> dict[str, Any]:
    try:
        return {"result": await session.do(command)}
    except (StateError, DriverError) as error:
        return {"error": error_of(error)}
    except Unsupported as why:
        return {"unsupported": str(why)}
    except asyncio.CancelledError:
        return {"error": {"code": "CANCELLED", "message": "the command was cancelled"}}
    except Exception:  # noqa: BLE001 - whatever it is, the scenario is told
        return {"fault": traceback.format_exc()}


async def _serve() -> None:
    session = Session(COMMANDS)
    reader = asyncio.StreamReader(limit=_LINE_BYTES_MAX)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def work(command: Command) -> None:
        answer = await _answer(session, command)
        session.under_way.pop(command["id"], None)
        text = json.dumps({"id": command["id"], **answer}, allow_nan=False)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    while line := await reader.readline():
        command = json.loads(line)
        session.under_way[command["id"]] = asyncio.create_task(work(command))
    await session.reset()
    for task in tuple(session.under_way.values()):
        task.cancel()


if __name__ == "__main__":
    asyncio.run(_serve())
