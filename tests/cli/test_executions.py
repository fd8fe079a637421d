"""get, list, history, diff, delete: what an operator sees of executions."""

import base64

import pytest

from statekeeper import Binary, Client, StateManager
from tests.support.cli import Cli


def test_get_shows_the_state(cli: Cli, order: StateManager, namespace: str) -> None:
    state = cli.document("get", "order-1")

    assert (state["namespace"], state["execution_id"]) == (namespace, "order-1")
    assert (state["status"], state["version"]) == ("running", 2)
    assert state["context"] == {"user": {"name": "Bob", "n": 1}, "new": None}
    assert state["labels"] == {"team": "core"}
    assert base64.b64decode(state["input"]["raw"]["base64"]) == b"\x01\x02"
    assert "metadata" not in state
    # For people it is the same document, on several lines.
    assert '"name": "Bob"' in cli.done("get", "order-1")
    loaded = order.load()
    assert loaded is not None
    assert state["revision"] == loaded.revision


def test_text_of_any_language_is_shown_as_it_is(cli: Cli, client: Client, namespace: str) -> None:
    """B78: but for what would not print."""
    text = "Ädä 日本 \U0001f600\u202e\x9b\x1b\n"
    client.state_manager("said", namespace=namespace).save(
        {"status": "running", "context": {"text": text}}
    )
    printed = cli.done("get", "said")

    assert '"Ädä 日本 \U0001f600\\u202e\\u009b\\u001b\\n"' in printed
    assert cli.document("get", "said")["context"]["text"] == text


def test_get_shows_what_was(cli: Cli, order: StateManager) -> None:
    first = min(change.revision for change in order.list_revisions())
    for how in (("--revision", str(first)), ("--checkpoint", "before")):
        assert cli.document("get", "order-1", *how)["input"]["amount"] == 39.9


def test_get_shows_only_what_is_asked_for(cli: Cli, order: StateManager) -> None:
    del order
    state = cli.document("get", "order-1", "--field", "context.new", "--field", "labels")

    assert state["context"] == {"new": None}
    assert "input" not in state


def test_get_shows_the_type_of_bytes(cli: Cli, client: Client, namespace: str) -> None:
    sm = client.state_manager("packed", namespace=namespace)
    sm.save({"status": "running", "context": {"p": Binary(b"x", content_type="a/b")}})

    assert cli.document("get", "packed")["context"]["p"] == {
        "base64": "eA==",
        "content_type": "a/b",
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("get", "nobody"), "STATE_NOT_FOUND"),
        (("get", "order-1", "--checkpoint", "nonsense"), "CHECKPOINT_NOT_FOUND"),
        (("get", "order-1", "--revision", "999999"), "INVALID_REQUEST"),
        (("get", "order-1", "--field", "nonsense"), "INVALID_REQUEST"),
        (("diff", "order-1", "nonsense"), "CHECKPOINT_NOT_FOUND"),
        (("diff", "nobody", "now"), "STATE_NOT_FOUND"),
        (("checkpoint", "nobody", "name"), "STATE_NOT_FOUND"),
        (("restore-checkpoint", "order-1", "nonsense"), "CHECKPOINT_NOT_FOUND"),
        (("get", "a\nb"), "INVALID_REQUEST"),
        (
            ("resume", "--execution", "order-1", "--pause", "p9"),
            "INVALID_TOKEN: the execution has no pause of this id that waits",
        ),
        (("get", "order-1", "--field", "contxt"), "INVALID_REQUEST: fields[0]: 'contxt' is no"),
        (
            ("diff", "order-1", "befor"),
            "CHECKPOINT_NOT_FOUND: the execution has no checkpoint 'befor'",
        ),
    ],
)
def test_what_the_service_refuses_is_told(
    cli: Cli, order: StateManager, arguments: tuple[str, ...], says: str
) -> None:
    del order
    assert cli.refusal(*arguments).startswith(says)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get",),
        ("get", "order-1", "--revision", "x"),
        ("get", "order-1", "--revision", "1", "--checkpoint", "before"),
        ("get", "order-1", "--timeout", "0"),
        ("get", "order-1", "--nonsense"),
        ("list", "--status", "nonsense"),
        ("list", "--label", "nonsense"),
        ("list", "--label", "=x"),
        ("list", "--updated-after", "yesterday"),
        ("list", "--state"),
        ("list", "--limit", "0"),
        ("history",),
        ("diff", "order-1"),
        ("delete", "order-1"),
        ("nonsense",),
    ],
)
def test_wrong_use_is_told(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert "Error: " in cli.wrong_use(*arguments)


def test_list_shows_the_executions_that_are_asked_for(
    cli: Cli, client: Client, namespace: str
) -> None:
    for n in range(5):
        client.state_manager(f"run-{n}", namespace=namespace, ttl=0).save(
            {
                "status": "completed" if n % 2 else "running",
                "labels": {"team": "core" if n < 3 else "web"},
                "context": {"n": n},
            }
        )

    def ids(*arguments: str) -> list[str]:
        return [each["execution_id"] for each in cli.lines("list", *arguments)]

    assert ids() == [f"run-{n}" for n in range(5)]
    assert ids("--status", "completed") == ["run-1", "run-3"]
    assert ids("--status", "completed", "--status", "running") == ids()
    assert ids("--label", "team=web") == ["run-3", "run-4"]
    assert ids("--id-prefix", "run-4") == ["run-4"]
    assert ids("--limit", "2") == ["run-0", "run-1"]
    assert sorted(ids("--updated-after", "2020-01-01")) == ids()
    assert ids("--updated-after", "2100-01-01T00:00:00+0100") == []
    last = max(facts["update_time"] for facts in cli.lines("list"))
    assert ids("--updated-after", last) == []  # as --json has told it
    assert ids("--updated-after", "2100-01-01 00:00:00Z") == []  # as tables show it
    (whole,) = cli.lines("list", "--id-prefix", "run-4", "--state")
    (short,) = cli.lines("list", "--id-prefix", "run-4")
    assert whole["context"] == {"n": 4}
    assert "context" not in short
    head, first, *_ = cli.done("list").splitlines()
    assert head.split() == [
        *("execution", "status", "member", "version", "updated", "expires", "labels")
    ]
    assert first.split()[:2] == ["run-0", "running"]
    assert first.split()[-2:] == ["never", "team=core"]


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (("list",), "the namespace {} that fits"),
        (("pauses",), "the namespace {}"),
        (("history", "nobody"), "the history of {}/nobody"),
        (("checkpoints", "nobody"), "the checkpoints of {}/nobody"),
    ],
)
def test_a_table_without_rows_says_where_was_looked(
    cli: Cli, namespace: str, arguments: tuple[str, ...], place: str
) -> None:
    told = cli.run(*arguments)

    assert told.exit_code == 0
    assert told.stderr == f"statekeeper: there is nothing in {place.format(namespace)}\n"
    assert cli.lines(*arguments) == []


