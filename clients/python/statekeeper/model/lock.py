"""Locks, as they are seen from outside."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """Who holds the lock of an execution.

    Attributes:
        owner: Who asked for it.
        fencing_token: Larger with every grant.
        lease_expire_time: When the lease is over unless it is renewed (UTC).
        exclusive: Whether writes without the fencing token are refused.
    """

    owner: str
    fencing_token: int
    lease_expire_time: dt.datetime
    exclusive: bool
