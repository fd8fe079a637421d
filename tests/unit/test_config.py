"""The settings: where they come from, and what they must be."""

import os
from collections.abc import Callable
from pathlib import Path

import pydantic
import pytest

from statekeeper_server.config import Config, load_config, split_address

MB = 1024 * 1024


@pytest.fixture(autouse=True)
def _no_settings_of_the_person_who_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("STATEKEEPER_"):
            monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a configuration file."""

    def write(text: str) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text)
        return file

    return write


def test_every_setting_has_a_default() -> None:
    config = load_config(None)

    assert config.listen == "127.0.0.1:7460"
    assert config.state_bytes_max == 10 * MB
    assert config.state_bytes_warn == 128 * 1024
    assert config.message_bytes_max == 16 * MB
    assert config.entries_max == 10_000
    assert (config.versions_kept, config.history_window_s) == (64, 24 * 3600)
    assert not config.insecure
    assert config.shards is None


def test_every_setting_says_what_it_is() -> None:
    for name, field in Config.model_fields.items():
        assert field.description, name


def test_flags_come_first_then_variables_then_the_file(
    monkeypatch: pytest.MonkeyPatch, write: Callable[[str], Path]
) -> None:
    file = write("versions_kept = 1\nshards = 1\nentries_max = 1\n")
    monkeypatch.setenv("STATEKEEPER_VERSIONS_KEPT", "2")
    monkeypatch.setenv("STATEKEEPER_SHARDS", "2")
    config = load_config(file, versions_kept=3)

    assert (config.versions_kept, config.shards, config.entries_max) == (3, 2, 1)
    assert config.queue_operations_max == Config.model_fields["queue_operations_max"].default


@pytest.mark.parametrize(
    ("text", "size"),
    [("'64MiB'", 64 * MB), ("'64 MB'", 64_000_000), ("67108864", 64 * MB), ("'1GiB'", 1024 * MB)],
)
def test_sizes_take_units(write: Callable[[str], Path], text: str, size: int) -> None:
    assert load_config(write(f"map_size = {text}")).map_size == size


def test_a_configuration_cannot_be_changed() -> None:
    config = load_config(None)

    with pytest.raises(pydantic.ValidationError):
        config.versions_kept = 3  # type: ignore[misc]


def test_a_variable_of_somebody_else_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATEKEEPER_TARGET", "elsewhere:1")

    load_config(None)


@pytest.mark.parametrize("flags", [{"nonsense": 1}, {"shard": 1}])
def test_an_unknown_setting_is_refused(flags: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError, match=r"nonsense|shard"):
        load_config(None, **flags)


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("shards", [0, 65, "many", 1.5, -1], [1, 64]),
        ("state_bytes_max", [1023, "15MiB"], [1024, "14MiB"]),
        ("state_bytes_warn", [-1], [0]),
        ("entries_max", [0], [1]),
        ("versions_kept", [0], [1]),
        ("history_window_s", [-1, "a day"], [0, 0.5]),
        ("message_bytes_max", ["63KiB"], ["16MiB"]),
        ("inflight_bytes_max", ["1023KiB"], ["16MiB"]),
        ("queue_operations_max", [0], [1]),
        ("queue_bytes_max", [1023], [1024]),
        ("map_size", ["15MiB"], ["16MiB", "1TiB"]),
        ("drain_s", [-0.1], [0]),
        ("log_level", ["loud", "INFO"], ["debug", "error"]),
        ("listen", ["", ":1", "a", "127.0.0.1:", "127.0.0.1:x"], ["[::1]:0", "localhost:1"]),
    ],
)
def test_a_setting_has_bounds(name: str, bad: list[object], good: list[object]) -> None:
    fits = {"message_bytes_max": "32MiB"} if name == "state_bytes_max" else {}
    for setting in good:
        load_config(None, **{**fits, name: setting})
    for setting in bad:
        with pytest.raises(pydantic.ValidationError) as caught:
            load_config(None, **{**fits, name: setting})
        assert [problem["loc"] for problem in caught.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"message_bytes_max": 11 * MB - 1}, "must be at least 1 MiB more than state_bytes_max"),
        ({"inflight_bytes_max": 16 * MB - 1}, "must be at least message_bytes_max"),
        ({"listen": "0.0.0.0:1"}, "can be reached from other machines"),
        ({"listen": "[::]:1"}, "can be reached from other machines"),
        ({"listen": "myhost:1"}, "can be reached from other machines"),
        ({"tls_cert": "/x"}, "must be given together"),
        ({"tls_key": "/x"}, "must be given together"),
        ({"tls_client_ca": "/x"}, "needs tls_cert and tls_key"),
        ({"tls_cert": "/x", "tls_key": "/x"}, "there is no file /x"),
    ],
)
def test_settings_must_fit_each_other(flags: dict[str, object], says: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=says):
        load_config(None, **flags)


@pytest.mark.parametrize(
    "flags",
    [
        {"message_bytes_max": 11 * MB},
        {"inflight_bytes_max": 16 * MB},
        {"listen": "0.0.0.0:1", "insecure": True},
        {"listen": "127.8.9.1:1"},
        {"listen": "[::1]:1"},
        {"listen": "localhost:0"},
    ],
)
def test_settings_that_fit_are_accepted(flags: dict[str, object]) -> None:
    load_config(None, **flags)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:7460", ("127.0.0.1", 7460)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(address: str, parts: tuple[str, int]) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize(
    "address", ["", ":", "a:", ":1", "a:65536", "a:-1", "a:1x", "::1:1", "²:²"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT|brackets"):
        split_address(address)
