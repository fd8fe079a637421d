"""What waits for a person in a namespace, across all its executions."""

import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator

import pytest

from statekeeper.testing import TestServer
from statekeeper.v1.execution_pb2 import STATUS_RUNNING, ExecutionState
from statekeeper.v1.pause_requests_pb2 import ListPausesRequest
from statekeeper.v1.state_requests_pb2 import SaveRequest
from statekeeper_server.store.reader import Reader
from tests.support.chance import chance
from tests.support.pauses import (
    ids,
    inbox,
    inbox_pages,
    open_pause,
    pause_request,
    resume,
    to_us,
)
from tests.support.raw import DEADLINE_S, RawClient, document, key_of, save_request

MB = 1024 * 1024
MESSAGE_BYTES_MAX = 16 * MB


@pytest.fixture
def namespace(execution_id: str) -> str:
    """A namespace of the test's own."""
    return execution_id[:63]


@pytest.fixture(scope="module", params=[1, 3])
def sharded(request: pytest.FixtureRequest) -> Iterator[RawClient]:
    """A client of a server of one shard, and of one of several."""
    with TestServer(shards=request.param) as server, RawClient(server.address) as raw:
        yield raw


def fill(raw: RawClient, namespace: str, number: int) -> list[tuple[str, str]]:
    """Open pauses of few executions, one after the other."""
    opened = []
    for n in range(number):
        execution_id = f"exec_{n * 7 % 5}"
        answer = open_pause(raw, execution_id, namespace, data=document(n=str(n)))
        opened.append((execution_id, answer.pause_id))
    return opened


def test_an_empty_inbox_is_a_list_of_none(raw: RawClient, namespace: str) -> None:
    """B41."""
    response = raw.stub.ListPauses(ListPausesRequest(namespace=namespace))

    assert (list(response.pauses), response.next_page_token) == ([], "")


def test_the_oldest_comes_first(sharded: RawClient, namespace: str) -> None:
    """B41: across the executions and the shards."""
    opened = fill(sharded, namespace, 30)
    waiting = inbox(sharded, namespace)

    assert ids(waiting) == opened
    assert [each.pause.data for each in waiting] == [document(n=str(n)) for n in range(30)]
    times = [to_us(each.pause.create_time) for each in waiting]
    assert times == sorted(times)


@pytest.mark.parametrize("page_size", [1, 2, 3, 7, 29, 30, 31, 1_000])
def test_pages_of_any_size_make_the_same_list(
    sharded: RawClient, namespace: str, page_size: int
) -> None:
    """B41: and none is longer, nor is there one more than is needed."""
    opened = fill(sharded, namespace, 30)
    pages = list(inbox_pages(sharded, namespace, page_size))

    assert ids([each for page in pages for each in page]) == opened
    assert [len(page) for page in pages[:-1]] == [page_size] * (len(pages) - 1)
    assert 1 <= len(pages[-1]) <= page_size


def test_pauses_of_one_instant_are_listed_once_each(namespace: str) -> None:
    """B41: the clock stands still while they are opened, in several shards."""
    with TestServer(shards=3) as server, RawClient(server.address) as raw:
        now_us = server.clock.now_us()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(server.clock, "now_us", lambda: now_us)
            opened = fill(raw, namespace, 12)
            for page_size in (1, 2, 5, 12):
                assert sorted(ids(inbox(raw, namespace, page_size))) == sorted(opened)


def test_page_size_zero_means_a_hundred(raw: RawClient, namespace: str) -> None:
    """B41."""
    for n in range(101):
        open_pause(raw, f"exec_{n}", namespace)

    assert [len(page) for page in inbox_pages(raw, namespace)] == [100, 1]


def test_other_namespaces_are_never_shown(sharded: RawClient, namespace: str) -> None:
    """B41, B4: not even one whose name begins alike."""
    name = namespace[:40]
    for other in (f"{name}2", f"{name}-", name[:-1], f"{name}.a", "A", ""):
        open_pause(sharded, "exec_1", other)
    own = open_pause(sharded, "exec_1", name)

    assert ids(inbox(sharded, name)) == [("exec_1", own.pause_id)]
    assert inbox(sharded, name)[0].execution.key == key_of("exec_1", name)
    assert {each.execution.key.namespace for each in inbox(sharded, "")} == {"execution-state"}
    assert ids(inbox(sharded, "execution-state")) == ids(inbox(sharded, ""))


def test_what_no_longer_waits_is_not_shown(sharded: RawClient, namespace: str) -> None:
    """B41: answered, voided, deleted."""
    answers = [open_pause(sharded, f"exec_{n}", namespace) for n in range(5)]
    resume(sharded, token=answers[0].token)
    running = ExecutionState(status=STATUS_RUNNING)
    sharded.stub.Save(SaveRequest(key=key_of("exec_2", namespace), state=running))
    sharded.delete(key_of("exec_4", namespace))

    assert ids(inbox(sharded, namespace)) == [
        ("exec_1", answers[1].pause_id),
        ("exec_3", answers[3].pause_id),
    ]


def test_it_shows_the_execution_without_its_values(raw: RawClient, namespace: str) -> None:
    """B41: as it is now, and without its pauses."""
    key = key_of("exec_1", namespace)
    state = ExecutionState(
        status=STATUS_RUNNING, context=document(private='"s"'), labels={"team": "a"}
    )
    raw.stub.Save(SaveRequest(key=key, state=state))
    open_pause(raw, "exec_1", namespace, data=document(amount="9"))
    (waiting,) = inbox(raw, namespace)

    whole = raw.load(key)
    assert whole is not None
    assert waiting.pause == whole.pauses[0]
    del whole.pauses[:]
    whole.state.context.entries.clear()
    assert waiting.execution == whole


