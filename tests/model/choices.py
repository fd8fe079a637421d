"""What is asked next, at random: few names, so that requests often meet."""

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.model.requests import (
    Checkpoint,
    DefineState,
    Delete,
    DeleteCheckpoint,
    GetPause,
    List,
    Load,
    Lock,
    Member,
    Operation,
    Options,
    Pause,
    ReadState,
    RenewLock,
    Restore,
    Resume,
    Save,
    State,
    Transaction,
    Unlock,
    Update,
    Write,
    WriteState,
)
from tests.model.specification import Specification
from tests.model.terms import DAY, DOCUMENTS, HOUR, NEVER, SECOND, Key

FORGED_TOKEN = "hitl_" + "A" * 32
NO_TOKEN = "open sesame"
OBSERVER = "observer"
"""A member that uses all keys of a shared state."""

KEYS = [
    Key(namespace, execution_id)
    for namespace in ("execution-state", "other")
    for execution_id in ("order", "refund")
]
SPANS = [*[SECOND] * 8, *[10 * SECOND] * 6, 30 * SECOND, HOUR, DAY, 3 * DAY]

_NAMES = st.sampled_from(("first", "second", "third", "fourth"))
_MEMBERS = st.sampled_from(("planner", "reviewer"))
_OWNERS = st.sampled_from(("ada", "bob"))
_ACTORS = st.sampled_from(("", "", "ada", "bob"))
_REQUEST_IDS = st.sampled_from(("",) * 12 + ("r1", "r2", "r3", "r4"))
_TTLS = st.sampled_from((*[None] * 8, 0, 0, 10 * SECOND, HOUR, 3 * DAY))
_STATUSES = st.sampled_from(("RUNNING", "WAITING", "PAUSED", "COMPLETED", "FAILED"))
_ENTRIES = ("a", "b", "a.b")
# A value for each type of the keys of a shared state.
_FITTING = {"integer": "1", "string": '"x"', "any": "[]"}
_VALUES = st.sampled_from(
    ("1", "null", '"é"', '{"n": [1, 2]}', "12345678901234567890", b"", b"\x00\xff")
)
_DOCUMENTS = st.none() | st.dictionaries(st.sampled_from(_ENTRIES), _VALUES, max_size=3)
_LABELS = st.dictionaries(st.sampled_from(("team", "tier")), st.sampled_from(("", "x", "y")))
_MOMENTS = st.sampled_from((None, None, None, 1_600_000_000 * SECOND, 1_650_000_000 * SECOND + 1))
_VERSIONS = st.sampled_from((None, None, "v1", "v2"))
_STATES = st.builds(
    State,
    status=_STATUSES,
    start_time=_MOMENTS,
    current_member=st.none() | _MEMBERS,
    schema_version=_VERSIONS,
    labels=_LABELS,
    input=_DOCUMENTS,
    context=_DOCUMENTS,
    member_outputs=_DOCUMENTS,
    metadata=_DOCUMENTS,
)
_CHANGES = st.tuples(_STATES, st.booleans()).map(
    lambda each: each[0] if each[1] else replace(each[0], status="")
)
_PATHS = [f"{name}.{entry}" for name in DOCUMENTS for entry in _ENTRIES]
_FIELDS = st.lists(
    st.sampled_from(
        [
            *("status", "start_time", "current_member", "schema_version", "labels", "pauses"),
            "shared_state",
            *DOCUMENTS,
            *_PATHS,
        ]
    ),
    min_size=1,
    max_size=4,
    unique=True,
).map(tuple)
_REMOVALS = st.lists(
    st.sampled_from(
        ["current_member", "schema_version", "labels", "labels.team", *DOCUMENTS, *_PATHS]
    ),
    max_size=3,
    unique=True,
)
_REPLACEMENTS = st.lists(st.sampled_from(["labels", *DOCUMENTS]), max_size=2, unique=True)


@dataclass
class Seen:
    """What callers have come to know so far.

    Attributes:
        revisions: of each key, whatever became of them.
        pauses: token and pause_id of all, and whose they are.
        sent: the writes with a request_id that were answered.
    """

    revisions: dict[Key, list[int]] = field(default_factory=dict)
    pauses: list[tuple[Key, str, str]] = field(default_factory=list)
    sent: list[Write] = field(default_factory=list)


