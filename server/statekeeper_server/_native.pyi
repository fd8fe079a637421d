# The native part of the server, written in C: the sources are in `native/`.
from collections.abc import Callable
from typing import Any, Self

from statekeeper_server.engine import Table

# A SaveRequest or UpdateRequest that was checked from its bytes.
class Write:
    # The request.
    @property
    def raw(self) -> bytes: ...
    # Whose it is, with the default namespace filled in.
    @property
    def namespace(self) -> str: ...
    @property
    def execution_id(self) -> str: ...
    # Key of the execution's head.
    @property
    def row(self) -> bytes: ...
    # None: it has none.
    @property
    def request_id(self) -> str | None: ...
    # The request that its request_id stands for, serialised in the one deterministic way;
    # None where there is no request_id.
    @property
    def canonical(self) -> bytes | None: ...
    # What it adds to the shard, about.
    @property
    def stored_bytes(self) -> int: ...

# A checked request, or None where it is not a plain one.
def read_save(raw: bytes, entries_max: int, value_bytes_max: int, /) -> Write | None: ...
def read_update(raw: bytes, entries_max: int, value_bytes_max: int, /) -> Write | None: ...

# Namespace, execution id and the key of the head, of a LoadRequest for all of the present.
def read_load(raw: bytes, /) -> tuple[str, str, bytes] | None: ...

# The operations of a BatchRequest, if they are not more than so many: the field number of each
# one's kind, its tag, its message and its timeout in microseconds, -1 where it has none.
def read_batch(raw: bytes, operations_max: int, /) -> list[tuple[int, int, bytes, int]] | None: ...

# A LoadResponse of a head's row and the entries' rows; None where it is not a plain one.
def load(
    head: bytes,
    seek_before: Callable[[bytes], tuple[bytes, bytes] | None],
    now_us: int,
    entries_max: int,
    value_bytes_max: int,
    /,
) -> bytes | None: ...

# Writes entries, head and event, and tells what was done: see `store.writer.Written`. The
# versions and the event that this gives besides are the writer's to count. None, and nothing
# written, where that is not plain.
def write(
    write: Write,
    head: bytes | None,
    seek_before: Callable[[bytes], tuple[bytes, bytes] | None],
    put: Callable[[Table, bytes, bytes], None],
    prune: Callable[[bytes, int, int, int, int], int],
    heads: Table,
    entries: Table,
    log: Table,
    revision: int,
    log_time_us: int,
    now_us: int,
    entries_max: int,
    value_bytes_warn: int,
    prune_every: int,
    ttl_default_us: int,
    /,
) -> tuple[bytes, bytes, int, int, int, int, int, int] | None: ...

# The body of a journal's record: see `engine.journal`.
def encode_rows(rows: list[tuple[Table, bytes, bytes | None]], /) -> bytes: ...

# Adds the rows of a commit to an overlay's versions, and gives their bytes: see `engine.overlay`.
def add_rows(
    rows: list[tuple[Table, bytes, bytes | None]],
    commit: int,
    versions: tuple[dict[bytes, tuple[int, bytes | None, Any]], ...],
    keys: tuple[list[bytes], ...],
    places: set[tuple[Table, bytes]],
    /,
) -> int: ...

# The rows that a transaction changes: see `engine.changes`.
class Changes:
    def __new__(
        cls,
        put: Callable[..., object],
        delete: Callable[..., object],
        databases: tuple[object, ...],
        large: set[tuple[Table, bytes]],
        large_bytes: int,
        failed: Callable[[Exception], None],
        /,
    ) -> Self: ...
    @property
    def rows(self) -> list[tuple[Table, bytes, bytes | None]]: ...
    def put(self, table: Table, key: bytes, value: bytes, /) -> None: ...
    def delete(self, table: Table, key: bytes, /) -> None: ...