@pytest.mark.parametrize("seed", range(4))
def test_paging_while_others_write_misses_nothing_that_stays(
    sharded: RawClient, namespace: str, seed: int
) -> None:
    """B41: nothing is shown twice either, and what is new comes behind."""
    dice = chance(("inbox", seed))
    answers = {}
    for n in range(40):
        answer = open_pause(sharded, f"exec_{n % 10}", namespace)
        answers[f"exec_{n % 10}", answer.pause_id] = answer
    gone = dice.sample(sorted(answers), 20)
    stays = [each for each in answers if each not in gone]
    seen: list[tuple[str, str]] = []
    for page in inbox_pages(sharded, namespace, 3):
        seen += ids(page)
        for each in [gone.pop() for _ in range(min(2, len(gone)))]:
            resume(sharded, token=answers[each].token)
        if len(seen) < 30:
            open_pause(sharded, f"exec_{dice.randrange(10)}", namespace)

    assert len(set(seen)) == len(seen)
    assert [each for each in seen if each in stays] == stays


def test_pages_are_turned_while_many_write(sharded: RawClient, namespace: str) -> None:
    """B41: at the same time, from other threads."""
    stays = fill(sharded, namespace, 20)
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            answer = open_pause(sharded, "exec_busy", namespace)
            resume(sharded, token=answer.token)

    writers = [threading.Thread(target=write, daemon=True) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        for page_size in (1, 3, 10) * 3:
            seen = ids(inbox(sharded, namespace, page_size))
            assert [each for each in seen if each[0] != "exec_busy"] == stays
            assert len(set(seen)) == len(seen)
    finally:
        over.set()
        for writer in writers:
            writer.join(DEADLINE_S)


def test_a_page_of_large_pauses_has_fewer(raw: RawClient, namespace: str) -> None:
    """B41: every page fits into a message, and every pause is on one."""
    sizes = [7, 9, 1, 9, 3, 3, 3]
    opened = []
    for n, size in enumerate(sizes):
        data = document(a=bytes(size * MB), n=str(n))
        opened.append(open_pause(raw, f"exec_{n}", namespace, data=data).pause_id)
    pages = list(inbox_pages(raw, namespace))

    found = [each.pause for page in pages for each in page]
    assert [pause.pause_id for pause in found] == opened
    assert [len(pause.data.entries["a"].binary) for pause in found] == [n * MB for n in sizes]
    page_bytes = [sum(each.ByteSize() for each in page) for page in pages]
    assert max(page_bytes) < MESSAGE_BYTES_MAX
    assert len(pages) > 1
    for n in range(len(sizes)):
        raw.delete(key_of(f"exec_{n}", namespace))


def test_it_is_served_from_an_index(monkeypatch: pytest.MonkeyPatch, namespace: str) -> None:
    """B41: as many executions are read as are shown, however many there are."""
    with TestServer(shards=1) as server, RawClient(server.address) as raw:
        for n in range(200):
            raw.stub.Save(save_request(f"exec_{n}"))
        fill(raw, "elsewhere", 50)
        fill(raw, namespace, 10)
        read: list[object] = []
        real = Reader.head

        def counted(store: Reader, key: object) -> object:
            read.append(key)
            return real(store, key)  # type: ignore[arg-type]  # it is passed on as it came

        monkeypatch.setattr(Reader, "head", counted)
        response = raw.stub.ListPauses(ListPausesRequest(namespace=namespace, page_size=3))
        assert len(response.pauses) == 3
        assert len(read) <= 4


def test_a_page_token_is_of_one_namespace(raw: RawClient, namespace: str) -> None:
    """B80, B4: it does not lead into another's inbox."""
    for _ in range(2):
        open_pause(raw, "exec_1", namespace)
    token = raw.stub.ListPauses(ListPausesRequest(namespace=namespace, page_size=1)).next_page_token
    refused = raw.refusal(raw.stub.ListPauses, ListPausesRequest(page_token=token))

    assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["page_token"])


def test_a_made_up_page_token_leads_nowhere(raw: RawClient, namespace: str) -> None:
    """B80: one can be bent so that it looks sound, which harms nobody."""
    for _ in range(2):
        open_pause(raw, "exec_1", namespace)
    token = raw.stub.ListPauses(ListPausesRequest(namespace=namespace, page_size=1)).next_page_token
    sound = urlsafe_b64decode(token)
    for at in range(len(sound) - 4):
        bent = urlsafe_b64encode(sound[:at] + b"\xff" + sound[at + 1 :]).decode()
        request = ListPausesRequest(namespace=namespace, page_token=bent)
        call = raw.stub.ListPauses.future(request, timeout=DEADLINE_S)
        if call.exception() is None:
            assert len(call.result().pauses) <= 2
        else:
            refused = raw.refusal(raw.stub.ListPauses, request)
            assert (refused.reason, refused.fields) == ("INVALID_REQUEST", ["page_token"])


def test_the_inbox_is_there_after_a_restart() -> None:
    """B41, B20."""
    with TestServer(shards=3) as server:
        with RawClient(server.address) as raw:
            opened = fill(raw, "", 10)
        server.restart()
        with RawClient(server.address) as raw:
            assert ids(inbox(raw)) == opened
            answer = raw.stub.Pause(pause_request("exec_1"))
            assert ids(inbox(raw)) == [*opened, ("exec_1", answer.pause_id)]
