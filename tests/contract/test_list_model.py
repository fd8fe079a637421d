"""Lists beside a plain model of what they must give, while executions change between pages."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import ExecutionState, Status
from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper.v1.write_pb2 import WriteOptions
from statekeeper_server.operations import list as list_operation
from tests.support.chance import chance
from tests.support.frozen import freeze
from tests.support.listing import ids, moment, pages
from tests.support.raw import DEADLINE_S, RawClient, key_of

STATUSES = (Status.STATUS_RUNNING, Status.STATUS_WAITING, Status.STATUS_FAILED)
NAMES = [f"{letter}{n}" for letter in "ab" for n in range(15)]
SECOND_US = 1_000_000


@dataclass
class Known:
    """An execution as the model knows it; each is another one than its predecessor."""

    status: Status
    labels: dict[str, str]
    updated_us: int
    expire_us: int
    number: int


class World:
    """A server, and a dict that says what is in it."""

    def __init__(self, server: TestServer, raw: RawClient, dice: random.Random) -> None:
        self.server, self.raw, self.dice = server, raw, dice
        self.known: dict[str, Known] = {}
        self._numbers = count()

    @property
    def now_us(self) -> int:
        return self.server.clock.now_us()

    def change(self) -> None:
        """Something happens: mostly a save, or one is deleted, or time passes."""
        name, dice = self.dice.choice(NAMES), self.dice
        self.server.clock.advance(dice.choice((0, 0, 1)))
        if dice.random() < 0.15:
            self.raw.delete(key_of(name))
            self.known.pop(name, None)
            return
        status = dice.choice(STATUSES)
        labels = {key: dice.choice("xy") for key in ("team", "tier") if dice.random() < 0.7}
        ttl_s = dice.choice((0, 0, 0, 20))
        request = SaveRequest(
            key=key_of(name),
            state=ExecutionState(status=status, labels=labels),
            options=WriteOptions(ttl=Duration(seconds=ttl_s)),
        )
        now_us = self.now_us
        before = self.living().get(name)
        self.raw.stub.Save(request, timeout=DEADLINE_S)
        expire_us = now_us + ttl_s * SECOND_US if ttl_s else 2**62
        number = next(self._numbers) if before is None else before.number
        self.known[name] = Known(status, labels, now_us, expire_us, number)

    def living(self) -> dict[str, Known]:
        return {name: each for name, each in self.known.items() if each.expire_us > self.now_us}

    def meant(self, query: "Query") -> set[str]:
        return {name for name, each in self.living().items() if query.means(name, each)}


class Query:
    """What is asked for, at random."""

    def __init__(self, world: World) -> None:
        dice = world.dice
        self.statuses = dice.sample(STATUSES, dice.choice((0, 1, 1, 2)))
        self.labels = {key: dice.choice("xy") for key in ("team", "tier") if dice.random() < 0.3}
        self.prefix = dice.choice(("", "", "a", "b1"))
        ago_us = dice.choice((None, None, 0, 3, 10, 30, 10_000))
        self.after_us = None if ago_us is None else world.now_us - ago_us * SECOND_US

    def means(self, name: str, each: Known) -> bool:
        return (
            (not self.statuses or each.status in self.statuses)
            and self.labels.items() <= each.labels.items()
            and name.startswith(self.prefix)
            and (self.after_us is None or each.updated_us > self.after_us)
        )

    @property
    def fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "statuses": self.statuses,
            "labels": self.labels,
            "id_prefix": self.prefix,
        }
        return (
            fields if self.after_us is None else fields | {"updated_after": moment(self.after_us)}
        )


@pytest.fixture(params=[1, 3])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One with shards, whose time passes only when it is told to."""
    with TestServer(shards=request.param) as server, RawClient(server.address) as raw:
        freeze(monkeypatch, server)
        yield World(server, raw, chance(("list", request.param)))


# So that either way of finding what was written lately is taken, and both in turn.
@pytest.mark.parametrize("few", [0, 1_000])
def test_a_list_is_what_the_model_says(
    world: World, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing changes: exactly that, by id."""
    monkeypatch.setattr(list_operation, "_FEW", few)
    for _ in range(60):
        world.change()
        query = Query(world)
        page_size = world.dice.choice((1, 3, 0))
        found = [*pages(world.raw, page_size=page_size, **query.fields)]
        shown = ids(each for page in found for each in page)
        if query.after_us is None:
            assert shown == sorted(world.meant(query))
        else:
            assert sorted(shown) == sorted(world.meant(query))


@pytest.mark.parametrize("few", [0, 1_000])
@pytest.mark.parametrize("looked_at_max", [3, 10_000])
def test_whatever_changes_between_pages_what_stays_is_listed_once(
    world: World, few: int, looked_at_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is listed that is not meant at that moment."""
    monkeypatch.setattr(list_operation, "_FEW", few)
    monkeypatch.setattr(list_operation, "LOOKED_AT_MAX", looked_at_max)
    for _ in range(40):
        world.change()
    for _ in range(12):
        query = Query(world)
        begin = world.living()
        stays = world.meant(query)
        shown: list[str] = []
        for page in pages(world.raw, page_size=world.dice.choice((1, 2, 5)), **query.fields):
            assert set(ids(page)) <= world.meant(query)
            shown += ids(page)
            for _ in range(world.dice.choice((0, 1, 3))):
                world.change()
                stays &= world.meant(query)
        now = world.living()
        stays = {name for name in stays if now[name].number == begin[name].number}
        assert stays <= set(shown)
        again = {name for name in shown if shown.count(name) > 1}
        # What was deleted and created anew is another one.
        assert not again & stays
        if query.after_us is None:
            assert shown == sorted(set(shown))
