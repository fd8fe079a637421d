"""State that the members of a workflow share: schemas, access and a report of it.

`StateDefinition` says which keys there are, what may be in them and who may do what;
`load_definition` reads one from YAML. `SharedState` is a shared state in memory, which
needs no server. A server keeps one with an execution: `sm.define_state`, `sm.member`.

Schemas and YAML need libraries of their own: `pip install 'statekeeper[shared]'`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statekeeper.shared.access import Access, AccessCounts, AccessOperation, AccessReport
    from statekeeper.shared.definition import MemberAccess, StateDefinition
    from statekeeper.shared.memory import Member, SharedState
    from statekeeper.shared.yaml_definition import load_definition

__all__ = [
    "Access",
    "AccessCounts",
    "AccessOperation",
    "AccessReport",
    "Member",
    "MemberAccess",
    "SharedState",
    "StateDefinition",
    "load_definition",
]

# Imported when they are first used: not everybody has the libraries that some need.
_MODULES = ("access", "definition", "memory", "yaml_definition")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module_name in _MODULES:
            module = importlib.import_module(f"{__name__}.{module_name}")
            if hasattr(module, name):
                globals()[name] = getattr(module, name)
                return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
