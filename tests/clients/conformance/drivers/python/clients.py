"""Clients and handles."""

from pathlib import Path
from typing import Any

import grpc

from statekeeper import AsyncClient

from .errors import Unsupported
from .session import Command, Session
from .values import options


async def connect(session: Session, command: Command) -> None:
    """Makes a client."""
    session.clients[command["client"]] = AsyncClient(
        command["target"],
        credentials=_credentials(command),
        **options(command, "timeout", "actor", "cache_watch"),
    )


async def manager(session: Session, command: Command) -> None:
    """Makes the handle of an execution."""
    client = session.clients[command["client"]]
    session.managers[command["manager"]] = client.state_manager(
        command["execution_id"], **options(command, "namespace", "ttl", "actor", "cache_ttl")
    )


async def close(session: Session, command: Command) -> None:
    """Closes a client."""
    await session.clients[command["client"]].close()


async def reset(session: Session, _command: Command) -> None:
    """Closes and forgets everything."""
    await session.reset()


async def cancel(session: Session, command: Command) -> None:
    """Cancels a command under way."""
    session.under_way[command["command"]].cancel()


def _credentials(command: Command) -> grpc.ChannelCredentials | None:
    tls, token = command.get("tls"), command.get("token")
    if tls is None:
        if token is not None:
            raise Unsupported("gRPC's credentials for Python have tokens with TLS alone")
        return None
    files = [_bytes(tls.get(name)) for name in ("ca", "key", "cert")]
    secured = grpc.ssl_channel_credentials(*files)
    if token is None:
        return secured
    return grpc.composite_channel_credentials(secured, grpc.access_token_call_credentials(token))


def _bytes(file: str | None) -> Any:
    return None if file is None else Path(file).read_bytes()