def test_b80_a_time_that_is_none_is_told(cli: Cli) -> None:
    told = cli.wrong_use("list", "--updated-after", "yesterday")

    assert "'yesterday' is no time, as in 2026-11-22" in told


def test_history_shows_what_happened(cli: Cli, order: StateManager) -> None:
    order.pause(member="m", reason="r")
    newest, updated, saved = cli.lines("history", "order-1")

    assert (newest["kind"], newest["status"]) == ("paused", "paused")
    assert newest["pause_id"] == f"p{newest['revision']}"
    assert (updated["kind"], updated["version"]) == ("updated", 2)
    assert set(updated["changed"]) == {"context.new", "context.user", "input.amount"}
    assert (saved["kind"], saved["actor"]) == ("saved", "web")
    assert cli.lines("history", "order-1", "--limit", "1") == [newest]
    table = cli.done("history", "order-1")
    assert f"paused {newest['pause_id']}" in table
    assert "context.new, context.user" in table or "context.user, context.new" in table
    assert cli.lines("history", "nobody") == []


def test_diff_shows_what_differs(cli: Cli, order: StateManager) -> None:
    order.update(context={"user": {"name": "Bob", "n": 1.0}}, status="waiting")
    found = {each["path"]: each for each in cli.lines("diff", "order-1", "before")}

    assert found == {
        "status": {
            "path": "status",
            "change": "changed",
            "before": "running",
            "after": "waiting",
        },
        "context.user.name": {
            "path": "context.user.name",
            "change": "changed",
            "before": "Ada",
            "after": "Bob",
        },
        # In Python 1 == 1.0, in JSON they are different texts.
        "context.user.n": {
            "path": "context.user.n",
            "change": "changed",
            "before": 1,
            "after": 1.0,
        },
        "context.new": {"path": "context.new", "change": "added", "after": None},
        "input.amount": {"path": "input.amount", "change": "removed", "before": 39.9},
    }
    assert cli.done("diff", "order-1", "before").splitlines() == [
        "+ context.new: null",
        "~ context.user.n: 1 -> 1.0",
        '~ context.user.name: "Ada" -> "Bob"',
        "- input.amount: 39.9",
        '~ status: "running" -> "waiting"',
    ]


def test_diff_takes_revisions_and_checkpoints(cli: Cli, order: StateManager) -> None:
    first = str(min(change.revision for change in order.list_revisions()))
    order.checkpoint(first)

    assert cli.done("diff", "order-1", first, "before") == ""
    assert cli.done("diff", "order-1", first, "now") != ""
    # What is a number is a revision, unless it is said to be a checkpoint.
    assert cli.done("diff", "order-1", f"checkpoint:{first}") == ""
    assert cli.done("diff", "order-1", "now", f"checkpoint:{first}") == ""


def test_checkpoints_are_made_listed_and_brought_back(
    cli: Cli, order: StateManager, namespace: str
) -> None:
    made = cli.document("checkpoint", "order-1", "after", "--actor", "grace")
    listed = cli.lines("checkpoints", "order-1")
    back = cli.document("restore-checkpoint", "order-1", "before")

    assert made == {
        "namespace": namespace,
        "execution_id": "order-1",
        "checkpoint": "after",
        "revision": made["revision"],
    }
    assert [(each["name"], each["actor"]) for each in listed] == [
        ("before", ""),
        ("after", "grace"),
    ]
    assert "after" in cli.done("checkpoints", "order-1")
    state = order.load()
    assert state is not None
    assert state.input == {"amount": 39.9, "raw": b"\x01\x02"}
    assert state.revision == back["revision"]
    assert "names" in cli.done("checkpoint", "order-1", "third")
    assert "order-1 is what third names" in cli.done("restore-checkpoint", "order-1", "third")


def test_delete_removes(cli: Cli, order: StateManager) -> None:
    assert "say --yes" in cli.wrong_use("delete", "order-1")
    assert order.load() is not None
    assert cli.document("delete", "order-1", "--yes")["existed"] is True
    assert order.load() is None
    assert cli.document("delete", "order-1", "--yes")["existed"] is False
    assert "was not there" in cli.done("delete", "order-1", "--yes")
