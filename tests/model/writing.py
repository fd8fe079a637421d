"""A write in the making, and what it comes to: the same for one operation and for many."""

from dataclasses import dataclass, field, replace

from tests.model.answers import Pause, Revision
from tests.model.executions import Checkpoint, Execution, Version
from tests.model.members import Shared, what_changed_of_shared
from tests.model.requests import Options, State
from tests.model.terms import DOCUMENTS, TTL_DEFAULT, Chosen, Key, Limits, Refused


@dataclass(frozen=True)
class Act:
    """Something that is done, as the history tells it."""

    kind: str
    pause_id: str = ""
    checkpoint: str = ""


@dataclass
class Work:
    """An execution in the hands of a write. Nothing counts before all is done (B66).

    Attributes:
        now: the time of the write.
        before: what there was; None: nothing.
        state, pauses, shared, checkpoints: as they are now, after the operations done so far.
        acts: what was done to the state or a pause, each kind of it once.
        changes: how much was done.
        made: the names of the checkpoints that were made.
        named: of those, the ones that name what this write itself makes.
        deleted: whether the execution goes.
    """

    key: Key
    options: Options
    now: int
    chosen: Chosen
    limits: Limits
    before: Execution | None
    state: State | None = None
    pauses: tuple[Pause, ...] = ()
    shared: Shared | None = None
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    changes: int = 0
    made: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    deleted: bool = False

    def __post_init__(self) -> None:
        if self.before is not None:
            self.state = self.before.now.state
            self.pauses = self.before.now.pauses
            self.shared = self.before.now.shared
            self.checkpoints = dict(self.before.checkpoints)

    def existing(self) -> State:
        """The state, which has to be there (B14)."""
        if self.state is None:
            raise Refused("STATE_NOT_FOUND")
        return self.state

    def act(self, act: Act) -> None:
        """Note what is done."""
        if act not in self.acts:
            self.acts.append(act)
        self.changes += 1

    def put_state(self, state: State) -> None:
        """Make this the state. Whatever is not paused has no open pauses (B44)."""
        self.state = state
        if state.status != "PAUSED":
            self.close_pauses()

    def put_pause(self, pause: Pause) -> None:
        """Put a pause in the place of what it was before."""
        self.pauses = tuple(
            pause if each.pause_id == pause.pause_id else each for each in self.pauses
        )

    def close_pauses(self) -> None:
        """Close those that wait, without an answer."""
        for pause in self.pauses:
            if pause.waits:
                self.put_pause(replace(pause, status="VOIDED"))

    def version(self) -> Version:
        """What the execution is now: as it was while nothing was done, and else a new version."""
        if self.before is not None and not self.changes:
            return self.before.now
        number = 1 if self.before is None else self.before.now.number + 1
        state = self.existing()
        return Version(self.chosen.revision, number, self.now, state, self.pauses, self.shared)

    def finish(self) -> Execution | None:
        """What there is after the write. Raises STATE_NOT_FOUND where nothing came of it."""
        if self.deleted:
            return None
        self.existing()
        version = self.version()
        older = () if self.before is None else self.before.versions
        ttl = TTL_DEFAULT if self.before is None else self.before.ttl
        ttl = ttl if self.options.ttl is None else self.options.ttl
        history = () if self.before is None else self.before.history
        checkpoints = dict(self.checkpoints)
        for name in self.named:
            checkpoints[name] = replace(checkpoints[name], version=version)
        return Execution(
            self.key,
            (*older, version) if self.changes else older,
            ttl,
            self._expire_time(ttl),
            (*self._told(version), *history) if self.changes else history,
            checkpoints,
        )

    def _expire_time(self, ttl: int) -> int | None:
        """Every write renews the ttl (B18); an execution outlives its open pauses (B38)."""
        if not ttl:
            return None
        since = [pause.expire_time for pause in self.pauses if pause.status == "OPEN"]
        return max([self.now, *since]) + ttl

    def _told(self, version: Version) -> list[Revision]:
        """What the history tells of it: each kind of thing that was done (B42), in order."""
        changed = what_changed(None if self.before is None else self.before.now, version)
        acts = [(act, changed) for act in self.acts]
        made = [name for name in self.checkpoints if name in self.made]
        acts += [(Act("CHECKPOINTED", checkpoint=name), ()) for name in made]
        return [
            Revision(
                version.revision,
                version.number,
                version.time,
                act.kind,
                version.state.status,
                names,
                self.options.actor,
                act.pause_id,
                act.checkpoint,
            )
            for act, names in acts
        ]


def what_changed(version: Version | None, after: Version) -> tuple[str, ...]:
    """What a write really changed: `status`, `context.userId`.

    A document is named by its entries; by itself where it came or went empty.
    """
    before = State() if version is None else version.state
    names = what_changed_of_shared(None if version is None else version.shared, after.shared)
    names += [
        name
        for name in ("status", "start_time", "current_member", "schema_version", "labels")
        if getattr(before, name) != getattr(after.state, name)
    ]
    for name in DOCUMENTS:
        old, new = getattr(before, name), getattr(after.state, name)
        entries = [
            f"{name}.{key}"
            for key in {**(old or {}), **(new or {})}
            if (old or {}).get(key) != (new or {}).get(key)
        ]
        names += entries or ([name] if (old is None) != (new is None) else [])
    return tuple(sorted(names))
