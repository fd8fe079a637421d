"""What a type checker knows about a caller's code; mypy is the judge, nothing here runs."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_type

import statekeeper

if TYPE_CHECKING:
    import grpc

    def sync_client(credentials: grpc.ChannelCredentials) -> None:
        with statekeeper.Client("h:1", credentials=credentials, timeout=timedelta(1)) as client:
            assert_type(client, statekeeper.Client)
            sm = client.state_manager("e", namespace="n", ttl=3600, cache_ttl=timedelta(1))
            assert_type(sm, statekeeper.StateManager)
            assert_type(sm.execution_id, str)
            assert_type(sm.ttl, timedelta | None)
            saved = sm.save({"status": "running", "context": {"a": 1}}, ttl=0.5)
            assert_type(saved, statekeeper.WriteResult)
            assert_type(saved.warnings, tuple[str, ...])
            state = sm.load(fields=["context"])
            assert_type(state, statekeeper.ExecutionState | None)
            if state is None:
                return
            assert_type(state.status, statekeeper.Status)
            assert_type(state.context, dict[str, Any] | None)
            assert_type(state.start_time, datetime | None)
            assert_type(state.revision, int | None)
            assert_type(state.pauses, tuple[statekeeper.Pause, ...])
            if state.status == "paused":
                sm.save(state, expected_revision=state.revision)
            assert_type(sm.update(status="waiting"), statekeeper.WriteResult)
            sm.update({"status": "waiting"}, remove=["context.a"], request_id="r")
            sm.update(status=statekeeper.Status.FAILED, current_member=None, labels={"a": "b"})
            sm.update(status="done")  # type: ignore[arg-type]  # no status
            sm.update(stauts="failed")  # type: ignore[call-arg]  # no field
            assert_type(sm.delete(), statekeeper.DeleteResult)
            assert_type(sm.list_revisions(), Iterator[statekeeper.Revision])

    def pauses(client: statekeeper.Client, sm: statekeeper.StateManager) -> None:
        token = sm.pause(member="m", reason="r", on_expiry="keep", data={"a": 1})
        assert_type(token, statekeeper.ResumeToken)
        assert_type(token.result, statekeeper.WriteResult)
        sm.pause(member="m", reason="r", on_expiry="stop")  # type: ignore[arg-type]  # no action
        sm.pause(member="m")  # type: ignore[call-arg]  # no reason
        assert_type(sm.resume(token, {"a": 1}), statekeeper.ResumeResult)
        assert_type(client.resume(token, {"a": 1}), statekeeper.ResumeResult)
        assert_type(sm.get_pause(pause_id="p"), statekeeper.Pause)
        assert_type(client.get_pause(token).resumption, statekeeper.Resumption | None)
        assert_type(client.list_pauses(), Iterator[statekeeper.Pause])

    def checkpoints(sm: statekeeper.StateManager) -> None:
        assert_type(sm.checkpoint("c"), statekeeper.WriteResult)
        assert_type(sm.restore(revision=3), statekeeper.WriteResult)
        assert_type(sm.list_checkpoints(), list[statekeeper.Checkpoint])
        assert_type(sm.delete_checkpoint("c"), statekeeper.DeleteResult)
        assert_type(sm.load(checkpoint="c"), statekeeper.ExecutionState | None)

    def locks(sm: statekeeper.StateManager) -> None:
        with sm.lock(timeout=timedelta(minutes=1), exclusive=True) as lock:
            assert_type(lock, statekeeper.Lock)
            assert_type(lock.fencing_token, int)
            assert_type(lock.lease_expire_time, datetime | None)
        assert_type(lock.unlock(), bool)
        assert_type(sm.lock(retry=False).holder, statekeeper.LockHolder | None)
        assert_type(sm.get_lock(), statekeeper.LockHolder | None)

    def transactions(sm: statekeeper.StateManager) -> None:
        with sm.transaction(ttl=5) as changed:
            assert_type(changed, statekeeper.TransactionState)
            assert_type(changed.metadata, dict[str, Any])
            changed.member_outputs["a"] = 1
        assert_type(
            sm.transaction(lambda state: state.context.clear()), statekeeper.WriteResult | None
        )

    def batches(client: statekeeper.Client, sm: statekeeper.StateManager) -> None:
        save, load = sm.operation.save({"status": "running"}, ttl=5), sm.operation.load()
        assert_type(save, statekeeper.Operation[statekeeper.WriteResult])
        saved = client.batch([save, save])
        assert_type(saved, statekeeper.BatchResults[statekeeper.WriteResult])
        assert_type(saved[0], statekeeper.WriteResult | statekeeper.StateError)
        assert_type(saved.raise_first(), list[statekeeper.WriteResult])
        assert_type(saved.errors, dict[int, statekeeper.StateError])
        loaded = client.batch(load for _ in range(2)).raise_first()
        assert_type(loaded, list[statekeeper.ExecutionState | None])
        assert_type(
            client.batch([save, load]).raise_first(),
            list[statekeeper.WriteResult | statekeeper.ExecutionState | None],
        )
        sm.operation.update(status="done")  # type: ignore[arg-type]  # no status
        client.batch([sm.load()])  # type: ignore[arg-type]  # no operation

    def renamed(state: statekeeper.ExecutionState) -> statekeeper.ExecutionState:
        return state

    def as_mapping(state: dict[str, Any]) -> dict[str, Any]:
        return state

    def migrations(sm: statekeeper.StateManager, state: statekeeper.ExecutionState) -> None:
        migrated = statekeeper.migrate_state(state, "1", "2", [renamed])
        assert_type(migrated, statekeeper.ExecutionState)
        fields = statekeeper.migrate_state({"status": "running"}, None, "2", [as_mapping])
        assert_type(fields, dict[str, Any])
        assert_type(sm.migrate("1", "2", [renamed]), statekeeper.ExecutionState)
        statekeeper.migrate_state(state, "1", "2", [len])  # type: ignore[list-item]  # no state

    async def async_client() -> None:
        async with statekeeper.AsyncClient() as client:
            assert_type(client, statekeeper.AsyncClient)
            sm = client.state_manager("e")
            assert_type(sm, statekeeper.AsyncStateManager)
            state = statekeeper.ExecutionState(status=statekeeper.Status.RUNNING)
            assert_type(await sm.save(state), statekeeper.WriteResult)
            assert_type(await sm.load(), statekeeper.ExecutionState | None)
            assert_type(await sm.update(metadata={}), statekeeper.WriteResult)
            assert_type(await sm.delete(), statekeeper.DeleteResult)
            assert_type(sm.list_revisions(), AsyncIterator[statekeeper.Revision])
            async for revision in sm.list_revisions():
                assert_type(revision.kind, statekeeper.EventKind)
                assert_type(revision.status, statekeeper.Status | None)
            token = await sm.pause(member="m", reason="r")
            assert_type(token, statekeeper.ResumeToken)
            assert_type(await sm.resume(token, {"a": 1}), statekeeper.ResumeResult)
            assert_type(await client.resume(token), statekeeper.ResumeResult)
            assert_type(await client.get_pause(token), statekeeper.Pause)
            assert_type(client.list_pauses(), AsyncIterator[statekeeper.Pause])
            assert_type(await sm.checkpoint("c"), statekeeper.WriteResult)
            assert_type(await sm.restore("c"), statekeeper.WriteResult)
            assert_type(await sm.list_checkpoints(), list[statekeeper.Checkpoint])
            assert_type(await sm.delete_checkpoint("c"), statekeeper.DeleteResult)
            assert_type(await sm.lock(retry=False), statekeeper.AsyncLock)
            async with sm.lock(timeout=60) as lock:
                assert_type(lock, statekeeper.AsyncLock)
                await lock.renew(5)
            assert_type(await sm.unlock(), bool)
            assert_type(await sm.is_locked(), bool)
            async with sm.transaction() as changed:
                assert_type(changed, statekeeper.TransactionState)

            async def change(state: statekeeper.TransactionState) -> None:
                state.metadata["a"] = 1

            assert_type(await sm.transaction(change, timeout=5), statekeeper.WriteResult | None)
            batch = await client.batch([sm.operation.delete()])
            assert_type(batch, statekeeper.BatchResults[statekeeper.DeleteResult])
            assert_type(await sm.migrate(None, "2", [renamed]), statekeeper.ExecutionState)

    def errors(error: statekeeper.StateError) -> None:
        assert_type(error.code, str)
        assert_type(error.metadata, dict[str, str])
        if isinstance(error, statekeeper.ConflictError):
            assert_type(error.current, int)
        if isinstance(error, statekeeper.LockTimeoutError | statekeeper.LockedError):
            assert_type(error.owner, str)
        if isinstance(error, statekeeper.OverloadedError):
            assert_type(error.retry_after, timedelta | None)
        if isinstance(error, statekeeper.InvalidRequestError):
            assert_type(error.fields, list[tuple[str, str]])
