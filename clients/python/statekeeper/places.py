"""Places in a watch: what is stored with an event, to go on right after it.

The server gives one resume token with each message, and it stands for all events of the
message. Who stores the place of one event may have seen no more of the message than that.
So the place of an event within a message is the token before it, and what was given since:
of each execution the last revision, and how many events of that. A watch that goes on from
there passes over what it gets again, of which the revisions tell.

As text, a place is the server's token where nothing was given since. Otherwise it is a
tilde, and in base64 (URL-safe) the JSON list of the token and a list
`[execution_id, revision, events]` for each execution.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Mark = tuple[str, int]
"""(execution_id, revision) of an event"""

_MARKED = "~"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a watch has come, and somebody with it.

    Attributes:
        token: The server's resume token.
        marks: The events that were given since, in order; more may be added to its end.
        count: How many of the marks there were.
    """

    token: str
    marks: Sequence[Mark] = ()
    count: int = 0

    def text(self) -> str:
        """Gives what can be stored."""
        if self.count == 0:
            return self.token
        counts = [[*mark, count] for mark, count in _last(self.marks[: self.count]).items()]
        raw = json.dumps([self.token, *counts], ensure_ascii=False, separators=(",", ":"))
        return _MARKED + base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> "Place":
        """Reads what was stored.

        Raises:
            ValueError: It was not made by `text`.
        """
        if not text.startswith(_MARKED):
            return cls(text)
        body = text.removeprefix(_MARKED)
        try:
            raw = base64.b64decode(body + "=" * (-len(body) % 4), b"-_", validate=True)
            token, *counts = json.loads(raw)
            marks = [(str(name), int(revision)) for name, revision, n in counts for _ in range(n)]
        except (binascii.Error, TypeError, ValueError) as error:
            raise ValueError("is no resume token") from error
        return cls(str(token), marks, len(marks))


class Given:
    """The events that a watch gets again, because they were given after its token.

    Args:
        place: From where the watch goes on.
    """

    def __init__(self, place: Place | None = None) -> None:
        marks = () if place is None else place.marks[: place.count]
        self._left = {name: (revision, n) for (name, revision), n in _last(marks).items()}

    def has(self, execution_id: str, revision: int) -> bool:
        """Tells whether the next event of an execution was given before."""
        if execution_id not in self._left:
            return False
        last, count = self._left[execution_id]
        if revision < last:
            return True
        if revision == last and count > 1:
            self._left[execution_id] = (last, count - 1)
        else:
            del self._left[execution_id]
        return revision == last

    def marks(self) -> list[Mark]:
        """Gives the marks of those that have not come again yet."""
        return [(name, last) for name, (last, count) in self._left.items() for _ in range(count)]


def _last(marks: Iterable[Mark]) -> dict[Mark, int]:
    """Counts the events of the last revision of each execution."""
    counts: dict[str, tuple[int, int]] = {}
    for name, revision in marks:
        last, count = counts.get(name, (revision, 0))
        counts[name] = (revision, count + 1 if revision == last else 1)
    return {(name, revision): count for name, (revision, count) in counts.items()}
