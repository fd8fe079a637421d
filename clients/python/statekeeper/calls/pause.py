"""The calls of a handle about pauses."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from statekeeper.calls.call import Call
from statekeeper.calls.handle import HandleCalls
from statekeeper.model import ExpiryAction, Pause, ResumeResult, ResumeToken
from statekeeper.requests.pause import get_pause_request, pause_request, resume_request
from statekeeper.requests.write import Write
from statekeeper.responses import read_pause_of, read_resume_result, read_resume_token
from statekeeper.v1 import pause_requests_pb2


class PauseCalls(HandleCalls):
    """Makes the calls about the pauses of one execution."""

    def pause(
        self,
        write: Write,
        *,
        member: str,
        reason: str,
        data: Mapping[str, Any] | None,
        expires_at: dt.datetime | None,
        on_expiry: ExpiryAction | str,
        default_input: Mapping[str, Any] | None,
    ) -> Call[Any, ResumeToken]:
        """Makes the call that pauses the execution."""
        request = self._located(
            pause_request,
            self.execution,
            self._fenced(write),
            member=member,
            reason=reason,
            data=data,
            expires_at=expires_at,
            on_expiry=on_expiry,
            default_input=default_input,
        )
        return self._write("Pause", request, read_resume_token)

    def resume(
        self,
        token: str | None,
        pause_id: str | None,
        answer: Mapping[str, Any] | None,
        write: Write,
    ) -> Call[Any, ResumeResult]:
        """Makes the call that answers a pause."""
        request = self._located(
            resume_request,
            self.execution,
            self._fenced(write),
            token=token,
            pause_id=pause_id,
            answer=answer,
        )
        return self._write("Resume", request, read_resume_result)

    def get_pause(self, token: str | None, pause_id: str | None) -> Call[Any, Pause]:
        """Makes the call that looks a pause up."""
        request = self._located(get_pause_request, self.execution, token, pause_id)
        return self._plain("GetPause", request, read_found_pause)


def read_found_pause(response: pause_requests_pb2.GetPauseResponse) -> Pause:
    """Reads a pause that was looked up."""
    return read_pause_of(response.pause, response.execution)
