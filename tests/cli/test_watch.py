"""watch: what happens, as it happens."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from statekeeper import Client, StateManager
from tests.support.cli import Cli, environment

_DEADLINE_S = 60.0


def test_what_happened_to_an_execution_is_shown(cli: Cli, order: StateManager) -> None:
    order.pause(member="m", reason="r", actor="grace")
    watch = ("watch", "order-1", "--after-revision", "0", "--limit", "4")
    events = cli.lines(*watch)
    lines = cli.done(*watch).splitlines()

    assert [event["kind"] for event in events] == ["saved", "checkpointed", "updated", "paused"]
    assert events[1]["checkpoint"] == "before"
    assert (events[3]["status"], events[3]["actor"]) == ("paused", "grace")
    assert all(event["resume_token"] for event in events)
    assert "hitl_" not in json.dumps(events)
    assert f"paused {events[3]['pause_id']}" in lines[3]
    assert "by grace" in lines[3]


def test_values_are_shown_where_they_are_asked_for(cli: Cli, order: StateManager) -> None:
    del order
    watch = ("watch", "order-1", "--after-revision", "0", "--limit", "3")
    *_, updated = cli.lines(*watch, "--include", "changes")
    *_, whole = cli.lines(*watch, "--include", "state")

    assert updated["changes"]["context"] == {"user": {"name": "Bob", "n": 1}, "new": None}
    assert updated["removed"] == ["input.amount"]
    assert whole["state"]["context"] == updated["changes"]["context"]


def test_a_watch_goes_on_where_it_was(cli: Cli, order: StateManager) -> None:
    del order
    first, second = cli.lines("watch", "order-1", "--after-revision", "0", "--limit", "2")
    (again,) = cli.lines(
        "watch", "order-1", "--resume-token", first["resume_token"], "--limit", "1"
    )
    assert (again["kind"], again["revision"]) == (second["kind"], second["revision"])


def test_a_namespace_begins_with_what_is_there(cli: Cli, client: Client, namespace: str) -> None:
    for name in ("a-1", "b-1", "b-2"):
        client.state_manager(name, namespace=namespace).save({"status": "running"})
    events = cli.lines("watch", "--snapshot", "--id-prefix", "b-", "--limit", "3")

    assert {event["execution_id"] for event in events[:2]} == {"b-1", "b-2"}
    assert [event["kind"] for event in events] == ["snapshot", "snapshot", "snapshot_complete"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--after-revision", "0"),
        ("order-1", "--id-prefix", "o"),
        ("--include", "state"),
        ("--kind", "nonsense"),
    ],
)
def test_what_makes_no_sense_together_is_told(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert "Error: " in cli.wrong_use("watch", *arguments)


def test_a_watch_is_told_at_once_and_ends_when_it_is_interrupted(
    cli: Cli, order: StateManager
) -> None:
    """In a pipe too, where others would wait for a full buffer."""
    told = cli.environment
    process = subprocess.Popen(
        [sys.executable, "-m", "statekeeper_cli", "watch", "--json", "--snapshot"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**{name: text for name, text in told.items() if text is not None}),
    )
    stuck = threading.Timer(_DEADLINE_S, process.kill)
    stuck.start()
    assert process.stdout is not None
    seen = [json.loads(process.stdout.readline())["kind"] for _ in range(2)]
    order.delete()
    seen.append(json.loads(process.stdout.readline())["kind"])
    os.kill(process.pid, signal.SIGINT)
    rest, errors = process.communicate()
    stuck.cancel()

    assert seen == ["snapshot", "snapshot_complete", "deleted"]
    assert (process.returncode, rest, errors) == (0, "", "")
