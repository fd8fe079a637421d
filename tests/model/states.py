"""Save, Load, Update, Delete, and what List looks at."""

from dataclasses import replace
from typing import TypeVar

from tests.model.answers import Deleted, Done, Loaded, Saved, Updated
from tests.model.executions import Execution, with_documents
from tests.model.requests import Delete, List, Load, Save, Update
from tests.model.terms import Chosen, Document, check_not_future
from tests.model.writing import Act, Work

D = TypeVar("D", bound=Done)


def save(work: Work, request: Save) -> Saved:
    """Replace the whole state, or create it: what is not in it goes (B5).

    Only the start_time stays where it is not given, or is that of the first save (B6).
    """
    state = request.state
    if state.start_time is None:
        began = work.now if work.state is None else work.state.start_time
        state = replace(state, start_time=began)
    work.act(Act("SAVED"))
    work.put_state(state)
    return Saved(None)


def update(work: Work, request: Update) -> Updated:
    """Change what is named and nothing else (B12)."""
    state, changes = work.existing(), request.changes
    labels = {} if "labels" in (*request.replace, *request.remove) else dict(state.labels)
    labels = {key: labels[key] for key in labels if f"labels.{key}" not in request.remove}

    def attribute(name: str) -> str | None:
        kept = None if name in request.remove else getattr(state, name)
        changed: str | None = getattr(changes, name)
        return kept if changed is None else changed

    def document(name: str, old: Document | None) -> Document | None:
        """Merged by key (B13); removing entries leaves the document, though it be empty."""
        new: Document | None = getattr(changes, name)
        if name in request.replace:
            return new
        if name in request.remove:
            return None
        if old is None and new is None:
            return None
        merged = {**(old or {}), **(new or {})}
        return {key: merged[key] for key in merged if f"{name}.{key}" not in request.remove}

    state = replace(
        state,
        status=changes.status or state.status,
        start_time=state.start_time if changes.start_time is None else changes.start_time,
        current_member=attribute("current_member"),
        schema_version=attribute("schema_version"),
        labels={**labels, **changes.labels},
    )
    work.act(Act("UPDATED"))
    work.put_state(with_documents(state, document))
    return Updated(None)


def delete(work: Work, request: Delete) -> Deleted:
    """Remove the execution and all that belongs to it (B15); nothing is removed too (B16)."""
    del request
    work.deleted = True
    return Deleted(None, existed=work.state is not None)


def load(execution: Execution | None, request: Load, chosen: Chosen) -> Loaded:
    """Read an execution, as it is or was. What does not exist is absent (B9)."""
    check_not_future(request.revision)
    if execution is None:
        return Loaded(None)
    version = execution.now
    if request.revision is not None:
        version = execution.at(request.revision, chosen)
    elif request.checkpoint:
        version = execution.at_checkpoint(request.checkpoint)
    return Loaded(execution.view(version, request.fields))


def is_meant(execution: Execution, query: List) -> bool:
    """Whether an execution of the namespace is what a list asks for: all of it must be true."""
    state, updated = execution.now.state, execution.now.time
    return (
        (not query.statuses or state.status in query.statuses)
        and query.labels.items() <= state.labels.items()
        and execution.key.execution_id.startswith(query.id_prefix)
        and (query.updated_after is None or updated > query.updated_after)
    )


def load_in_transaction(work: Work, request: Load) -> Loaded:
    """The same, of what the operations before it have made."""
    of_the_past = request.revision is not None
    execution = work.before if of_the_past or work.state is None else work.finish()
    return without_expire_time(load(execution, request, work.chosen))


def without_expire_time(done: D) -> D:
    """In a transaction it is not told when an execution expires: that is settled in its end."""
    if not isinstance(done, Loaded) or done.execution is None:
        return done
    return replace(done, execution=replace(done.execution, expire_time=None))
