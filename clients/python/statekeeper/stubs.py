"""The methods of the services that keep executions, by name."""

from types import SimpleNamespace
from typing import Any

from statekeeper.v1 import shared_state_pb2_grpc, state_manager_pb2_grpc


def make_stub(channel: Any) -> Any:
    """Gives what has all methods of StateManager and SharedState, on a sync or aio channel."""
    return SimpleNamespace(
        **vars(state_manager_pb2_grpc.StateManagerStub(channel)),
        **vars(shared_state_pb2_grpc.SharedStateStub(channel)),
    )
