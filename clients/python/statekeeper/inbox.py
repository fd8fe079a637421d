"""The part of a client that knows pauses without knowing executions."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from statekeeper.calls import InboxCalls
from statekeeper.channel import Channel
from statekeeper.model import Pause, ResumeResult
from statekeeper.requests.execution import NAMESPACE_DEFAULT
from statekeeper.requests.write import Write
from statekeeper.times import Span


class Inbox:
    """Finds and answers pauses by their tokens, and lists those that wait."""

    def __init__(self, calls: InboxCalls, channel: Channel) -> None:
        self._inbox_calls = calls
        self._channel = channel

    def resume(
        self,
        token: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - what the contract calls it
        *,
        expected_revision: int | None = None,
        ttl: Span | None = None,
        request_id: str | None = None,
        actor: str | None = None,
    ) -> ResumeResult:
        """Answers a pause of whichever execution the token leads to.

        Args:
            token: What `pause` gave.
            input: The answer, kept with the pause.
            expected_revision: As for the writes of a handle.
            ttl: As for the writes of a handle. None: what was last set.
            request_id: As for the writes of a handle.
            actor: Who answers, for the history. None: the client's.

        Raises:
            InvalidTokenError: The token is unknown, spent or expired.
            SerializationError: A value cannot be sent; names its path.
            StateTooLargeError: With the input it would be larger than 10 MiB.
        """
        write = Write(expected_revision, ttl, request_id, actor)
        return self._channel.send(self._inbox_calls.resume(token, input, write))

    def get_pause(self, token: str) -> Pause:
        """Looks up the pause of a token, with what is known of its execution.

        Raises:
            InvalidTokenError: The token is unknown, spent or expired.
        """
        return self._channel.send(self._inbox_calls.get_pause(token))

    def list_pauses(
        self, *, namespace: str = NAMESPACE_DEFAULT, page_size: int = 100
    ) -> Iterator[Pause]:
        """Gives the pauses of a namespace that wait for an answer, the oldest first.

        Each has what is known of its `execution`.

        Args:
            namespace: Whose; empty: `execution-state`.
            page_size: How many are fetched at a time, 1 to 1,000. The next page
                is fetched when it is needed.
        """
        page = partial(self._inbox_calls.list_pauses, namespace, page_size)
        return self._channel.send_pages(page(), page)
