"""DefineState, WriteState and ReadState: what members share (B87 to B92)."""

from dataclasses import replace

from tests.model import answers
from tests.model.answers import Defined, Misfit, WroteState
from tests.model.executions import Execution
from tests.model.members import Shared
from tests.model.requests import DefineState, ReadState, State, WriteState
from tests.model.terms import Refused
from tests.model.writing import Act, Work


def define_state(work: Work, request: DefineState) -> Defined:
    """Define it, for an execution that is created where there is none (B87, B89)."""
    if work.state is None:
        work.put_state(State(status="RUNNING", start_time=work.now))
    before = {} if work.shared is None else work.shared.values
    values = {**request.initial, **before}
    work.shared = Shared(request.schema, request.initial, request.members, values)
    work.act(Act("UPDATED"))
    rules = {key: work.shared.broken_rule(key, value) for key, value in before.items()}
    misfits = [Misfit(key, rule) for key, rule in rules.items() if rule]
    return Defined(None, tuple(sorted(misfits)))


def write_state(work: Work, request: WriteState) -> WroteState:
    """Write as a member, what it may write (B88, B92)."""
    work.existing()
    shared = _defined(work.shared)
    may = shared.member(request.member).set
    denied = tuple(key for key in request.updates if key not in may)
    if denied and not request.drop:
        raise Refused("STATE_ACCESS_DENIED", member=request.member, key=denied[0])
    allowed = {key: value for key, value in request.updates.items() if key in may}
    for key, value in allowed.items():
        rule = shared.broken_rule(key, value)
        if rule:
            raise Refused("SCHEMA_VIOLATION", key=key, path="", rule=rule)
    work.shared = replace(shared, values={**shared.values, **allowed})
    work.act(Act("UPDATED"))
    return WroteState(None, denied)


def read_state(execution: Execution | None, request: ReadState) -> answers.ReadState:
    """What a member sees: the keys that it uses and that have a value (B91)."""
    if execution is None:
        raise Refused("STATE_NOT_FOUND")
    version = execution.now
    shared = _defined(version.shared)
    used = shared.member(request.member).use
    view = {key: value for key, value in shared.values.items() if key in used}
    result = answers.Result(
        execution.key, version.revision, version.number, version.time, execution.expire_time
    )
    return answers.ReadState(result, view)


def _defined(shared: Shared | None) -> Shared:
    if shared is None:
        raise Refused("INVALID_REQUEST")
    return shared
