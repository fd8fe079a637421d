"""When an execution was created and expires, worked out without asking."""

import datetime as dt
from dataclasses import dataclass

TTL_DEFAULT = dt.timedelta(hours=24)
"""What the server takes when nobody ever gave a ttl for the execution."""

_NEVER = dt.timedelta(0)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The times of an execution.

    Attributes:
        create_time: When it was first saved.
        update_time: When it was last written.
        expire_time: From when on it reads as absent; None: never.
    """

    create_time: dt.datetime
    update_time: dt.datetime
    expire_time: dt.datetime | None


def after_write(
    *,
    previous: Lifetime | None,
    version: int,
    update_time: dt.datetime,
    ttl: dt.timedelta | None,
) -> Lifetime | None:
    """Gives the times after a write, or None where they cannot be known.

    Args:
        previous: The times right before the write; None: not known.
        version: The version the write made; 1 began a new execution.
        update_time: When it was written.
        ttl: The ttl that the write gave; None: it gave none.
    """
    if version == 1:
        create_time = update_time
        span = TTL_DEFAULT if ttl is None else ttl
    elif previous is not None:
        create_time = previous.create_time
        span = _span(previous) if ttl is None else ttl
    else:
        return None
    expire_time = None if span == _NEVER else update_time + span
    return Lifetime(create_time, update_time, expire_time)


def _span(lifetime: Lifetime) -> dt.timedelta:
    if lifetime.expire_time is None:
        return _NEVER
    return lifetime.expire_time - lifetime.update_time
