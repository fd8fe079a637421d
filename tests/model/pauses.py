"""Pause, Resume and GetPause, and what becomes of pauses that nobody answers."""

from dataclasses import replace

from tests.model.answers import FoundPause, Pause, Paused, Resumed, Resumption
from tests.model.executions import Execution
from tests.model.requests import GetPause, Resume, State
from tests.model.requests import Pause as PauseRequest
from tests.model.terms import PAUSE_EXPIRY_DEFAULT, Document, Refused
from tests.model.writing import Act, Work


def pause(work: Work, request: PauseRequest) -> Paused:
    """Stop the execution until someone answers; it is created when there is none (B23)."""
    expire_time = request.expire_time
    if expire_time is None:
        expire_time = work.now + PAUSE_EXPIRY_DEFAULT
    if expire_time <= work.now:
        raise Refused("INVALID_REQUEST")
    if len([each for each in work.pauses if each.waits]) >= work.limits.open_pauses:
        raise Refused("INVALID_REQUEST")
    token, pause_id = next(work.chosen.pauses, ("", ""))
    opened = Pause(
        pause_id=pause_id,
        status="OPEN",
        member=request.member,
        reason=request.reason,
        data=request.data,
        create_time=work.now,
        expire_time=expire_time,
        on_expiry=request.on_expiry or "FAIL",
        default_input=request.default_input,
        actor=work.options.actor,
        token=token,
    )
    # Others that wait go on waiting (B39).
    work.pauses = (*work.pauses, opened)
    state = State(start_time=work.now) if work.state is None else work.state
    work.act(Act("PAUSED", pause_id=pause_id))
    # B27
    work.put_state(replace(state, status="PAUSED", current_member=request.member))
    return Paused(None, token, pause_id)


def resume(work: Work, request: Resume) -> Resumed:
    """Answer a pause, which works once (B31), and for a pause of this execution (B33)."""
    answered = waiting(work, request)
    _close(work, answered, "RESUMED", request.input, work.options.actor)
    work.act(Act("RESUMED", pause_id=answered.pause_id))
    return Resumed(None, answered.member, answered.pause_id)


def waiting(work: Work, request: Resume) -> Pause:
    """The pause that is meant, which is looked for first: nothing can be probed (B30)."""
    if not request.token:
        work.existing()
    answered = find(work.pauses, request)
    if not answered.waits:
        raise Refused("INVALID_TOKEN")
    return answered


def find(pauses: tuple[Pause, ...], request: Resume | GetPause) -> Pause:
    """The pause that is meant, where a token is that of an open one.

    Raises:
        Refused: INVALID_TOKEN, whatever is wrong (B30).
    """
    for pause in pauses:
        if request.token:
            # That of an overdue one is void (B36); it waits for a pause_id (B37).
            if pause.token == request.token and pause.status == "OPEN":
                return pause
        elif pause.pause_id == request.pause_id:
            return pause
    raise Refused("INVALID_TOKEN")


def get_pause(execution: Execution | None, request: GetPause) -> FoundPause:
    """Look a pause up (B25), and spend nothing (B40)."""
    if execution is None:
        raise Refused("INVALID_TOKEN" if request.token else "STATE_NOT_FOUND")
    return FoundPause(find(execution.now.pauses, request), execution.outline())


def has_due_pause(execution: Execution, now: int) -> bool:
    """Whether the time of an open pause is over."""
    return any(_is_due(pause, now) for pause in execution.now.pauses)


def expire_pauses(work: Work) -> None:
    """Do what was chosen for the pauses whose time is over (B37), in the order of their times."""
    due = [pause for pause in work.pauses if _is_due(pause, work.now)]
    for pause in sorted(due, key=lambda each: each.expire_time):
        if pause not in [each for each in work.pauses if each.status == "OPEN"]:
            continue  # another one that failed the execution has closed it
        if pause.on_expiry == "KEEP":
            work.put_pause(replace(pause, status="OVERDUE"))
        elif pause.on_expiry == "RESUME":
            _close(work, pause, "EXPIRED", pause.default_input, "")
        else:
            work.put_pause(replace(pause, status="EXPIRED"))
            work.put_state(replace(work.existing(), status="FAILED"))
        work.act(Act("PAUSE_EXPIRED", pause_id=pause.pause_id))


def inbox(executions: list[Execution]) -> tuple[FoundPause, ...]:
    """What waits for an answer, the oldest first (B41)."""
    waiting = [
        FoundPause(pause, execution.outline())
        for execution in executions
        for pause in execution.now.pauses
        if pause.waits
    ]
    return tuple(sorted(waiting, key=lambda each: each.pause.create_time))


def _is_due(pause: Pause, now: int) -> bool:
    return pause.status == "OPEN" and pause.expire_time <= now


def _close(work: Work, pause: Pause, status: str, answer: Document | None, actor: str) -> None:
    """Keep the answer (B29), and let the execution run once nothing else waits (B28, B39)."""
    resumption = Resumption(answer, actor, work.now)
    work.put_pause(replace(pause, status=status, resumption=resumption))
    if not any(each.waits for each in work.pauses):
        work.put_state(replace(work.existing(), status="RUNNING"))
