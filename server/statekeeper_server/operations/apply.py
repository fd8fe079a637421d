"""How a write is applied: what was done before is not done again; then decide, then write."""

from collections.abc import Callable
from typing import Any, TypeVar

from statekeeper_server.operations.draft import Draft
from statekeeper_server.operations.expiry import expire
from statekeeper_server.operations.pause_expiry import expire_pauses, has_due_pause
from statekeeper_server.operations.replay import answer, replay
from statekeeper_server.operations.storing import store_draft
from statekeeper_server.operations.writing import Done, WriteRequest, expect, guard
from statekeeper_server.store.writer import Writer

R = TypeVar("R", bound=WriteRequest)


def apply(
    decide: Callable[[Draft, R], Any],
    store: Writer,
    request: R,
    now_us: int,
    *,
    first: Callable[[Draft, R], object] | None = None,
) -> Done:
    """Apply one write to a shard.

    Args:
        decide: the operation: changes a draft, and gives the response without its result.
        store: the batch's transaction.
        request: what to do.
        now_us: the time of the batch.
        first: looks at the draft before locks and revisions are looked at.

    Raises:
        StateError: nothing was changed.
    """
    key, options = request.key, request.options
    first_answer = replay(store, request)
    if first_answer is not None:
        return first_answer
    draft = Draft(store, key, options, now_us)
    if draft.expired is not None:
        expire(store, key, draft.expired, now_us)
        draft = Draft(store, key, options, now_us)
    if draft.open_pauses and draft.old is not None and has_due_pause(draft.old, now_us):
        expire_pauses(store, key, now_us)
        draft = Draft(store, key, options, now_us)
    if first is not None:
        first(draft, request)
    guard(store, key, options)
    if draft.old is not None:
        expect(options, draft.old)
    response = decide(draft, request)
    if draft.old is None:
        # Where it has to exist, that it does not is the better answer.
        expect(options, None)
    store_draft(draft, response.result)
    return answer(store, request, response)
