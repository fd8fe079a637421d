"""The rows that are put together by hand are the messages that they are read as."""

from hypothesis import given
from hypothesis import strategies as st

from statekeeper.v1.execution_pb2 import Execution
from statekeeper.v1.history_pb2 import EVENT_KIND_SAVED
from statekeeper_server.codec import encode
from statekeeper_server.storage.v1.records_pb2 import Act, DoneRequest, EntryVersion, Event
from statekeeper_server.store.rows import done_row, event_row, timed, version_row

numbers = st.integers(0, 2**63 - 1)
small_numbers = st.integers(0, 2**32 - 1)
some_bytes = st.binary(max_size=300)


@given(some_bytes, small_numbers, numbers, numbers, numbers)
def test_a_version_says_what_was_written(
    value: bytes, ordinal: int, time_us: int, pruned_revision: int, value_bytes: int
) -> None:
    row = version_row(
        encode(value, value_bytes),
        number=3,
        ordinal=ordinal,
        time_us=time_us,
        pruned_revision=pruned_revision,
    )

    assert EntryVersion.FromString(row) == EntryVersion(
        ordinal=ordinal,
        time_us=time_us,
        pruned_revision=pruned_revision,
        value_bytes=value_bytes,
        plain=value,
    )


def test_a_removal_says_when_it_was() -> None:
    row = version_row(None, number=0, ordinal=5, time_us=6, pruned_revision=7)

    assert EntryVersion.FromString(row) == EntryVersion(ordinal=5, time_us=6, pruned_revision=7)


@given(numbers, numbers, numbers, numbers, st.text(max_size=200))
def test_an_event_says_what_was_done(
    uid: int, previous_revision: int, revision: int, time_us: int, actor: str
) -> None:
    execution, act = Execution(revision=revision), Act(kind=EVENT_KIND_SAVED, changed=["status"])
    done = Event(acts=[act]).SerializeToString()
    row = event_row(uid, previous_revision, execution.SerializeToString(), done, actor)

    assert Event.FromString(timed(row, time_us)) == Event(
        uid=uid,
        execution=execution,
        acts=[act],
        actor=actor,
        previous_revision=previous_revision,
        time_us=time_us,
    )


@given(some_bytes, some_bytes, some_bytes)
def test_a_done_request_says_its_answer(digest: bytes, answer: bytes, token_hash: bytes) -> None:
    row = done_row(digest, answer, token_hash)

    expected = DoneRequest(digest=digest, plain=answer, token_hash=token_hash)
    assert DoneRequest.FromString(row) == expected
