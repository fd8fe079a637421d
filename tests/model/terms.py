"""The words that the specification is written in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

# Moments are microseconds since 1970, spans are microseconds.
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

TTL_DEFAULT = DAY  # B3
PAUSE_EXPIRY_DEFAULT = DAY  # B26
LEASE_DEFAULT = 30 * SECOND

Document = Mapping[str, str | bytes]
"""Entries by key: JSON text, or bytes. None and an empty document differ (B11)."""

DOCUMENTS = ("input", "context", "member_outputs", "metadata")


class Key(NamedTuple):
    """The identity of an execution (B1)."""

    namespace: str
    execution_id: str


@dataclass(frozen=True)
class Limits:
    """How much one execution may have."""

    open_pauses: int
    checkpoints: int


class Refused(Exception):  # noqa: N818 - the contract's word for it
    """The request was refused, and nothing was changed.

    Attributes:
        reason: a name of ErrorReason.
        metadata: what the error tells besides the execution.
    """

    def __init__(self, reason: str, **metadata: str | int) -> None:
        self.reason = reason
        self.metadata = {name: str(value) for name, value in metadata.items()}
        super().__init__(self.reason, self.metadata)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refused) and self.args == other.args

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Refused({self.reason}, {self.metadata})"


NEVER = 2**40
"""Stands for all revisions that no write has had yet."""


def check_not_future(revision: int | None) -> None:
    """Refuse a revision that is yet to come."""
    if revision is not None and revision >= NEVER:
        raise Refused("INVALID_REQUEST")


@dataclass
class Chosen:
    """What only the server can decide, as its answer told; the model takes it over.

    Attributes:
        revision: the revision of the write, or the position of a delete.
        fencing_token: of a grant.
        pauses: token and pause_id of each pause that was opened.
        oldest_revision: where it no longer keeps a state that was asked for: which is
            the oldest that it keeps.
    """

    revision: int = 0
    fencing_token: int = 0
    pauses: Iterator[tuple[str, str]] = field(default_factory=lambda: iter(()))
    oldest_revision: int | None = None


NOTHING_CHOSEN = Chosen()


def rfc3339(moment: int) -> str:
    """A moment as errors tell it."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=moment)).isoformat()
