"""The program as a process: terminals, pipes, what is installed, completion."""

import json
import shutil
from pathlib import Path

import pytest

from statekeeper import StateManager
from statekeeper.testing import TestServer
from statekeeper_cli.program import program
from tests.support.certificates import Authority
from tests.support.cli import Cli, run_on_terminal, run_process

_ESCAPE = "\x1b"
_WITHOUT_SERVER = "import sys; sys.modules['lmdb'] = sys.modules['uvloop'] = None"


@pytest.fixture
def target(server: TestServer, namespace: str) -> dict[str, str]:
    """The variables that name the server and the namespace."""
    return {"STATEKEEPER_TARGET": server.address, "STATEKEEPER_NAMESPACE": namespace}


def test_colours_are_for_terminals(order: StateManager, target: dict[str, str]) -> None:
    order.update(status="failed")
    piped = run_process("history", "order-1", env=target)
    code, seen = run_on_terminal("history", "order-1", env=target)
    silent = run_on_terminal("history", "order-1", env=target | {"NO_COLOR": "1"})[1]

    assert (piped.code, code) == (0, 0)
    assert "failed" in piped.stdout
    assert _ESCAPE not in piped.stdout
    assert f"{_ESCAPE}[31mfailed" in seen
    assert f"{_ESCAPE}[31m" not in silent


def test_what_others_have_written_does_not_reach_the_terminal(
    order: StateManager, target: dict[str, str]
) -> None:
    """B80: an escape sequence in a reason could do anything to a terminal."""
    evil = f"{_ESCAPE}]0;evil\x07{_ESCAPE}[8m[red]r\u202e"
    order.pause(member=evil, reason=evil, actor=evil)
    order.update(context={"k": {evil: evil}})
    for command in (("pauses",), ("history", "order-1"), ("diff", "order-1", "before")):
        _, seen = run_on_terminal(*command, env=target)
        assert f"{_ESCAPE}]0" not in seen, command
        assert "\x07" not in seen
        assert f"{_ESCAPE}[8m" not in seen
        assert "\u202e" not in seen
        # Nor is it taken for markup.
        assert "[red]" in "".join(seen.split())


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 1)])
def test_delete_asks_on_a_terminal(
    order: StateManager, target: dict[str, str], typed: str, code: int
) -> None:
    ended, seen = run_on_terminal("delete", "order-1", typed=typed, env=target)

    assert ended == code
    assert "Delete " in seen
    assert (order.load() is None) == (code == 0)


def test_progress_is_for_terminals(
    target: dict[str, str], namespace: str, order: StateManager
) -> None:
    del order
    piped = run_process("backup", f"{namespace}-piped", env=target)
    code, seen = run_on_terminal("backup", f"{namespace}-seen", env=target)

    assert piped.code == code == 0
    assert (piped.stderr, piped.stdout.count("\n")) == ("", 1)
    assert f"{namespace}-seen" in seen


def test_what_is_compacted_is_counted_on_terminals(target: dict[str, str]) -> None:
    """How much there will be is not known: what is removed is told while it is."""
    piped = run_process("compact", env=target)
    code, seen = run_on_terminal("compact", env=target)

    assert piped.code == code == 0
    assert piped.stderr == ""
    bar, _, facts = seen.partition(" rows")
    assert "removed" in bar
    assert "history rows" in facts


def test_what_the_terminal_cannot_show_is_no_failure(
    order: StateManager, target: dict[str, str]
) -> None:
    order.update(context={"text": "日本"})
    order.pause(member="日本", reason="r")
    for command in (("get", "order-1"), ("pauses",)):
        ended = run_process(*command, env=target | {"PYTHONIOENCODING": "iso-8859-1"})
        assert (ended.code, ended.stderr) == (0, "")
        assert "\\u65e5\\u672c" in ended.stdout


def test_flags_come_before_variables(server: TestServer, order: StateManager) -> None:
    wrong = {"STATEKEEPER_TARGET": "127.0.0.1:1", "STATEKEEPER_NAMESPACE": "nobody"}
    ended = run_process(
        *("get", "order-1", "--json", "--target", server.address),
        *("--namespace", order.namespace),
        env=wrong,
    )
    assert json.loads(ended.stdout)["execution_id"] == "order-1"