class Choices:
    """Chooses requests that fit what there is, and some that do not."""

    def __init__(self, specification: Specification, seen: Seen) -> None:
        self._specification = specification
        self._seen = seen

    def key(self) -> SearchStrategy[Key]:
        """Any, but mostly one of what exists."""
        living = [key for key in KEYS if self._specification.living(key) is not None]
        return st.sampled_from([*KEYS, *living * 4])

    def save(self, key: Key) -> SearchStrategy[Save]:
        return st.builds(Save, key=st.just(key), options=self._options(key), state=_STATES)

    def load(self, key: Key) -> SearchStrategy[Load]:
        load = st.builds(Load, key=st.just(key), fields=st.just(()) | _FIELDS)
        return st.one_of(
            load,
            st.tuples(load, self._revisions(key)).map(lambda x: replace(x[0], revision=x[1])),
            st.tuples(load, _NAMES).map(lambda x: replace(x[0], checkpoint=x[1])),
        )

    def update(self, key: Key) -> SearchStrategy[Update]:
        return st.builds(
            Update,
            key=st.just(key),
            options=self._options(key),
            changes=_CHANGES,
            replace=_REPLACEMENTS.map(tuple),
            remove=_REMOVALS.map(tuple),
            return_execution=st.booleans(),
        ).map(_consistent)

    def delete(self, key: Key) -> SearchStrategy[Delete]:
        return st.builds(Delete, key=st.just(key), options=self._options(key).map(_without_ttl))

    def pause(self, key: Key) -> SearchStrategy[Pause]:
        now = self._specification.now
        spans = (SECOND, SECOND, 10 * SECOND, 10 * SECOND, HOUR, 0)
        return st.builds(
            Pause,
            key=st.just(key),
            options=self._options(key),
            member=_MEMBERS,
            reason=st.sampled_from(("approve", "why not")),
            data=_DOCUMENTS,
            expire_time=st.sampled_from((None, *(now + span for span in spans))),
            on_expiry=st.sampled_from(("", "FAIL", "KEEP", "RESUME", "RESUME")),
            default_input=_DOCUMENTS,
        ).map(lambda x: x if x.on_expiry == "RESUME" else replace(x, default_input=None))

    def resume(self, key: Key) -> SearchStrategy[Resume]:
        def made(
            target: tuple[Key, str, str], options: Options, answer: Any, *, named: bool
        ) -> Resume:
            whose, token, pause_id = target
            named = named or bool(options.request_id) or not self._leads(token)
            return Resume(
                key=key if named else whose,
                options=options,
                token=token,
                pause_id=pause_id,
                input=answer,
                named=named,
            )

        return st.builds(
            made,
            self._pauses(key),
            self._options(key),
            _DOCUMENTS,
            named=st.sampled_from((True, True, False)),
        )

    def get_pause(self, key: Key) -> SearchStrategy[GetPause]:
        return self._pauses(key).map(
            lambda each: GetPause(key=key, token=each[1], pause_id=each[2])
        )

    def checkpoint(self, key: Key) -> SearchStrategy[Checkpoint]:
        return st.builds(Checkpoint, key=st.just(key), options=self._options(key), name=_NAMES)

    def restore(self, key: Key) -> SearchStrategy[Restore]:
        restore = st.builds(Restore, key=st.just(key), options=self._options(key))
        return st.one_of(
            st.tuples(restore, _NAMES).map(lambda x: replace(x[0], name=x[1])),
            st.tuples(restore, self._revisions(key)).map(lambda x: replace(x[0], revision=x[1])),
        )

    def delete_checkpoint(self, key: Key) -> SearchStrategy[DeleteCheckpoint]:
        options = self._options(key)
        return st.builds(DeleteCheckpoint, key=st.just(key), options=options, name=_NAMES)

    def lock(self, key: Key) -> SearchStrategy[Lock]:
        return st.builds(
            Lock,
            key=st.just(key),
            options=_lock_options(),
            owner=_OWNERS,
            lease=st.sampled_from((None, SECOND, 10 * SECOND, HOUR)),
            exclusive=st.booleans(),
        )

    def renew_lock(self, key: Key) -> SearchStrategy[RenewLock]:
        lease = st.sampled_from((None, None, SECOND, HOUR))
        return st.one_of(
            st.builds(
                RenewLock, key=st.just(key), options=_lock_options(), owner=_OWNERS, lease=lease
            ),
            st.builds(
                RenewLock,
                key=st.just(key),
                options=_lock_options(),
                fencing_token=self._fencing_tokens(key),
                lease=lease,
            ),
        )

    def unlock(self, key: Key) -> SearchStrategy[Unlock]:
        token = self._fencing_tokens(key)
        return st.one_of(
            st.builds(Unlock, key=st.just(key), options=_lock_options(), owner=_OWNERS),
            st.builds(Unlock, key=st.just(key), options=_lock_options(), fencing_token=token),
        )

    def define_state(self, key: Key) -> SearchStrategy[DefineState]:
        def made(
            options: Options, schema: dict[str, str], members: dict[str, Member], chosen: set[str]
        ) -> DefineState:
            initial = {each: _FITTING[kind] for each, kind in schema.items() if each in chosen}
            members |= {OBSERVER: Member(tuple(schema), ())}
            members = {
                name: Member(*(tuple(k for k in keys if k in schema) for keys in (m.use, m.set)))
                for name, m in members.items()
            }
            return DefineState(
                key=key, options=options, schema=schema, initial=initial, members=members
            )

        keys = st.lists(st.sampled_from(_ENTRIES), unique=True).map(tuple)
        return st.builds(
            made,
            self._options(key),
            st.dictionaries(st.sampled_from(_ENTRIES), st.sampled_from(list(_FITTING)), min_size=1),
            st.dictionaries(_MEMBERS, st.builds(Member, keys, keys)),
            st.sets(st.sampled_from(_ENTRIES)),
        )

    def write_state(self, key: Key) -> SearchStrategy[WriteState]:
        """Mostly what a member may set, of any type."""
        execution = self._specification.living(key)
        shared = None if execution is None else execution.now.shared
        allowed = [
            (name, entry)
            for name, member in ({} if shared is None else shared.members).items()
            for entry in member.set
        ]
        anything = st.tuples(_MEMBERS, st.sampled_from(_ENTRIES))
        targets = st.sampled_from(allowed) | anything if allowed else anything
        values = st.sampled_from(list(_FITTING.values()))

        def made(
            options: Options, target: tuple[str, str], value: str, *, drop: bool
        ) -> WriteState:
            member, entry = target
            return WriteState(
                key=key, options=options, member=member, updates={entry: value}, drop=drop
            )

        return st.builds(made, self._options(key), targets, values, drop=st.booleans())

    def read_state(self, key: Key) -> SearchStrategy[ReadState]:
        return st.builds(ReadState, key=st.just(key), member=_MEMBERS)

    def transaction(self, key: Key) -> SearchStrategy[Transaction]:
        kinds: list[SearchStrategy[Operation]] = [
            self.save(key),
            self.load(key),
            self.update(key),
            self.update(key),
            self.pause(key),
            self.resume(key).map(lambda x: replace(x, key=key, named=True)),
            self.checkpoint(key),
            self.restore(key),
            self.define_state(key),
            self.write_state(key),
        ]
        return st.builds(
            Transaction,
            key=st.just(key),
            options=self._options(key),
            operations=st.tuples(
                st.lists(st.one_of(kinds).map(_as_part), min_size=1, max_size=4),
                st.sampled_from(((), (), (), (), (Delete(key=key),)))
                | st.lists(self.checkpoint(key).map(_as_part), min_size=2, max_size=3),
            ).map(lambda x: (*x[0], *x[1])),
        )

    def listing(self) -> SearchStrategy[List]:
        """What executions to ask for; also those written since one of them was."""
        records = [self._specification.record(key) for key in KEYS]
        times = [each.execution.now.time for each in records if each.execution is not None]
        moments = [moment + by for moment in times for by in (-1, 0, 1)]
        return st.builds(
            List,
            namespace=st.sampled_from([key.namespace for key in KEYS]),
            statuses=st.lists(_STATUSES, max_size=2, unique=True).map(tuple),
            id_prefix=st.sampled_from(("", "", "or", "refund", "x")),
            labels=st.just({}) | _LABELS,
            updated_after=st.sampled_from((None, *moments)),
            fields=st.just(()) | _FIELDS,
        )

    def span(self) -> SearchStrategy[int]:
        """How much time passes: also exactly until something is over."""
        records = [self._specification.record(key) for key in KEYS]
        executions = [each.execution for each in records if each.execution is not None]
        moments = [
            *[each.expire_time for each in executions if each.expire_time is not None],
            *[pause.expire_time for each in executions for pause in each.now.pauses],
            *[each.lock.expire_time for each in records if each.lock is not None],
        ]
        spans = [each - self._specification.now for each in moments]
        return st.sampled_from([*SPANS, *[span for span in spans if 0 < span <= DAY]])

    def repeated(self) -> SearchStrategy[Write]:
        """Something that was sent before."""
        return st.sampled_from(self._seen.sent)

    def _options(self, key: Key) -> SearchStrategy[Options]:
        return st.builds(
            Options,
            expected_revision=self._expected(key),
            ttl=_TTLS,
            request_id=_REQUEST_IDS,
            fencing_token=self._fencing(key),
            actor=_ACTORS,
        )

    def _expected(self, key: Key) -> SearchStrategy[int | None]:
        execution = self._specification.living(key)
        right = 0 if execution is None else execution.now.revision
        stale = self._seen.revisions.get(key, [1])[-2:][0]
        return st.sampled_from((*[None] * 14, right, right, right, 0, stale, NEVER))

    def _fencing(self, key: Key) -> SearchStrategy[int]:
        """Mostly what is right: the token where a lock is held."""
        held = self._specification.held(key)
        right = 0 if held is None else held.fencing_token
        stale = max(self._specification.record(key).newest_fencing_token - 1, 0)
        return st.sampled_from((*[right] * 14, 0, 0, stale))

    def _fencing_tokens(self, key: Key) -> SearchStrategy[int]:
        newest = max(self._specification.record(key).newest_fencing_token, 1)
        return st.sampled_from((newest, newest, newest + 1, max(newest - 1, 1)))

    def _revisions(self, key: Key) -> SearchStrategy[int]:
        """What it was at, what it was at just before, what its predecessors were at."""
        seen = self._seen.revisions.get(key, [])
        execution = self._specification.living(key)
        of_living = [] if execution is None else [each.revision for each in execution.versions]
        between = [max(each - 1, 1) for each in of_living]
        return st.one_of(
            st.sampled_from(of_living or [*seen, NEVER]),
            st.sampled_from(between or [*seen, NEVER]),
            st.sampled_from([*seen, NEVER]),
        )

    def _pauses(self, key: Key) -> SearchStrategy[tuple[Key, str, str]]:
        """Whose, and a token or else a pause_id: open, closed, another's, nobody's."""
        own = [each for each in self._seen.pauses if each[0] == key]
        execution = self._specification.living(key)
        open_ids = [
            each.pause_id
            for each in (() if execution is None else execution.now.pauses)
            if each.waits
        ]
        waiting = [each for each in own if each[2] in open_ids]
        others = [*self._seen.pauses, (key, FORGED_TOKEN, "p1"), (key, NO_TOKEN, "nonsense")]
        return st.tuples(
            st.sampled_from([*waiting * 8, *own, *others]),
            st.sampled_from((True, True, False)),
        ).map(lambda x: (x[0][0], x[0][1], "") if x[1] else (x[0][0], "", x[0][2]))

    def _leads(self, token: str) -> bool:
        """Whether it is certain where a token leads.

        It is not where its execution is gone: that is forgotten some time later.
        """
        if token in (FORGED_TOKEN, NO_TOKEN):
            return True
        executions = [self._specification.living(key) for key in KEYS]
        known = [each.now.pauses for each in executions if each is not None]
        return token in [pause.token for pauses in known for pause in pauses if token]


def _consistent(update: Update) -> Update:
    """Without what contradicts itself: that is refused, and has tests of its own."""
    changes = update.changes

    def is_set(path: str) -> bool:
        name, _, entry = path.partition(".")
        value = getattr(changes, name)
        if entry:
            return entry in (value or {})
        return value is not None and (name in DOCUMENTS or bool(value))

    return replace(
        update,
        remove=tuple(each for each in update.remove if not is_set(each)),
        replace=tuple(
            each
            for each in update.replace
            if each == "labels" or getattr(changes, each) is not None
        ),
    )


def _without_ttl(options: Options) -> Options:
    return replace(options, ttl=None)


def _lock_options() -> SearchStrategy[Options]:
    return st.builds(Options, request_id=_REQUEST_IDS, actor=_ACTORS)


def _as_part(operation: Operation) -> Operation:
    """As a part of a transaction, which may have a ttl and no more."""
    if isinstance(operation, Load):
        return operation
    part: Operation = replace(operation, options=Options(ttl=operation.options.ttl))
    return replace(part, return_execution=False) if isinstance(part, Update) else part
