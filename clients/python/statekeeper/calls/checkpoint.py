"""The calls of a handle about checkpoints."""

from typing import Any

from statekeeper.calls.call import Call, Page
from statekeeper.calls.handle import HandleCalls
from statekeeper.model import Checkpoint, DeleteResult, WriteResult
from statekeeper.requests.checkpoint import (
    checkpoint_request,
    delete_checkpoint_request,
    restore_request,
)
from statekeeper.requests.paging import list_checkpoints_request
from statekeeper.requests.write import Write
from statekeeper.responses import read_checkpoint, read_delete_result, read_write_result
from statekeeper.v1 import checkpoint_pb2


class CheckpointCalls(HandleCalls):
    """Makes the calls about the checkpoints of one execution."""

    def checkpoint(self, name: str, write: Write) -> Call[Any, WriteResult]:
        """Makes the call that names the execution's revision."""
        request = self._located(checkpoint_request, self.execution, name, self._fenced(write))
        # It changes no state, but may well prolong its life.
        return self._write("Checkpoint", request, _read_result)

    def restore(
        self, name: str | None, revision: int | None, write: Write
    ) -> Call[Any, WriteResult]:
        """Makes the call that brings an earlier state back."""
        request = self._located(
            restore_request, self.execution, name, revision, self._fenced(write)
        )
        return self._write("Restore", request, _read_result)

    def list_checkpoints(
        self, page_token: str = "", *, include_state: bool
    ) -> Call[Any, Page[Checkpoint]]:
        """Makes the call for one page of the checkpoints."""
        request = list_checkpoints_request(self.execution, page_token, include_state=include_state)
        return self._plain("ListCheckpoints", request, _read_page)

    def delete_checkpoint(self, name: str, write: Write) -> Call[Any, DeleteResult]:
        """Makes the call that removes a checkpoint."""
        request = self._located(
            delete_checkpoint_request, self.execution, name, self._fenced(write)
        )
        return self._write("DeleteCheckpoint", request, read_delete_result)


def _read_result(
    response: checkpoint_pb2.CheckpointResponse | checkpoint_pb2.RestoreResponse,
) -> WriteResult:
    return read_write_result(response.result)


def _read_page(response: checkpoint_pb2.ListCheckpointsResponse) -> Page[Checkpoint]:
    checkpoints = tuple(read_checkpoint(each) for each in response.checkpoints)
    return Page(checkpoints, response.next_page_token)