def test_without_the_server_the_operators_commands_work(
    order: StateManager, target: dict[str, str], tmp_path: Path
) -> None:
    """What `pip install 'statekeeper[cli]'` gives."""
    del order
    got = run_process("get", "order-1", "--json", env=target, before=_WITHOUT_SERVER)
    assert json.loads(got.stdout)["execution_id"] == "order-1"
    for command in (["serve"], ["verify", str(tmp_path)], ["restore", "a", "b"]):
        ended = run_process(*command, before=_WITHOUT_SERVER)
        assert (ended.code, ended.stdout) == (2, "")
        assert "needs pip install 'statekeeper[server]'" in ended.stderr


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_command_lines_needs_it_says_what_to_install(missing: str) -> None:
    before = f"import sys; sys.modules['{missing}'] = None"
    ended = run_process("stats", before=before)

    assert (ended.code, ended.stdout) == (2, "")
    assert "pip install 'statekeeper[cli]'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_serve_is_a_command_of_the_program() -> None:
    ended = run_process("serve", "--listen", "nonsense")

    assert ended.code == 2
    assert "is not HOST:PORT" in ended.stderr
    assert "--data-dir DIR" in run_process("serve", "--help").stdout


def test_every_command_has_a_help() -> None:
    cli = Cli("127.0.0.1:1")
    listed = cli.done("--help")
    for name in program.list_commands(None):  # type: ignore[arg-type]  # it does not matter
        assert f"  {name} " in listed
        assert "Usage: statekeeper" in cli.done(name, "--help")
    assert cli.done("--version").startswith("statekeeper, version ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell: str) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("there is no bash")
    assert "_STATEKEEPER_COMPLETE" in Cli("127.0.0.1:1").done("completion", shell)


def test_commands_and_options_are_completed() -> None:
    def completed(*words: str) -> list[str]:
        ended = run_process(
            env={
                "_STATEKEEPER_COMPLETE": "bash_complete",
                "COMP_WORDS": " ".join(("statekeeper", *words)),
                "COMP_CWORD": str(len(words)),
            }
        )
        return [line.partition(",")[2] for line in ended.stdout.splitlines()]

    assert completed("res") == ["resume", "restore-checkpoint", "restore"]
    assert completed("get", "--rev") == ["--revision"]
    assert completed("list", "--status", "co") == ["completed"]


def test_tls_is_spoken(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    own, operator = authority.sign("server"), authority.sign("operator")
    with TestServer(
        tmp_path / "data",
        tls_cert=own.certificate,
        tls_key=own.key,
        tls_client_ca=authority.certificate,
    ) as server:
        cli = Cli(server.address)
        tls = ("--tls-ca", str(authority.certificate))
        client = ("--tls-cert", str(operator.certificate), "--tls-key", str(operator.key))
        assert cli.document("stats", *tls, *client)["total"]["executions"] == 0
        assert cli.lines("list", *tls, *client) == []
        assert cli.refusal("stats", *tls, "--timeout", "3").startswith("UNAVAILABLE")
        assert "given together" in cli.wrong_use("stats", *tls, *client[:2])
        assert "does not exist" in cli.wrong_use("stats", "--tls-ca", str(tmp_path / "no"))


def test_b80_a_target_of_no_use_is_wrong_use(cli: Cli) -> None:
    told = cli.wrong_use("stats", "--target", "localhost")

    assert "Invalid value for '--target'" in told
    assert "'localhost' is not HOST:PORT" in told


def test_what_grpc_logs_is_not_shown(target: dict[str, str]) -> None:
    ended = run_process("stats", "--tls", env=target)

    assert (ended.code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.endswith("TLS handshake failed")


def test_b80_a_misspelt_variable_is_told(target: dict[str, str]) -> None:
    ended = run_process("stats", env=target | {"STATEKEEPER_TARGT": "x", "STATEKEEPER_SHARDS": "1"})

    assert ended.code == 0
    assert ended.stderr == (
        "statekeeper: warning: STATEKEEPER_TARGT is not read: STATEKEEPER_TARGET is\n"
    )


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_b80_output_that_cannot_be_written_is_told_in_a_line(
    order: StateManager, target: dict[str, str], form: tuple[str, ...]
) -> None:
    del order
    into_a_full_disk = "import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)"
    ended = run_process("list", *form, env=target, before=into_a_full_disk)

    assert ended.code == 1
    assert ended.stderr == "statekeeper: standard output: No space left on device\n"
