"""Starting the server: what keeps it from serving is said in a line, with exit code 2."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from statekeeper.testing import TestServer
from statekeeper_server.__main__ import main
from statekeeper_server.server import Server
from tests.support.certificates import Authority
from tests.support.raw import RawClient, key_of, save_request
from tests.support.server_process import ServerProcess, run


class _ServerInVain(Server):
    """One that is not to serve: on its loop it would for ever, and heed no test's timeout."""

    async def start(self) -> None:
        await super().start()
        await self.stop()
        raise AssertionError("it serves")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `statekeeper serve` in this process, for what ends before it serves."""
    monkeypatch.setattr("statekeeper_server.__main__.Server", _ServerInVain)
    monkeypatch.setattr("statekeeper_server.__main__.set_up_logs", lambda _: None)
    monkeypatch.setattr("sys.setswitchinterval", lambda _: None)
    monkeypatch.setattr("statekeeper_server.__main__._collect_seldom", lambda: None)
    for name in list(os.environ):
        if name.startswith("STATEKEEPER_"):
            monkeypatch.delenv(name)

    def serve(*flags: str, **env: str) -> Result:
        return CliRunner().invoke(main, ["serve", *flags], env=env)

    return serve


def problem(result: Result) -> str:
    """The one line that says why it does not serve."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("statekeeper: ")
    return line.removeprefix("statekeeper: ")


def logged(server: ServerProcess) -> list[dict[str, Any]]:
    """What it has logged, but for the want of a native part, which may not be built here."""
    lines = [json.loads(line) for line in server.log.splitlines()]
    return [line for line in lines if not line["event"].startswith("no native part")]


@pytest.fixture
def free_port() -> int:
    """A port that was free a moment ago."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of two shards with executions in each."""
    path = tmp_path_factory.mktemp("template") / "data"
    with TestServer(path, shards=2) as server, RawClient(server.address) as raw:
        for n in range(20):
            raw.stub.Save(save_request(f"exec_{n}"))
    return path


@pytest.fixture
def data_dir(template: Path, tmp_path: Path) -> Path:
    """A data folder of two shards with executions in each, for one test."""
    return shutil.copytree(template, tmp_path / "data")


class Damage(NamedTuple):
    """Something done to a data folder, and what is said about it."""

    do: Callable[[Path], None]
    says: str


def _rewrite_format(**changes: object) -> Callable[[Path], None]:
    def rewrite(path: Path) -> None:
        file = path / "FORMAT"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return rewrite


