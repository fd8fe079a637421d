"""Messages about pauses, for fake servers to answer with."""

from typing import Any

from google.protobuf import timestamp_pb2

from statekeeper.v1 import execution_pb2, pause_pb2, pause_requests_pb2, value_pb2, write_pb2

from .answers import Answer, answer_with

PAUSE: dict[str, Any] = {"member": "approval", "reason": "waiting_for_approval"}


def written(revision: int = 7) -> write_pb2.WriteResult:
    key = execution_pb2.ExecutionKey(namespace="orders", execution_id="e")
    return write_pb2.WriteResult(key=key, revision=revision, version=2)


def paused() -> Answer:
    response = pause_requests_pb2.PauseResponse(result=written(), pause_id="p1")
    response.token = "hitl_secret"
    return answer_with(response)


def resumed(revision: int = 9) -> Answer:
    return answer_with(
        pause_requests_pb2.ResumeResponse(
            result=written(revision), member="approval", pause_id="p1"
        )
    )


def document(**entries: str) -> value_pb2.Document:
    return value_pb2.Document(
        entries={key: value_pb2.Value(json=text) for key, text in entries.items()}
    )


def a_pause(status: int = pause_pb2.PAUSE_STATUS_OPEN, **fields: Any) -> pause_pb2.Pause:
    pause = pause_pb2.Pause(
        pause_id="p1",
        status=status,  # type: ignore[arg-type]  # proto3 enums are open
        member="approval",
        reason="why",
        data=document(url='"https://a"'),
        create_time=timestamp_pb2.Timestamp(seconds=1),
        expire_time=timestamp_pb2.Timestamp(seconds=4_000_000_000),
        on_expiry=pause_pb2.EXPIRY_ACTION_RESUME,
        default_input=document(approved="false"),
        actor="ann",
    )
    pause.MergeFrom(pause_pb2.Pause(**fields))
    return pause


def an_execution(*pauses: pause_pb2.Pause) -> execution_pb2.Execution:
    execution = execution_pb2.Execution(
        key=execution_pb2.ExecutionKey(namespace="orders", execution_id="e"),
        revision=7,
        version=2,
        create_time=timestamp_pb2.Timestamp(seconds=1),
        update_time=timestamp_pb2.Timestamp(seconds=2),
        pauses=pauses,
    )
    execution.state.id = "e"
    execution.state.status = execution_pb2.STATUS_PAUSED
    execution.state.labels["team"] = "red"
    return execution
