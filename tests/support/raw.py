"""Requests as they are on the wire, for what the client refuses to send or does not show."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status as RpcStatus

from statekeeper.v1.execution_pb2 import STATUS_RUNNING, Execution, ExecutionKey, ExecutionState
from statekeeper.v1.state_manager_pb2_grpc import StateManagerStub
from statekeeper.v1.state_requests_pb2 import DeleteRequest, LoadRequest, SaveRequest, UpdateRequest
from statekeeper.v1.value_pb2 import Document, Value
from statekeeper.v1.write_pb2 import WriteOptions

DEADLINE_S = 30.0
_MESSAGE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(slots=True)
class Refusal:
    """An error as it came, taken apart."""

    code: grpc.StatusCode
    message: str
    trailers: dict[str, str | bytes]
    info: ErrorInfo = field(default_factory=ErrorInfo)
    violations: list[tuple[str, str]] = field(default_factory=list)
    retry_after_s: float | None = None

    @property
    def reason(self) -> str:
        """The machine-readable reason; empty when the service did not give one."""
        return str(self.info.reason)

    @property
    def metadata(self) -> dict[str, str]:
        """The reason's data."""
        return dict(self.info.metadata)

    @property
    def fields(self) -> list[str]:
        """The fields that are named as malformed."""
        return [name for name, _ in self.violations]

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Take an error apart."""
        assert isinstance(error, grpc.Call | grpc.aio.AioRpcError)
        trailers = dict(error.trailing_metadata() or ())
        refusal = cls(error.code(), error.details() or "", trailers)
        raw = trailers.get("grpc-status-details-bin")
        if raw is None:
            return refusal
        assert isinstance(raw, bytes)
        status = RpcStatus.FromString(raw)
        assert status.code == refusal.code.value[0]
        assert status.message == refusal.message
        for detail in status.details:
            bad, retry = BadRequest(), RetryInfo()
            if detail.Unpack(bad):
                refusal.violations = [(v.field, v.description) for v in bad.field_violations]
            elif detail.Unpack(retry):
                refusal.retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()
            else:
                assert detail.Unpack(refusal.info)
        return refusal


class RawClient:
    """A channel without the client's checks, retries and request ids."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None = None) -> None:
        options = (
            ("grpc.enable_retries", 0),
            ("grpc.max_send_message_length", _MESSAGE_BYTES_MAX),
            ("grpc.max_receive_message_length", _MESSAGE_BYTES_MAX),
            ("grpc.use_local_subchannel_pool", 1),
            # A server that was restarted is found again soon.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 500),
        )
        self.channel = (
            grpc.insecure_channel(address, options)
            if credentials is None
            else grpc.secure_channel(address, credentials, options)
        )
        self.stub = StateManagerStub(self.channel)

    def refusal(self, method: Callable[..., Message], request: Message) -> Refusal:
        """The error that a request meets."""
        try:
            answer = method(request, timeout=DEADLINE_S)
        except grpc.RpcError as error:
            return Refusal.of(error)
        raise AssertionError(f"it was not refused but answered: {answer}")

    def method(self, rpc: str) -> "grpc.UnaryUnaryMultiCallable[bytes, bytes]":
        """An RPC of bytes, which need not be a message."""
        return self.channel.unary_unary(f"/statekeeper.v1.StateManager/{rpc}", None, None)

    def send_bytes(self, rpc: str, raw: bytes) -> bytes:
        """The answer to bytes."""
        return self.method(rpc)(raw, timeout=DEADLINE_S)

    def refusal_of_bytes(self, rpc: str, raw: bytes) -> Refusal:
        """The error that bytes meet."""
        try:
            answer = self.send_bytes(rpc, raw)
        except grpc.RpcError as error:
            return Refusal.of(error)
        raise AssertionError(f"it was not refused but answered: {answer!r}")

    def load(self, key: ExecutionKey) -> Execution | None:
        """The execution, or None."""
        response = self.stub.Load(LoadRequest(key=key), timeout=DEADLINE_S)
        return response.execution if response.HasField("execution") else None

    def delete(self, key: ExecutionKey) -> None:
        """Remove the execution."""
        self.stub.Delete(DeleteRequest(key=key), timeout=DEADLINE_S)

    def close(self) -> None:
        """Close the channel."""
        self.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def key_of(execution_id: str, namespace: str = "") -> ExecutionKey:
    """An execution's key."""
    return ExecutionKey(namespace=namespace, execution_id=execution_id)


def document(**values: str | bytes) -> Document:
    """A document of JSON texts and bytes."""
    return Document(
        entries={
            name: Value(json=value) if isinstance(value, str) else Value(binary=value)
            for name, value in values.items()
        }
    )


def save_request(
    execution_id: str, state: ExecutionState | None = None, **options: Any
) -> SaveRequest:
    """A valid SaveRequest, of a running state unless another is given."""
    return SaveRequest(
        key=key_of(execution_id),
        state=ExecutionState(status=STATUS_RUNNING) if state is None else state,
        options=WriteOptions(**options),
    )


def update_request(
    execution_id: str, changes: ExecutionState | None = None, **options: Any
) -> UpdateRequest:
    """A valid UpdateRequest."""
    return UpdateRequest(key=key_of(execution_id), changes=changes, options=WriteOptions(**options))
