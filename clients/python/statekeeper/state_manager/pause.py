"""The part of a handle that pauses and resumes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from statekeeper.model import ExpiryAction, Pause, ResumeResult, ResumeToken
from statekeeper.requests.write import Write
from statekeeper.state_manager.handle import Handle
from statekeeper.times import Span


class PausePart(Handle):
    """Pauses the execution until someone answers, and answers."""

    def pause(
        self,
        *,
        member: str,
        reason: str,
        data: Mapping[str, Any] | None = None,
        expires_at: datetime | None = None,
        on_expiry: ExpiryAction | Literal["fail", "resume", "keep"] = ExpiryAction.FAIL,
        default_input: Mapping[str, Any] | None = None,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> ResumeToken:
        """Stops the execution until someone answers; creates it when it is not there.

        Its status becomes `paused`. Several pauses may be open at once, at most
        64, and the execution outlives them.

        Args:
            member: The member that pauses; becomes the current member.
            reason: Why.
            data: What the person needs to see.
            expires_at: Until when an answer is accepted, with a time zone.
                None: for 24 h.
            on_expiry: What becomes of the pause then: the execution fails, the
                pause is answered with `default_input`, or it stays paused.
            default_input: The answer that `resume` gives on expiry.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Returns:
            The token to resume with, a secret `str`. It works once.

        Raises:
            InvalidRequestError: An argument is of no use.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: With the data it would be larger than 10 MiB.
        """
        call = self._calls.pause(
            Write(expected_revision, ttl, request_id, actor),
            member=member,
            reason=reason,
            data=data,
            expires_at=expires_at,
            on_expiry=on_expiry,
            default_input=default_input,
        )
        return self._channel.send(call)

    def resume(
        self,
        token: str | None = None,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what the contract calls it
        *,
        pause_id: str | None = None,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> ResumeResult:
        """Answers a pause; the execution runs again when no other is open.

        Args:
            token: What `pause` gave.
            input: The answer, kept with the pause.
            pause_id: The pause, in place of the token: for who may answer
                without one. Works for an overdue pause as well.
            expected_revision: See the class.
            ttl: See the class.
            request_id: See the class.
            actor: See the class.

        Raises:
            InvalidTokenError: The token is unknown, spent, expired or of
                another execution; or no pause of this id waits.
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: Not exactly one of token and pause_id is given.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: With the input it would be larger than 10 MiB.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        return self._channel.send(self._calls.resume(token, pause_id, input, write))

    def get_pause(self, token: str | None = None, *, pause_id: str | None = None) -> Pause:
        """Looks a pause up; spends nothing.

        Args:
            token: A token that is still good.
            pause_id: The pause, in place of the token, open or not.

        Raises:
            InvalidTokenError: The token is unknown, spent, expired or of
                another execution; or there is no pause of this id.
            StateNotFoundError: The execution does not exist.
            InvalidRequestError: Not exactly one of token and pause_id is given.
        """
        return self._channel.send(self._calls.get_pause(token, pause_id))
