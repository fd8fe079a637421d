"""The configuration: one frozen object that every limit comes from.

Flags come before `STATEKEEPER_*` variables, those before the TOML file, and that before
the defaults. The flags of the command line are made from these fields: what is written
here once is the help text, the documentation and the check.
"""

import ipaddress
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ByteSize, Field, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

DEFAULT_LISTEN = "127.0.0.1:7460"
_PORT_MAX = 65_535


def split_address(address: str) -> tuple[str, int]:
    """Host and port of HOST:PORT; an IPv6 host stands in brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > _PORT_MAX:
        raise ValueError(f"{address!r} is not HOST:PORT, as in {DEFAULT_LISTEN}")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise ValueError(f"{address!r}: an IPv6 host needs brackets, as in [::1]:7460")
    return host.strip("[]"), int(port)


def _check_address(address: str) -> str:
    split_address(address)
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Config(BaseSettings):
    """How to serve. Sizes take units (`64MiB`), times are in seconds."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="STATEKEEPER_", extra="forbid")

    data_dir: Path = Field(
        default=Path("statekeeper-data"),
        description="Folder of the data; made when it is not there.",
    )
    listen: Annotated[str, AfterValidator(_check_address)] = Field(
        default=DEFAULT_LISTEN, description="HOST:PORT to serve on; port 0 takes a free one."
    )
    shards: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="Number of shards, fixed when a data folder is made [default: 1 for a new "
        "folder]. More shards commit in parallel, fewer commit more at once.",
    )
    insecure: bool = Field(
        default=False,
        description="Serve others than this machine without TLS: anybody may read and write.",
    )
    tls_cert: Path | None = Field(default=None, description="Certificate chain to serve with, PEM.")
    tls_key: Path | None = Field(default=None, description="Private key of the certificate, PEM.")
    tls_client_ca: Path | None = Field(
        default=None, description="Serve only clients whose certificate this CA signed, PEM (mTLS)."
    )
    state_bytes_max: ByteSize = Field(
        default=ByteSize(10 * 1024**2),
        ge=1024,
        le=14 * 1024**2,
        description="Most that the values of one state may take; more is STATE_TOO_LARGE.",
    )
    state_bytes_warn: ByteSize = Field(
        default=ByteSize(128 * 1024),
        ge=0,
        description="From here on the reply to a write carries a warning.",
    )
    entries_max: int = Field(
        default=10_000, ge=1, description="Most entries that a document may have."
    )
    checkpoints_max: int = Field(
        default=256, ge=1, description="Most checkpoints that an execution may have."
    )
    open_pauses_max: int = Field(
        default=64, ge=1, le=10_000, description="Most pauses of an execution that may be open."
    )
    lock_waiters_max: int = Field(
        default=10_000,
        ge=0,
        description="Most callers that may wait for locks of a shard; more is OVERLOADED.",
    )
    versions_kept: int = Field(
        default=64,
        ge=1,
        description="Versions kept of each entry; older ones cannot be loaded any more.",
    )
    history_window_s: float = Field(
        default=24 * 3600.0, ge=0, description="How long superseded versions are kept at most."
    )
    log_window_s: float = Field(
        default=24 * 3600.0,
        ge=0,
        description="How long events are kept at most: no watch resumes before that, and of older "
        "changes an execution's history shows none but the last.",
    )
    log_events_kept: int = Field(
        default=10_000_000,
        ge=1,
        description="Events kept of each shard, some 170 bytes each; older ones go though they are "
        "within log_window_s.",
    )
    request_window_s: float = Field(
        default=24 * 3600.0,
        ge=60,
        description="How long a request_id is remembered at least, and twice as long at most, some "
        "150 bytes each. A write that is repeated later is done again.",
    )
    message_bytes_max: ByteSize = Field(
        default=ByteSize(16 * 1024**2),
        ge=64 * 1024,
        description="Largest message that is received or sent; must exceed the largest state.",
    )
    inflight_bytes_max: ByteSize = Field(
        default=ByteSize(256 * 1024**2),
        ge=1024**2,
        description="Most that requests under way may hold in memory; more is OVERLOADED.",
    )
    queue_operations_max: int = Field(
        default=10_000,
        ge=1,
        description="Most writes that may wait for a shard; more is OVERLOADED.",
    )
    queue_bytes_max: ByteSize = Field(
        default=ByteSize(64 * 1024**2),
        ge=1024,
        description="Most bytes that may wait for a shard; more is OVERLOADED.",
    )
    watches_max: int = Field(
        default=10_000, ge=0, description="Most watches at a time; more is OVERLOADED."
    )
    watch_stall_s: float = Field(
        default=30.0,
        gt=0,
        description="How long a watcher may leave a message unread before it is cut off with "
        "OVERLOADED, and a token to resume from.",
    )
    watch_unsent_bytes_max: ByteSize = Field(
        default=ByteSize(256 * 1024**2),
        ge=1024**2,
        description="Most that watchers together may leave unread in memory; who would exceed it "
        "is cut off.",
    )
    map_size: ByteSize = Field(
        default=ByteSize(64 * 1024**3),
        ge=16 * 1024**2,
        description="Most that the tables of each shard can grow to: address space, taken from the "
        "disk as it is needed. When it is used up writes are refused with STORAGE_FULL.",
    )
    backup_dir: Path | None = Field(
        default=None,
        description="Folder that backups are made in, each in one of its own; it must be there "
        "[default: none, and no backups while serving].",
    )
    drain_s: float = Field(
        default=10.0, ge=0, description="How long requests under way may take after SIGTERM."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="What to log, on standard error."
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if self.message_bytes_max < self.state_bytes_max + 1024**2:
            raise ValueError(
                f"message_bytes_max ({self.message_bytes_max}) must be at least 1 MiB more than "
                f"state_bytes_max ({self.state_bytes_max}), or the largest states do not pass"
            )
        for name in ("inflight_bytes_max", "watch_unsent_bytes_max"):
            if getattr(self, name) < self.message_bytes_max:
                raise ValueError(f"{name} must be at least message_bytes_max")
        self._check_tls()
        host, _ = split_address(self.listen)
        if not (_is_loopback(host) or self.tls_cert or self.insecure):
            raise ValueError(
                f"listen: {host} can be reached from other machines: give tls_cert and tls_key, "
                "or say insecure to let anybody read and write"
            )
        return self

    def _check_tls(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key must be given together")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca needs tls_cert and tls_key")
        if self.tls_cert is None:
            return
        for name in ("tls_cert", "tls_key", "tls_client_ca"):
            path = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"{name}: there is no file {path}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.tls_cert, self.tls_key)
        except (ssl.SSLError, OSError) as error:
            raise ValueError(
                f"tls_cert and tls_key are no certificate and its key: {error}"
            ) from error
        if self.tls_client_ca is not None:
            try:
                context.load_verify_locations(self.tls_client_ca)
            except (ssl.SSLError, OSError) as error:
                raise ValueError(f"tls_client_ca is no certificate: {error}") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file named by `toml_file`."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_config(file: Path | None, **flags: object) -> Config:
    """The configuration of a TOML file, the environment and flags.

    Raises:
        pydantic.ValidationError: something in it is wrong.
        OSError, tomllib.TOMLDecodeError: the file cannot be read.
    """
    if file is None:
        return Config(**flags)  # type: ignore[arg-type]
    with file.open("rb"):
        pass  # a file that was named must be there; the settings source would skip it

    class FileConfig(Config):
        model_config = SettingsConfigDict(toml_file=file)

    return FileConfig(**flags)  # type: ignore[arg-type]
