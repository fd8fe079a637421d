"""What a lock object tells, and what its end means, for both kinds of client."""

import datetime as dt
from typing import Any

from google.protobuf import timestamp_pb2

from statekeeper.calls import Call, Calls, LockAnswer
from statekeeper.errors import LockTimeoutError
from statekeeper.grants import Grant
from statekeeper.model import LockHolder
from statekeeper.times import to_timestamp


class LockFacts:
    """What became of asking for the lock of an execution; true when it was granted."""

    def __init__(self, calls: Calls, answer: LockAnswer) -> None:
        self._calls = calls
        self._answer = answer
        self._given_back = False

    def __bool__(self) -> bool:
        return self._answer.grant is not None

    @property
    def owner(self) -> str:
        """Who asked for it, as the server knows it."""
        return self._answer.owner

    @property
    def holder(self) -> LockHolder | None:
        """Who has it, when it was not granted."""
        return self._answer.holder

    @property
    def fencing_token(self) -> int:
        """Larger with every grant, for others to check; 0 when it was not granted."""
        return 0 if self._answer.grant is None else self._answer.grant.fencing_token

    @property
    def lease_expire_time(self) -> dt.datetime | None:
        """Until when it lasts unless it is renewed, by the server's clock (UTC).

        None when it was not granted.
        """
        return None if self._answer.grant is None else self._answer.grant.lease_expire_time

    @property
    def lost(self) -> bool:
        """Whether it was granted and somebody else may have it by now.

        True once it could not be renewed, or its lease is over by the clock of
        this machine.
        """
        return self._answer.grant is not None and self._answer.grant.lost

    def _granted(self) -> Grant:
        """Gives the grant.

        Raises:
            LockTimeoutError: It was not granted.
        """
        if self._answer.grant is not None:
            return self._answer.grant
        execution, holder = self._calls.execution, self._answer.holder
        owner = until = ""
        message = "the lock was not granted in time"
        if holder is not None:
            owner, until = holder.owner, _rfc3339(holder.lease_expire_time)
            message = f"the lock is held by {owner} until {until} at least"
        raise LockTimeoutError(
            message,
            owner=owner,
            expire_time=until,
            namespace=execution.namespace,
            execution_id=execution.execution_id,
            metadata={"owner": owner, "expire_time": until} if owner else {},
        )

    def _enter(self) -> Grant:
        """Gives the grant for the time of a block.

        Raises:
            LockTimeoutError: It was not granted.
            RuntimeError: It was released.
        """
        grant = self._granted()
        if self._given_back or grant.released:
            raise RuntimeError("this lock was released; ask for it again")
        return grant

    def _give_back(self) -> Call[Any, bool] | bool:
        """Gives back what this object holds.

        Returns:
            The call to send, or what `unlock` says where there is none to send.
        """
        grant = self._answer.grant
        if grant is None or grant.released:
            return False
        again, self._given_back = self._given_back, True
        if not again and not self._calls.grants.leave(grant):
            # Asked for while it was held: whoever holds it goes on.
            return not grant.lost
        if grant.holds > 0:
            return False
        return self._calls.unlock(grant)

    def _leave(self) -> None:
        """Notes that the block is over, whether or not the server could be told."""
        grant = self._answer.grant
        if grant is not None and grant.holds <= 0:
            self._calls.grants.forget(grant)


def _rfc3339(instant: dt.datetime) -> str:
    timestamp: timestamp_pb2.Timestamp = to_timestamp(instant, "lease_expire_time")
    return timestamp.ToJsonString()
