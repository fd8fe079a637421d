"""The service beside the specification: both are asked the same.

Each step is compared in what is answered, and in all that can be seen of the execution
afterwards.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from tests.model.answers import FoundPause, Loaded, Paused, Revision, Transacted
from tests.model.choices import KEYS, OBSERVER, Choices, Seen
from tests.model.requests import (
    Delete,
    GetLock,
    ListCheckpoints,
    ListRevisions,
    Load,
    ReadState,
    Request,
    Transaction,
    Write,
)
from tests.model.service import Service
from tests.model.specification import Specification
from tests.model.terms import SECOND, Chosen, Key, Limits, Refused

_LIMITS = Limits(open_pauses=3, checkpoints=3)
_LOOK_AT_ALL_EVERY = 20
_FOR_EVER_S = 10**9


class Comparison(RuleBasedStateMachine):
    """Asks both the same, and compares what they answer and what can be seen afterwards."""

    # What is forgotten by and by has tests of its own.
    config: dict[str, Any] = {"log_window_s": _FOR_EVER_S, "request_window_s": _FOR_EVER_S}  # noqa: RUF012 - a subclass has another
    prunes = False

    def __init__(self) -> None:
        super().__init__()
        self.service: Service | None = None
        self.seen = Seen()
        self.steps = 0

    @initialize(shards=st.sampled_from((1, 1, 3)))
    def start(self, shards: int) -> None:
        self.service = Service(
            shards=shards,
            open_pauses_max=_LIMITS.open_pauses,
            checkpoints_max=_LIMITS.checkpoints,
            **self.config,
        )
        self.spec = Specification(_LIMITS, self.real.clock.now_us())
        self.choices = Choices(self.spec, self.seen)

    def teardown(self) -> None:
        if self.service is not None:
            self.service.stop()

    @property
    def real(self) -> Service:
        assert self.service is not None
        return self.service

    # What may happen.

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """One thing.

        It is one rule, because Hypothesis leaves rules out in most of its examples: with a
        rule for each RPC there would be many in which nothing is ever saved.
        """
        key = data.draw(self.choices.key())
        execution = self.spec.living(key)
        steps = [*_STEPS, *_CREATE * 6] if execution is None else _STEPS
        if execution is not None and execution.now.shared is not None:
            steps = [*steps, *_SHARE * 12]
        name = data.draw(st.sampled_from(steps))
        if name in _OTHER_STEPS:
            _OTHER_STEPS[name](self, data)
        else:
            self.compare(data.draw(getattr(self.choices, name)(key)))

    def repeat(self, data: st.DataObject) -> None:
        """A retry: of something that was done, or was refused."""
        if self.seen.sent:
            self.compare(data.draw(self.choices.repeated()))

    def look_back(self, data: st.DataObject) -> None:
        """All that an execution ever was."""
        key = data.draw(self.choices.key())
        execution = self.spec.living(key)
        for version in () if execution is None else execution.versions:
            self.compare(Load(key=key, revision=version.revision))
            shared = ("shared_state",)
            self.compare(Load(key=key, revision=version.revision, fields=shared))
        for name in () if execution is None else execution.checkpoints:
            self.compare(Load(key=key, checkpoint=name))

    def list_executions(self, data: st.DataObject) -> None:
        """Those that are what is asked for; none whose pauses are yet to be settled."""
        for key in KEYS:
            self.settle(key)
        query = data.draw(self.choices.listing())
        real, expected = self.real.list_executions(query), self.spec.list_executions(query)
        if query.updated_after is not None:
            # In any order then.
            real = tuple(sorted(real, key=lambda each: each.key))
        assert real == expected, f"the service: {real}\nthe specification: {expected}"

    def pass_time(self, data: st.DataObject) -> None:
        """Time passes; quietly: the timers are late."""
        for key in KEYS:
            self.settle(key)
        clock, span = self.real.clock, data.draw(self.choices.span())
        (clock.advance_quietly if data.draw(st.booleans()) else clock.advance)(span / SECOND)
        self.spec.now = clock.now_us()

    def restart(self, data: st.DataObject) -> None:
        """Whatever was answered is kept."""
        del data
        self.real.restart()

    def look_at_all(self) -> None:
        """All executions, and the inboxes."""
        for key in KEYS:
            self.settle(key)
            self.look_at(key)
        for namespace in {key.namespace for key in KEYS}:
            shown = self.real.list_pauses(namespace)
            times = [each.pause.create_time for each in shown]
            assert times == sorted(times)
            assert _in_order(shown) == _in_order(self.spec.list_pauses(namespace))

    @invariant()
    def nothing_differs(self) -> None:
        """Not at every step: it takes as long as ten."""
        self.steps += 1
        if self.service is not None and self.steps % _LOOK_AT_ALL_EVERY == 0:
            self.look_at_all()

    # How it is compared.

    def compare(self, request: Request) -> None:
        """Ask both, and look at what the execution is then."""
        if _hides_its_past(request):
            self.settle(request.key)
        due = self.spec.has_due_pause(request.key)
        real = _outcome(self.real.ask, request)
        if due:
            self.learn_what_became_of_pauses(request.key)
        chosen = self.chosen(request, real)
        expected = _outcome(lambda each: self.spec.answer(each, chosen), request)
        assert real == expected, f"the service: {real}\nthe specification: {expected}"
        self.remember(request, real)
        self.look_at(request.key)

    def look_at(self, key: Key) -> None:
        """Compare all that can be seen of an execution."""
        self.settle(key)
        listed = (Load(key=key), ListRevisions(key=key), ListCheckpoints(key=key), GetLock(key=key))
        for request in listed:
            real, expected = self.real.ask(request), self.spec.answer(request)
            assert real == expected, f"the service: {real}\nthe specification: {expected}"
        seen = ReadState(key=key, member=OBSERVER)
        real, expected = _outcome(self.real.ask, seen), _outcome(self.spec.answer, seen)
        assert real == expected, f"the service: {real}\nthe specification: {expected}"

    def settle(self, key: Key) -> None:
        """Let happen what is due: nobody can look at an execution before it has."""
        if self.spec.has_due_pause(key):
            self.learn_what_became_of_pauses(key)

    def learn_what_became_of_pauses(self, key: Key) -> None:
        """Take the revision over at which something became of them by itself."""
        told: tuple[Revision, ...] = self.real.ask(ListRevisions(key=key))
        newest = self.spec.record(key).newest_revision
        new = {each.revision for each in told if each.revision > newest}
        new &= {each.revision for each in told if each.kind == "PAUSE_EXPIRED"}
        assert len(new) == 1, f"nothing has become of the pauses whose time is over: {told}"
        self.spec.expire_pauses(key, new.pop())

    def chosen(self, request: Request, real: Any) -> Chosen:
        """What the server has decided."""
        if isinstance(real, Refused):
            oldest = real.metadata.get("oldest_revision")
            return Chosen(oldest_revision=int(oldest) if oldest and self.prunes else None)
        result = getattr(real, "result", None)
        opened = _opened(real)
        self.seen.pauses += [
            (request.key, *pause)
            for pause in opened
            if (request.key, *pause) not in self.seen.pauses
        ]
        return Chosen(
            revision=0 if result is None else result.revision or _loaded_revision(real),
            fencing_token=getattr(real, "fencing_token", 0),
            pauses=iter(opened),
        )

    def remember(self, request: Request, real: Any) -> None:
        """What callers know from now on."""
        if isinstance(request, Write) and request.options.request_id:
            self.seen.sent.append(request)
        result = getattr(real, "result", None)
        if result is not None and result.revision:
            revisions = self.seen.revisions.setdefault(request.key, [])
            if result.revision not in revisions:
                revisions.append(result.revision)


class ComparisonWithShortHistory(Comparison):
    """The same where little of the past is kept: it may be gone, but it is never wrong (B52)."""

    config = Comparison.config | {"versions_kept": 1}
    prunes = True


_OTHER_STEPS = {
    "repeat": Comparison.repeat,
    "look_back": Comparison.look_back,
    "list_executions": Comparison.list_executions,
    "pass_time": Comparison.pass_time,
    "restart": Comparison.restart,
}
_OFTEN = {
    "save": 3,
    "load": 3,
    "update": 7,
    "delete": 1,
    "pause": 6,
    "resume": 6,
    "get_pause": 2,
    "checkpoint": 4,
    "restore": 3,
    "delete_checkpoint": 1,
    "lock": 3,
    "renew_lock": 1,
    "unlock": 2,
    "define_state": 5,
    "write_state": 1,
    "read_state": 1,
    "transaction": 8,
    "repeat": 3,
    "look_back": 1,
    "list_executions": 3,
    "pass_time": 5,
    "restart": 1,
}
_STEPS = [name for name, times in _OFTEN.items() for _ in range(times)]

_CREATE = ["save", "save", "pause"]
_SHARE = ["write_state", "write_state", "write_state", "define_state", "restore"]


def _outcome(ask: Callable[[Request], Any], request: Request) -> Any:
    try:
        return ask(request)
    except Refused as refused:
        return refused


def _opened(real: Any) -> list[tuple[str, str]]:
    """Token and pause_id of the pauses that an answer tells of."""
    done = real.results if isinstance(real, Transacted) else (real,)
    return [(each.token, each.pause_id) for each in done if isinstance(each, Paused)]


def _loaded_revision(real: Any) -> int:
    """The revision of what a transaction created, loaded and deleted; nothing else tells it."""
    done = real.results if isinstance(real, Transacted) else ()
    loads = [each.execution for each in done if isinstance(each, Loaded)]
    return max([each.revision for each in loads if each is not None], default=0)


def _hides_its_past(request: Request) -> bool:
    """Whether what became of pauses before cannot be told from what is there afterwards."""
    if isinstance(request, Write) and request.options.request_id:
        return True
    parts = request.operations if isinstance(request, Transaction) else (request,)
    return any(isinstance(part, Delete) for part in parts)


def _in_order(inbox: tuple[FoundPause, ...]) -> list[FoundPause]:
    return sorted(inbox, key=lambda x: (x.pause.create_time, x.execution.key, x.pause.pause_id))
