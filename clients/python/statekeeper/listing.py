"""The part of a client that finds executions."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from statekeeper.calls import list_call
from statekeeper.channel import Channel
from statekeeper.model import ExecutionState, Status
from statekeeper.requests.execution import NAMESPACE_DEFAULT, checked_namespace
from statekeeper.requests.paging import list_request


class Listing:
    """Lists executions by what they are."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def list(
        self,
        *,
        namespace: str = NAMESPACE_DEFAULT,
        status: Status | str | Iterable[Status | str] | None = None,
        labels: Mapping[str, str] | None = None,
        id_prefix: str = "",
        updated_after: dt.datetime | None = None,
        fields: Iterable[str] | None = None,
        page_size: int = 100,
    ) -> Iterator[ExecutionState]:
        """Gives the executions of a namespace that are what is asked for.

        One that exists all the while, and is what is asked for all the while, is
        given once, whatever else changes meanwhile. They come in the order of
        their ids; with `updated_after` in any order.

        Args:
            namespace: Whose; empty: `execution-state`.
            status: Their status, or several of which it is one. None: any.
            labels: Labels that they have, with these values. None: any.
            id_prefix: What their ids begin with.
            updated_after: They were last written after this moment; with a time
                zone. None: whenever.
            fields: Reads only these of each, as in `load`; the states are
                `partial` then: `["labels"]` is a short list. None: all.
            page_size: How many are fetched at a time, 1 to 1,000. The next page
                is fetched when it is needed.

        Raises:
            InvalidRequestError: An argument is of no use.
            RevisionCompactedError: With `updated_after`, when the next page is fetched
                a day or so later. Begin again.
        """
        request = list_request(
            namespace=checked_namespace(namespace),
            status=status,
            labels=labels,
            id_prefix=id_prefix,
            updated_after=updated_after,
            fields=fields,
            page_size=page_size,
        )
        return self._channel.send_pages(list_call(request), partial(list_call, request))
