"""The calls of a client about pauses of whichever execution."""

from collections.abc import Mapping
from typing import Any

from statekeeper.cache import Cache
from statekeeper.calls.call import Call, Page
from statekeeper.calls.pause import read_found_pause
from statekeeper.errors import InvalidTokenError
from statekeeper.model import Pause, ResumeResult
from statekeeper.requests.execution import ExecutionRef, checked_namespace
from statekeeper.requests.paging import list_pauses_request
from statekeeper.requests.pause import get_pause_request, resume_request
from statekeeper.requests.write import Write
from statekeeper.responses import read_pause_of, read_resume_result
from statekeeper.v1 import pause_requests_pb2


class InboxCalls:
    """Makes the calls that lead from a token, or a namespace, to pauses.

    Args:
        cache: The client's cache, which every write has to tell.
        actor: Who writes, where a call does not say.
    """

    def __init__(self, cache: Cache, actor: str) -> None:
        self._cache = cache
        self._anywhere = ExecutionRef(namespace="", execution_id="", actor=actor)

    def resume(
        self, token: str, answer: Mapping[str, Any] | None, write: Write
    ) -> Call[Any, ResumeResult]:
        """Makes the call that answers the pause of a token."""
        request = resume_request(self._anywhere, write, token=token, pause_id=None, answer=answer)

        def finish(response: pause_requests_pb2.ResumeResponse) -> ResumeResult:
            result = read_resume_result(response)
            # The ticket is taken late, because only the answer tells for what.
            ticket = self._cache.begin((result.namespace, result.execution_id))
            self._cache.end_write(ticket, revision=result.revision)
            return result

        def give_up(error: BaseException) -> None:
            # Without an answer it may have been any execution. A bad token was
            # none, and may be one of many that somebody tries.
            if not isinstance(error, InvalidTokenError):
                self._cache.clear()

        return Call("Resume", request, self._anywhere, finish, give_up)

    def get_pause(self, token: str) -> Call[Any, Pause]:
        """Makes the call that looks up the pause of a token."""
        request = get_pause_request(self._anywhere, token, None)
        return Call("GetPause", request, self._anywhere, read_found_pause, lambda _error: None)

    def list_pauses(
        self, namespace: str, page_size: int, page_token: str = ""
    ) -> Call[Any, Page[Pause]]:
        """Makes the call for one page of the pauses that wait."""
        whole = ExecutionRef(checked_namespace(namespace), "")
        request = list_pauses_request(whole.namespace, page_size, page_token)
        return Call("ListPauses", request, whole, _read_page, lambda _error: None)


def _read_page(response: pause_requests_pb2.ListPausesResponse) -> Page[Pause]:
    pauses = tuple(read_pause_of(each.pause, each.execution) for each in response.pauses)
    return Page(pauses, response.next_page_token)
