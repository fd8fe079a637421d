"""Composition: a data folder, its shards, the services, and the port they are served on."""

import socket
from pathlib import Path

import grpc

from statekeeper_server import admin, health, native_part, service
from statekeeper_server.admin import Admin
from statekeeper_server.admission import Admission
from statekeeper_server.backup import Backups
from statekeeper_server.clock import Clock, SystemClock
from statekeeper_server.config import Config, split_address
from statekeeper_server.copies import begin_anew
from statekeeper_server.engine import EngineBrokenError
from statekeeper_server.folder import DataFolder
from statekeeper_server.folder_format import FolderError
from statekeeper_server.health import Health
from statekeeper_server.limits import StateLimits
from statekeeper_server.logs import get_logger
from statekeeper_server.reflection import Reflection
from statekeeper_server.service import StateManager
from statekeeper_server.shards import Shards
from statekeeper_server.store.compact import Retention
from statekeeper_server.store.prune import History
from statekeeper_server.store.writer import Rules
from statekeeper_server.watch import Watches, WatchLimits
from statekeeper_server.worker import QueueLimits

_log = get_logger(__name__)

_SHARDS_DEFAULT = 1
_PING_INTERVAL_MS_MIN = 20_000
_PENDING_CALLS_MAX = 100_000


class StartError(Exception):
    """The server cannot start; the message says why and what to do."""


class Server:
    """A server: `start` it, use its `address`, `stop` it. All on one event loop.

    Args:
        config: how to serve.
        clock: what time it is; tests pass one that they move.
    """

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = SystemClock() if clock is None else clock
        self._limits = StateLimits(
            state_bytes_max=config.state_bytes_max,
            state_bytes_warn=config.state_bytes_warn,
            entries_max=config.entries_max,
            checkpoints_max=config.checkpoints_max,
            open_pauses_max=config.open_pauses_max,
            lock_waiters_max=config.lock_waiters_max,
        )
        self._health = Health("", *service.SERVICE_NAMES, admin.SERVICE_NAME)
        self._reflection = Reflection(
            *service.SERVICE_NAMES, admin.SERVICE_NAME, health.SERVICE_NAME
        )
        self.address = ""

    async def start(self) -> None:
        """Open the data folder and serve.

        Raises:
            StartError: the folder or the port cannot be used. Nothing is left open.
        """
        config = self._config
        try:
            self._folder = DataFolder(
                config.data_dir,
                shards=config.shards,
                shards_default=_SHARDS_DEFAULT,
                map_size_bytes=config.map_size,
            )
        except FolderError as error:
            raise StartError(str(error)) from error
        try:
            self._begin_anew()
            # The port first: it is soon said that it is taken, and soon given back.
            self._server, self.address = self._bind()
            self._shards = self._open_shards()
        except BaseException:
            self._folder.close()
            raise
        admission = Admission(config.inflight_bytes_max)
        self._service = StateManager(
            self._shards, self._limits, self._clock, admission, self._watches()
        )
        backups = Backups(config.backup_dir, self._folder, self._shards, self._clock)
        self._admin = Admin(self._shards, backups, self._clock, admission)
        self._server.add_generic_rpc_handlers(
            (
                *self._service.handlers(),
                self._admin.handler(),
                self._health.handler(),
                self._reflection.handler(),
            )
        )
        self._health.report(serving=True)
        await self._server.start()
        _log.info(
            "serving",
            address=self.address,
            data_dir=str(config.data_dir),
            shards=self._folder.format.shards,
            tls=config.tls_cert is not None,
            native=native_part.absence is None,
        )

    async def stop(self) -> None:
        """Drain: refuse what is new, finish what is under way, commit, close."""
        _log.info("draining")
        self._health.drain()
        self._reflection.drain()
        self._service.drain()
        self._admin.drain()
        self._shards.drain()
        await self._server.stop(self._config.drain_s)
        await self._shards.stop()
        self._service.close()
        self._admin.close()
        self._folder.close()
        _log.info("stopped")

    def _begin_anew(self) -> None:
        if not self._folder.format.is_copy:
            return
        try:
            begin_anew(self._folder, self._clock.now_us())
        except FolderError as error:
            raise StartError(str(error)) from error
        _log.info("a copy is served for the first time: revisions go on from the time of day")

    def _open_shards(self) -> Shards:
        config = self._config
        try:
            return Shards(
                self._folder,
                self._clock,
                Rules(
                    self._limits,
                    History(config.versions_kept, round(config.history_window_s * 1_000_000)),
                    Retention(
                        round(config.log_window_s * 1_000_000),
                        config.log_events_kept,
                        round(config.request_window_s * 1_000_000),
                    ),
                ),
                QueueLimits(config.queue_operations_max, config.queue_bytes_max),
                self._on_service_change,
            )
        except (EngineBrokenError, OSError) as error:
            raise StartError(f"cannot open the shards of {config.data_dir}: {error}") from error

    def _watches(self) -> Watches:
        config = self._config
        limits = WatchLimits(
            config.watches_max, config.watch_unsent_bytes_max, config.watch_stall_s
        )
        return Watches(self._shards, self._folder.format.folder_id, self._clock, limits)

    def _bind(self) -> tuple[grpc.aio.Server, str]:
        config = self._config
        server = grpc.aio.server(
            options=(
                # Otherwise a second server takes the same port without a word.
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", int(config.message_bytes_max)),
                ("grpc.max_send_message_length", int(config.message_bytes_max)),
                # Otherwise gRPC cancels calls that come faster than they are taken up,
                # without asking anybody; what is too much is refused by name here.
                ("grpc.server.max_pending_requests", _PENDING_CALLS_MAX),
                ("grpc.server.max_pending_requests_hard_limit", _PENDING_CALLS_MAX),
                # Clients may ping long streams without being cut off.
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", _PING_INTERVAL_MS_MIN),
            )
        )
        host, wanted = split_address(config.listen)
        try:
            if config.tls_cert is None:
                port = server.add_insecure_port(config.listen)
            else:
                port = server.add_secure_port(config.listen, _credentials(config))
        except RuntimeError:
            problem = _why_not(host, wanted)
            raise StartError(f"cannot listen on {config.listen}: {problem}") from None
        shown = f"[{host}]" if ":" in host else host
        return server, f"{shown}:{port}"

    def _on_service_change(self, serving: bool) -> None:  # noqa: FBT001 - a callback's one fact
        self._health.report(serving=serving)


def _credentials(config: Config) -> grpc.ServerCredentials:
    def read(path: Path | None) -> bytes:
        return b"" if path is None else path.read_bytes()

    return grpc.ssl_server_credentials(
        [(read(config.tls_key), read(config.tls_cert))],
        root_certificates=read(config.tls_client_ca) or None,
        require_client_auth=config.tls_client_ca is not None,
    )


def _why_not(host: str, port: int) -> str:
    """Why an address cannot be listened on: gRPC does not say, the system does."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in addresses:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                probe.listen()
    except OSError as error:
        return str(error.strerror).lower()
    return "gRPC cannot use it"