def _write(name: str, content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        (path / name).write_bytes(content)

    return write


def _swap_shards(path: Path) -> None:
    (path / "shard-000").rename(path / "x")
    (path / "shard-001").rename(path / "shard-000")
    (path / "x").rename(path / "shard-001")


def _of_another_folder(path: Path) -> None:
    with TestServer(path.parent / "other", shards=2):
        pass
    shutil.rmtree(path / "shard-001")
    shutil.copytree(path.parent / "other" / "shard-001", path / "shard-001")


def _not_ours(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()
    (path / "holiday.jpg").write_bytes(b"")


def _a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


DAMAGES = {
    "another format": Damage(_rewrite_format(format=99), "has format 99, this server reads"),
    "no format": Damage(lambda path: (path / "FORMAT").unlink(), "has lost its file FORMAT"),
    "empty format": Damage(_write("FORMAT", b""), "is damaged"),
    "format of no object": Damage(_write("FORMAT", b"[1]"), "is damaged"),
    "format of strange types": Damage(_rewrite_format(shards="two"), "is damaged"),
    "format of no text": Damage(_write("FORMAT", b"\xff\xfe"), "is damaged"),
    "no shards": Damage(_rewrite_format(shards=0), "is damaged"),
    "folder name of a strange type": Damage(_rewrite_format(folder_id=7), "is damaged"),
    "mark of a copy of a strange type": Damage(_rewrite_format(copy="yes"), "is damaged"),
    "more shards than there are": Damage(_rewrite_format(shards=3), "is not shard 0 of 3"),
    "another folder's name": Damage(_rewrite_format(folder_id="x"), "is not shard 0 of 2"),
    "a missing shard": Damage(
        lambda path: shutil.rmtree(path / "shard-001"), "has lost shard-001: restore it"
    ),
    "an empty shard": Damage(
        lambda path: (path / "shard-001" / "data.mdb").unlink(), "has lost shard-001"
    ),
    "swapped shards": Damage(_swap_shards, "were mixed up"),
    "a shard of another folder": Damage(_of_another_folder, "is not shard 1 of 2"),
    "a shard that is no database": Damage(_write("shard-000/data.mdb", b"x" * 8192), "cannot open"),
    "a folder that is not ours": Damage(_not_ours, "is no data folder and not empty"),
    "a file": Damage(_a_file, "is a file: name a folder"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_folder_that_cannot_be_served_is_refused_and_not_touched(
    data_dir: Path, serve: Callable[..., Result], case: str
) -> None:
    """B80: what is there is never replaced by something new."""
    DAMAGES[case].do(data_dir)
    before = _files(data_dir)
    said = problem(serve("--data-dir", str(data_dir), "--listen=127.0.0.1:0"))

    assert DAMAGES[case].says in said
    assert str(data_dir) in said
    assert _files(data_dir) == before


def _files(path: Path) -> dict[Path, bytes]:
    """What is in a folder, but for the locks."""
    return {
        file: file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file.name not in {"LOCK", "lock.mdb"}
    }


def test_another_number_of_shards_is_refused(data_dir: Path, serve: Callable[..., Result]) -> None:
    """B80: it would send every execution to another shard."""
    said = problem(serve("--data-dir", str(data_dir), "--shards=3"))

    assert said == (
        f"the data folder {data_dir} has 2 shards, not 3: the number is fixed when a folder is made"
    )


def test_the_number_of_shards_is_found_in_the_folder(data_dir: Path) -> None:
    """B20: and the executions with it."""
    with TestServer(data_dir) as server, RawClient(server.address) as raw:
        assert all(raw.load(key_of(f"exec_{n}")) for n in range(20))


def test_a_folder_whose_making_was_interrupted_is_made_anew(data_dir: Path) -> None:
    """B20: FORMAT is written last, so without it and without data nothing was served."""
    with TestServer(data_dir.parent / "new", shards=2):
        pass
    (data_dir.parent / "new" / "FORMAT").rename(data_dir.parent / "new" / ".FORMAT")
    with (
        TestServer(data_dir.parent / "new", shards=3) as server,
        RawClient(server.address) as raw,
    ):
        raw.stub.Save(save_request("exec_1"))


def test_a_folder_that_is_served_is_refused_with_its_holder(
    data_dir: Path, serve: Callable[..., Result]
) -> None:
    """B80: two servers would destroy it."""
    with ServerProcess(data_dir) as server:
        said = problem(serve("--data-dir", str(data_dir), "--listen=127.0.0.1:0"))
        assert said == (
            f"the data folder {data_dir} is served by another process (pid {server.pid})"
        )
        with RawClient(server.address) as raw:
            assert raw.load(key_of("exec_1")) is not None


def test_a_port_that_is_taken_is_refused(tmp_path: Path, serve: Callable[..., Result]) -> None:
    """B80: gRPC by itself would share it without a word."""
    with TestServer() as server:
        said = problem(serve("--data-dir", str(tmp_path / "data"), "--listen", server.address))

    assert said == f"cannot listen on {server.address}: address already in use"


@pytest.mark.parametrize("listen", ["192.0.2.1:0", "no-such-host.invalid:0"])
def test_an_address_that_is_not_ours_is_refused(
    tmp_path: Path, serve: Callable[..., Result], listen: str
) -> None:
    """B80."""
    said = problem(serve("--data-dir", str(tmp_path / "data"), "--listen", listen, "--insecure"))

    assert said.startswith(f"cannot listen on {listen}: ")


def test_what_cannot_start_gives_the_folder_free(
    tmp_path: Path, serve: Callable[..., Result]
) -> None:
    """B80: in this process it would stay locked otherwise."""
    with TestServer() as server:
        problem(serve("--data-dir", str(tmp_path / "data"), "--listen", server.address))
    with TestServer(tmp_path / "data"):
        pass


@pytest.mark.parametrize("what", ["folder", "lock", "shard", "format", "parent"])
def test_a_folder_that_may_not_be_used_is_refused(data_dir: Path, what: str) -> None:
    """B80: in one line that says which file it is about."""
    path, mode, named = {
        "folder": (data_dir, 0o000, data_dir),
        "lock": (data_dir / "LOCK", 0o444, data_dir),
        "shard": (data_dir / "shard-001" / "data.mdb", 0o444, data_dir / "shard-001"),
        "format": (data_dir / "FORMAT", 0o000, data_dir / "FORMAT"),
        "parent": (data_dir, 0o555, data_dir / "new"),
    }[what]
    path.chmod(mode)
    wanted = data_dir / "new" if what == "parent" else data_dir
    ended = run("serve", "--data-dir", str(wanted), "--listen=127.0.0.1:0", powerless=True)
    path.chmod(0o700)

    assert (ended.code, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith("statekeeper: cannot ")
    assert str(named) in line
    assert "permission denied" in line.lower()


BAD_SETTINGS = {
    "no port": (["--listen=127.0.0.1"], "listen: '127.0.0.1' is not HOST:PORT"),
    "no host": (["--listen=:1"], "listen: ':1' is not HOST:PORT"),
    "port of no number": (["--listen=127.0.0.1:http"], "is not HOST:PORT"),
    "large port": (["--listen=127.0.0.1:65536"], "is not HOST:PORT"),
    "negative port": (["--listen=127.0.0.1:-1"], "is not HOST:PORT"),
    "no brackets": (["--listen=::1:0"], "an IPv6 host needs brackets"),
    "everybody": (["--listen=0.0.0.0:0"], "0.0.0.0 can be reached from other machines"),
    "everybody by IPv6": (["--listen=[::]:0"], ":: can be reached from other machines"),
    "somebody": (["--listen=192.0.2.1:0"], "192.0.2.1 can be reached from other machines"),
    "a name": (["--listen=example.invalid:0"], "can be reached from other machines"),
    "no shards": (["--shards=0"], "shards: "),
    "too many shards": (["--shards=65"], "shards: "),
    "shards of no number": (["--shards=many"], "shards: "),
    "small map": (["--map-size=16MiB", "--map-size=1MiB"], "map_size: "),
    "size of no unit": (["--map-size=16 parsecs"], "map_size: "),
    "unknown level": (["--log-level=loud"], "log_level: "),
    "negative drain": (["--drain-s=-1"], "drain_s: "),
    "no versions": (["--versions-kept=0"], "versions_kept: "),
    "small messages": (["--message-bytes-max=10MiB"], "must be at least 1 MiB more than"),
    "little in flight": (["--inflight-bytes-max=15MiB"], "must be at least message_bytes_max"),
    "certificate without key": (["--tls-cert=/x"], "tls_cert and tls_key must be given together"),
    "key without certificate": (["--tls-key=/x"], "tls_cert and tls_key must be given together"),
    "clients' CA alone": (["--tls-client-ca=/x"], "tls_client_ca needs tls_cert and tls_key"),
    "no certificate there": (["--tls-cert=/x", "--tls-key=/y"], "tls_cert: there is no file /x"),
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_a_setting_of_no_use_is_refused_by_its_name(
    tmp_path: Path, serve: Callable[..., Result], case: str
) -> None:
    """B80: before anything is made."""
    flags, says = BAD_SETTINGS[case]

    assert says in problem(serve("--data-dir", str(tmp_path / "data"), *flags))
    assert not (tmp_path / "data").exists()


def test_all_settings_of_no_use_are_told_at_once(serve: Callable[..., Result]) -> None:
    """B80: so that nobody has to try again for each."""
    result = serve("--shards=0", "--drain-s=-1")

    assert result.exit_code == 2
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == [" shards", " drain_s"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense = 1", "nonsense: "),
        ("shards = 'many'", "shards: "),
        ("[shards]\na = 1", "shards: "),
        ("shards = ", "Invalid value"),
        ("\x00", "config.toml"),
    ],
)
def test_a_configuration_file_of_no_use_is_refused(
    tmp_path: Path, serve: Callable[..., Result], text: str, says: str
) -> None:
    """B80: an unknown setting is a misspelt one."""
    file = tmp_path / "config.toml"
    file.write_text(text)

    assert says in problem(serve("--config", str(file)))


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_configuration_file_that_cannot_be_read_is_refused(
    tmp_path: Path, serve: Callable[..., Result], name: str
) -> None:
    """B80."""
    assert problem(serve("--config", str(tmp_path / name))).startswith(str(tmp_path / name))


def test_a_configuration_file_of_no_text_is_refused(
    tmp_path: Path, serve: Callable[..., Result]
) -> None:
    """B80."""
    file = tmp_path / "config.toml"
    file.write_bytes(b"shards = \xff")

    assert str(file) in problem(serve("--config", str(file)))


def test_a_variable_of_no_use_is_refused_by_its_name(serve: Callable[..., Result]) -> None:
    """B80."""
    told = problem(serve(STATEKEEPER_SHARDS="many"))

    assert told.startswith("shards: ")
    assert told.endswith(", not 'many'")


def test_b80_what_is_of_no_use_but_keeps_nobody_from_serving_is_logged(tmp_path: Path) -> None:
    variables = {"STATEKEEPER_DATADIR": "/x", "STATEKEEPER_BACKUP_DIR": str(tmp_path / "no")}
    with ServerProcess(tmp_path / "data", env=variables) as server:
        assert server.terminate() == 0
    first, second, third, *_ = logged(server)

    assert (first["level"], first["event"]) == ("warning", "unknown variable")
    assert first["variable"] == "STATEKEEPER_DATADIR"
    assert first["nearest"] == "STATEKEEPER_DATA_DIR"
    assert (second["event"], second["backup_dir"]) == ("no such folder", str(tmp_path / "no"))
    assert third["event"] == "serving"


@pytest.mark.parametrize("flags", [["--nonsense"], ["--shards"], ["argument"]])
def test_a_flag_of_no_use_is_refused(serve: Callable[..., Result], flags: list[str]) -> None:
    """B80."""
    result = serve(*flags)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: " in result.stderr


def test_a_server_that_cannot_start_says_one_line_and_no_more(tmp_path: Path) -> None:
    """B80: as a process, where a traceback would show."""
    ended = run("serve", "--data-dir", str(tmp_path), "--listen=0.0.0.0:0")

    assert (ended.code, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1


def test_a_server_that_serves_says_where(tmp_path: Path, free_port: int) -> None:
    """B20's beginning: one line on standard output, and logs of JSON on standard error."""
    with ServerProcess(tmp_path / "data", f"--listen=127.0.0.1:{free_port}") as server:
        assert server.address == f"127.0.0.1:{free_port}"
        assert server.terminate() == 0
    assert [line["event"] for line in logged(server)] == ["serving", "draining", "stopped"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Somebody who signs certificates."""
    return Authority(tmp_path_factory.mktemp("ca"))


def test_a_key_of_another_certificate_is_refused(
    serve: Callable[..., Result], authority: Authority
) -> None:
    """B80."""
    one, other = authority.sign("one"), authority.sign("other")

    assert "tls_cert and tls_key are no certificate and its key" in problem(
        serve("--tls-cert", str(one.certificate), "--tls-key", str(other.key))
    )


def test_a_clients_ca_that_is_none_is_refused(
    serve: Callable[..., Result], authority: Authority
) -> None:
    """B80."""
    one = authority.sign("one")
    flags = ("--tls-cert", str(one.certificate), "--tls-key", str(one.key))

    assert "tls_client_ca is no certificate" in problem(
        serve(*flags, "--tls-client-ca", str(one.key))
    )
