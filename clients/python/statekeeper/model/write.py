"""What writes give back."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteResult:
    """What a write did.

    Attributes:
        namespace: Of the execution written.
        execution_id: The execution written.
        revision: Its revision now: the value to expect next. For a delete, the
            deletion's position in the log; 0 when nothing was there.
        version: Changes since creation, this one included; 0 after a delete.
        update_time: When it was written (UTC).
        replayed: Whether this is the first result again, for a repeated
            request_id: what the other attributes tell was so right after the
            write.
        warnings: Sentences for people: what was done but had better be changed.
        expire_time: When the execution expires unless it is written again (UTC), as
            this write has left it; None: never, or there is none.
    """

    namespace: str
    execution_id: str
    revision: int
    version: int
    update_time: dt.datetime
    replayed: bool
    warnings: tuple[str, ...]
    expire_time: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult(WriteResult):
    """What a delete did.

    Attributes:
        existed: Whether there was anything to remove.
    """

    existed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeResult(WriteResult):
    """What a resume did.

    Attributes:
        member: The member that had paused.
        pause_id: The pause that was answered.
    """

    member: str
    pause_id: str


class ResumeToken(str):
    """What resumes a pause, once: a text such as `hitl_...`.

    It is a secret: who has it can answer. So its `repr`, which ends up in logs,
    does not show it.

    Attributes:
        pause_id: The pause; no secret.
        result: What the write that paused did.
    """

    __slots__ = ("pause_id", "result")

    pause_id: str
    result: WriteResult

    def __new__(cls, token: str, *, pause_id: str, result: WriteResult) -> Self:
        """Makes one from what the server answered."""
        made = super().__new__(cls, token)
        made.pause_id = pause_id
        made.result = result
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (str(self),), {"pause_id": self.pause_id, "result": self.result}

    def __repr__(self) -> str:
        return f"<ResumeToken of pause {self.pause_id}>"
