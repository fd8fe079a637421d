"""The calls of a handle about its shared state."""

from collections.abc import Mapping
from typing import Any

from statekeeper.calls.call import Call
from statekeeper.calls.handle import HandleCalls
from statekeeper.model.shared_state import DefineResult, StateWriteResult
from statekeeper.requests.shared_state import (
    define_state_request,
    get_access_report_request,
    read_state_request,
    write_state_request,
)
from statekeeper.requests.write import Write
from statekeeper.responses import write_facts
from statekeeper.shared.access import (
    Access,
    AccessCounts,
    AccessOperation,
    AccessReport,
)
from statekeeper.shared.definition import StateDefinition
from statekeeper.shared.frozen import freeze
from statekeeper.shared.misfit import Misfit
from statekeeper.times import to_datetime
from statekeeper.v1 import shared_state_requests_pb2
from statekeeper.values import read_document

_OPERATIONS = {
    int(shared_state_requests_pb2.ACCESS_OPERATION_READ): AccessOperation.READ,
    int(shared_state_requests_pb2.ACCESS_OPERATION_WRITE): AccessOperation.WRITE,
}


class SharedStateCalls(HandleCalls):
    """Makes the calls about the shared state of one execution."""

    def define_state(
        self, definition: StateDefinition, given: Mapping[str, Any] | None, write: Write
    ) -> Call[Any, DefineResult]:
        """Makes the call that defines it."""
        request = self._located(
            define_state_request, self.execution, definition, given, self._fenced(write)
        )
        return self._write("DefineState", request, _read_define_result)

    def read_state(self, member: str) -> Call[Any, Mapping[str, Any]]:
        """Makes the call that reads as a member."""
        request = self._located(read_state_request, self.execution, member)
        return self._plain("ReadState", request, _read_view)

    def write_state(
        self, member: str, updates: Mapping[str, Any], on_undeclared: str, write: Write
    ) -> Call[Any, StateWriteResult]:
        """Makes the call that writes as a member."""
        request = self._located(
            write_state_request,
            self.execution,
            member,
            updates,
            on_undeclared,
            self._fenced(write),
        )
        return self._write("WriteState", request, _read_state_write_result)

    def access_report(self) -> Call[Any, AccessReport]:
        """Makes the call that tells who has accessed what."""
        request = get_access_report_request(self.execution)
        return self._plain("GetAccessReport", request, _read_report)


def _read_define_result(response: shared_state_requests_pb2.DefineStateResponse) -> DefineResult:
    return DefineResult(
        **write_facts(response.result),
        definition_version=response.definition_version,
        misfits=tuple(
            Misfit(misfit.key, misfit.path, misfit.rule, misfit.problem)
            for misfit in response.misfits
        ),
    )


def _read_state_write_result(
    response: shared_state_requests_pb2.WriteStateResponse,
) -> StateWriteResult:
    return StateWriteResult(**write_facts(response.result), dropped=tuple(response.dropped))


def _read_view(response: shared_state_requests_pb2.ReadStateResponse) -> Mapping[str, Any]:
    view: Mapping[str, Any] = freeze(read_document(response.view, "view"))
    return view


def _read_report(response: shared_state_requests_pb2.GetAccessReportResponse) -> AccessReport:
    return AccessReport(
        tuple(response.unused_keys),
        {
            accesses.key: tuple(_read_access(accesses.key, access) for access in accesses.recent)
            for accesses in response.keys
        },
        {
            accesses.key: {
                count.member: AccessCounts(count.reads, count.writes) for count in accesses.counts
            }
            for accesses in response.keys
        },
    )


def _read_access(key: str, access: shared_state_requests_pb2.Access) -> Access:
    return Access(
        key=key,
        member=access.member,
        operation=_OPERATIONS.get(access.operation, AccessOperation.READ),
        timestamp=to_datetime(access.time),
        revision=access.revision,
    )
