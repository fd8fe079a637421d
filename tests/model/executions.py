"""What is kept of an execution: all that it ever was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.model import answers
from tests.model.answers import Pause, Revision
from tests.model.locks import Lock
from tests.model.members import Shared
from tests.model.requests import State, Write
from tests.model.terms import DOCUMENTS, Chosen, Document, Key, Refused


@dataclass(frozen=True)
class Version:
    """An execution as it was right after one of its changes; it never alters (B48)."""

    revision: int
    number: int
    time: int
    state: State
    pauses: tuple[Pause, ...]
    shared: Shared | None


@dataclass(frozen=True)
class Checkpoint:
    """A name for a version (B45)."""

    version: Version
    time: int
    actor: str


@dataclass(frozen=True)
class Execution:
    """An execution, from its creation to its end.

    Attributes:
        versions: the oldest first; there is at least one.
        ttl: as last set; 0 means that it never expires (B3).
        expire_time: from then on it reads as absent (B17).
        history: what happened, the newest revision first.
        checkpoints: by name, the oldest first.
    """

    key: Key
    versions: tuple[Version, ...]
    ttl: int
    expire_time: int | None
    history: tuple[Revision, ...]
    checkpoints: dict[str, Checkpoint]

    @property
    def now(self) -> Version:
        """What it is."""
        return self.versions[-1]

    def is_over(self, now: int) -> bool:
        """Whether it has expired."""
        return self.expire_time is not None and self.expire_time <= now

    def at(self, revision: int, chosen: Chosen) -> Version:
        """What it was right after a position of the log (B52).

        Raises:
            Refused: REVISION_COMPACTED, when it is no longer kept. That is the server's to
                decide, but it always keeps what the execution is now.
        """
        oldest = self.versions[0].revision
        if chosen.oldest_revision is not None:
            oldest = min(max(oldest, chosen.oldest_revision), self.now.revision)
        if revision < oldest:
            raise Refused("REVISION_COMPACTED", oldest_revision=oldest)
        return [each for each in self.versions if each.revision <= revision][-1]

    def at_checkpoint(self, name: str) -> Version:
        """What it was when a checkpoint was made, however long ago that is (B46, B52)."""
        if name not in self.checkpoints:
            raise Refused("CHECKPOINT_NOT_FOUND", checkpoint=name)
        return self.checkpoints[name].version

    def view(self, version: Version, fields: tuple[str, ...] = ()) -> answers.Execution:
        """What a caller sees of a version. When it will be gone is not a thing of the past."""
        return answers.Execution(
            self.key,
            version.revision,
            version.number,
            self.versions[0].time,
            version.time,
            self.expire_time,
            select(version.state, fields),
            version.pauses if not fields or "pauses" in fields else (),
            _shared_values(version) if "shared_state" in fields else None,
        )

    def outline(self) -> answers.Execution:
        """What is shown beside a pause: it, without the entries of its documents."""
        state = with_documents(self.now.state, lambda _, each: None if each is None else {})
        return replace(self.view(self.now), state=state, pauses=())


@dataclass
class Record:
    """What is known under a key.

    Attributes:
        execution: None when there is none.
        lock: who holds the lock, which needs no execution.
        done: what was done under which request_id, and the answer; it outlives all (B70).
        newest_revision: of all that ever were of this key (B69).
        newest_fencing_token: likewise (B58).
    """

    execution: Execution | None = None
    lock: Lock | None = None
    done: dict[str, tuple[Write, answers.Written]] = field(default_factory=dict)
    newest_revision: int = 0
    newest_fencing_token: int = 0


def with_documents(
    state: State, change: Callable[[str, Document | None], Document | None]
) -> State:
    """A state with other documents."""
    documents: dict[str, Any] = {name: change(name, getattr(state, name)) for name in DOCUMENTS}
    return replace(state, **documents)


def _shared_values(version: Version) -> Mapping[str, str] | None:
    """The values that members share; absent where there are none."""
    return (version.shared.values or None) if version.shared else None


def select(state: State, fields: tuple[str, ...]) -> State:
    """The fields of a state that are named; none named means all. The status always is there."""
    if not fields:
        return state

    def chosen(name: str, document: Document | None) -> Document | None:
        keys = {each.removeprefix(f"{name}.") for each in fields if each.startswith(f"{name}.")}
        if document is None or name in fields:
            return document if name in fields else None
        return {key: document[key] for key in document.keys() & keys} if keys else None

    return State(
        status=state.status,
        start_time=state.start_time if "start_time" in fields else None,
        current_member=state.current_member if "current_member" in fields else None,
        schema_version=state.schema_version if "schema_version" in fields else None,
        labels=state.labels if "labels" in fields else {},
        **{name: chosen(name, getattr(state, name)) for name in DOCUMENTS},
    )
