"""ListRevisions: what happened to an execution, the newest first."""

from dataclasses import dataclass, field

from statekeeper_server.errors import invalid
from statekeeper_server.keys import ExecutionKey
from statekeeper_server.operations.writing import living
from statekeeper_server.storage.v1.records_pb2 import Event
from statekeeper_server.store.reader import Reader


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page begins: the uid tells an execution from its successor of the same id."""

    uid: int
    revision: int


@dataclass(frozen=True, slots=True)
class ListRevisions:
    """A checked ListRevisionsRequest."""

    key: ExecutionKey
    page_size: int
    start: PageStart | None


@dataclass(slots=True)
class RevisionPage:
    """Events, and where the next page begins."""

    events: list[Event] = field(default_factory=list)
    next_start: PageStart | None = None


def list_revisions(store: Reader, request: ListRevisions, now_us: int) -> RevisionPage:
    """Follow the log back from the newest change.

    Raises:
        InvalidRequestError: the page token is of another execution.
    """
    page = RevisionPage()
    head = living(store.head(request.key), now_us)
    if head is None:
        return page
    revision = head.execution.revision
    if request.start is not None:
        if request.start.uid != head.uid:
            # Deleted and created again meanwhile: the list it belonged to has ended.
            return page
        revision = request.start.revision
    size = 0
    while revision and (event := store.event(revision)) is not None:
        if event.uid != head.uid:
            raise invalid("page_token", "is of another execution")
        size += len(event.acts)
        if size > request.page_size and page.events:
            page.next_start = PageStart(head.uid, revision)
            break
        page.events.append(event)
        revision = event.previous_revision
    return page
