"""How long is waited before something is tried again."""

import heapq
import random

import pytest

from statekeeper.backoff import Backoff, ConflictBackoff


class Time:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic_s(self) -> float:
        return self.now_s


@pytest.fixture
def time() -> Time:
    return Time()


def test_tries_are_further_and_further_apart_until_time_is_over(time: Time) -> None:
    backoff = Backoff(10, monotonic_s=time.monotonic_s, chance=lambda: 1.0)
    delays = [backoff.delay_s() for _ in range(9)]
    assert delays == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0, 1.0]
    time.now_s = 8.9
    assert backoff.delay_s() == 1.0
    time.now_s = 9.0
    assert backoff.delay_s() is None


def test_no_two_wait_for_the_same_time() -> None:
    chances = iter([0.0, 0.25, 0.5])
    backoff = Backoff(10, chance=lambda: next(chances))
    assert [backoff.delay_s() for _ in range(3)] == [0.0, 0.005, 0.02]


def test_attempts_that_take_longer_are_further_apart(time: Time) -> None:
    """B68: 8, 16, 32, 64 and 64 times what the last one took, and 2 s at most."""
    backoff = ConflictBackoff(1_000, monotonic_s=time.monotonic_s, chance=lambda: 1.0)
    delays = []
    for took_s in (0.001, 0.001, 0.003, 0.001, 0.001, 0.5):
        time.now_s += took_s
        delay_s = backoff.delay_s()
        assert delay_s is not None
        delays.append(delay_s)
        time.now_s += delay_s

    assert delays == pytest.approx([0.008, 0.016, 0.096, 0.064, 0.064, 2.0])


def test_waits_for_another_attempt_are_spread(time: Time) -> None:
    """B68."""
    chances = iter([0.0, 0.25, 0.5])
    backoff = ConflictBackoff(10, monotonic_s=time.monotonic_s, chance=lambda: next(chances))
    for expected_s in (0.0, 0.04, 0.16):
        time.now_s += 0.01
        delay_s = backoff.delay_s()
        assert delay_s == pytest.approx(expected_s)
        time.now_s += delay_s or 0.0


def test_whoever_has_little_time_left_waits_less(time: Time) -> None:
    """B68: there is an attempt at the very end, and none after it."""
    backoff = ConflictBackoff(1, monotonic_s=time.monotonic_s, chance=lambda: 0.5)
    time.now_s = 0.6
    assert backoff.delay_s() == pytest.approx(0.2)
    time.now_s = 0.999
    assert backoff.delay_s() == pytest.approx(0.0005)
    time.now_s = 1.0
    assert backoff.delay_s() is None


@pytest.mark.parametrize("attempt_s", [0.002, 0.02])
def test_contenders_get_their_turn_within_a_few_attempts(attempt_s: float) -> None:
    """B68: 64 of them, 20 times each, with a server that is near or far away.

    An attempt succeeds if no other has between its beginning and its end. Without waits
    there would be 64 attempts for each success.
    """
    time, chance = Time(), random.Random(68)  # noqa: S311 - the same every time
    left = [20] * 64
    attempts, newest_s = 0, -1.0
    # By their ends: which contender's, and how long it waits after a conflict.
    ends = [(attempt_s + chance.random() * attempt_s, n, _backoff(time, chance)) for n in range(64)]
    while ends:
        time.now_s, n, backoff = heapq.heappop(ends)
        attempts += 1
        delay_s: float | None = 0.0
        if newest_s > time.now_s - attempt_s:
            delay_s = backoff.delay_s()
        else:
            newest_s = time.now_s
            left[n] -= 1
            backoff = _backoff(time, chance)
        assert delay_s is not None
        if left[n]:
            heapq.heappush(ends, (time.now_s + delay_s + attempt_s, n, backoff))

    assert attempts < 3 * 64 * 20


def _backoff(time: Time, chance: random.Random) -> ConflictBackoff:
    return ConflictBackoff(3_600, monotonic_s=time.monotonic_s, chance=chance.random)
