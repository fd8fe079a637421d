"""The service keeps the promises of the specification: random requests, and no difference."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.comparison import Comparison, ComparisonWithShortHistory

_STEPS = 50

_SETTINGS = settings(
    deadline=None,
    print_blob=True,
    stateful_step_count=_STEPS,
    suppress_health_check=[
        HealthCheck.too_slow,  # every write waits for a disk
        HealthCheck.data_too_large,  # a state is many choices
    ],
)


def run(machine: type[Comparison], steps: int, *, by_chance: bool = False) -> None:
    """Compare for so many steps, in examples that begin with nothing.

    The same examples each time, so that nobody's change fails for what another one has
    done; by chance only where somebody waits to look into it.
    """
    chosen = settings(_SETTINGS, max_examples=steps // _STEPS, derandomize=not by_chance)
    run_state_machine_as_test(machine, settings=chosen)


@pytest.fixture
def pruned_at_every_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old versions go at once, and not when there are many."""
    monkeypatch.setattr("statekeeper_server.store.writer._PRUNE_EVERY", 1)


def test_no_difference_in_500_steps() -> None:
    """B1 to B70 and B87 to B93, but for what needs several callers at once."""
    run(Comparison, 500)


@pytest.mark.usefixtures("pruned_at_every_write")
def test_what_is_kept_of_a_short_history_is_never_wrong() -> None:
    """B48, B52."""
    run(ComparisonWithShortHistory, 150)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_difference_in_10_000_steps() -> None:
    """The same, for longer."""
    run(Comparison, 10_000)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("pruned_at_every_write")
def test_what_is_kept_of_a_short_history_is_never_wrong_in_the_long_run() -> None:
    """The same, for longer."""
    run(ComparisonWithShortHistory, 2_500)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_no_difference_in_any_10_000_steps() -> None:
    """The same, by chance."""
    run(Comparison, 10_000, by_chance=True)
