"""Whether a batch is worth waiting for, and the loop worth holding still."""

import pytest

from statekeeper_server.pace import Pace


class Times:
    """The time, and the CPU time of the loop; implements `time`."""

    def __init__(self) -> None:
        self._passed_s = 100.0
        self._used_s = 10.0

    def monotonic(self) -> float:
        return self._passed_s

    def thread_time(self) -> float:
        return self._used_s

    def spend(self, passed_s: float, share: float) -> None:
        """Let time pass, so much of which the loop works."""
        self._passed_s += passed_s
        self._used_s += passed_s * share


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    """The time that is told."""
    times = Times()
    monkeypatch.setattr("statekeeper_server.pace.time", times)
    return times


@pytest.mark.parametrize(
    ("share", "callers", "holds", "idles"),
    [
        (0.1, 1, False, True),
        (0.1, 100, False, True),
        (0.4, 1, False, False),
        (0.4, 100, False, False),
        (0.6, 1, False, False),
        (0.6, 100, True, False),
        (0.9, 1, True, False),
        (0.9, 100, True, False),
    ],
)
def test_a_busy_loop_is_waited_for_and_an_idle_one_not_held_still(
    times: Times, share: float, callers: int, *, holds: bool, idles: bool
) -> None:
    pace = Pace()
    times.spend(0.002, share)
    assert pace.hold(callers) is holds
    assert pace.idles is idles


def test_what_it_did_before_the_last_time_does_not_count(times: Times) -> None:
    pace = Pace()
    times.spend(10.0, 1.0)
    assert pace.hold(100)
    times.spend(0.002, 0.0)
    assert not pace.hold(100)
    assert pace.idles


def test_nothing_is_held_back_for_long(times: Times) -> None:
    pace = Pace()
    times.spend(0.002, 1.0)
    held = 0
    while pace.hold(100):
        held += 1
        times.spend(0.001, 1.0)
    assert held == 3
    # And the next one may be, again.
    times.spend(0.001, 1.0)
    assert pace.hold(100)
