# The native part of the server, written in C: the sources are in `native/`.
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeAlias, TypeVar

from statekeeper_server import engine
from statekeeper_server.engine import Table
from statekeeper_server.engine.changes import Places, Row, Version

# A SaveRequest or UpdateRequest that was checked from its bytes.
class Write:
    # The request.
    @property
    def raw(self) -> bytes: ...
    # What the general way checks that by.
    @property
    def check(self) -> Callable[[bytes], Any]: ...
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
    # In a message of many operations: of its result, 0: it has none; and how long it may take,
    # -1: for ever.
    @property
    def tag(self) -> int: ...
    @property
    def timeout_us(self) -> int: ...
    # Otherwise it is a Save.
    @property
    def is_update(self) -> bool: ...

_W = TypeVar("_W", bound=Write)

# A checked request, or None where it is not a plain one.
def read_save(
    type_: type[_W],
    check: Callable[[bytes], Any],
    entries_max: int,
    value_bytes_max: int,
    raw: bytes,
    /,
) -> _W | None: ...
def read_update(
    type_: type[_W],
    check: Callable[[bytes], Any],
    entries_max: int,
    value_bytes_max: int,
    raw: bytes,
    /,
) -> _W | None: ...

# Namespace, execution id and the key of the head, of a LoadRequest for all of the present.
def read_load(raw: bytes, /) -> tuple[str, str, bytes] | None: ...

# The operations of a BatchRequest, if they are not more than so many: the field number of each
# one's kind, its tag, its message and its timeout in microseconds, -1 where it has none.
def read_batch(raw: bytes, operations_max: int, /) -> list[tuple[int, int, bytes, int]] | None: ...

# The operations of a BatchRequest, if all are plain writes: of no more than so many bytes each,
# and no more than so many operations.
def read_writes(
    type_: type[_W],
    check_save: Callable[[bytes], Any],
    check_update: Callable[[bytes], Any],
    entries_max: int,
    value_bytes_max: int,
    bytes_max: int,
    operations_max: int,
    raw: bytes,
    /,
) -> list[_W] | None: ...

# A LoadResponse of a head's row and the entries' rows; None where it is not a plain one.
def load(
    head: bytes,
    seek_before: Callable[[bytes], tuple[bytes, bytes] | None],
    now_us: int,
    entries_max: int,
    value_bytes_max: int,
    /,
) -> bytes | None: ...

# The plain writes of a batch.
class Writer:
    # Methods of the batch's transaction; _prune_plain of store.writer; tables; what the keys of
    # done requests begin with, those of now first; how much a state may have, and beyond which
    # bytes of values there is a warning, with what stands before and after
    # these in it; the most bytes; at every how many versions of an entry old ones are looked
    # for, and how much is kept of these; the default time to live.
    def __new__(
        cls,
        write_type: type[Write],
        get: Callable[[Table, bytes], bytes | None],
        newest: Callable[[Table, bytes], tuple[bytes, bytes] | None],
        cursor: Callable[[Table], engine.Cursor],
        put: Callable[[Table, bytes, bytes], None],
        delete: Callable[[Table, bytes], None],
        prune: Callable[[bytes, int, int, int, int, int], int],
        heads: Table,
        entries: Table,
        log: Table,
        requests: Table,
        generations: tuple[bytes, ...],
        entries_max: int,
        value_bytes_warn: int,
        warning_start: bytes,
        warning_end: bytes,
        value_bytes_max: int,
        prune_every: int,
        versions_kept: int,
        window_us: int,
        ttl_default_us: int,
        /,
    ) -> Self: ...
    # Writes entries, head and event. The response; the event, its time and how many versions
    # there are of entries, which are the caller's to count; and see `store.writer.Moved`. None,
    # and nothing written, where that is not plain.
    def write(
        self, write: Write, revision: int, log_time_us: int, now_us: int, /
    ) -> tuple[bytes, bytes, int, int, tuple[int, int, int, int] | None] | None: ...
    # The same for those of a list from a place on, up to the first that is not plain and through
    # the first that is found by something else from then on. Their results, as fields of a
    # BatchResponse; their events, and where they are; the time of the last one; how many versions
    # there are; what `write` tells last of the last of them.
    def write_all(
        self, writes: Sequence[Write], at: int, revision: int, log_time_us: int, now_us: int, /
    ) -> tuple[bytes, list[tuple[int, bytes]], int, int, tuple[int, int, int, int] | None]: ...

# The body of a journal's record: see `engine.journal`.
def encode_rows(rows: list[Row], /) -> bytes: ...

# What so many commits have made of keys, each that they touched: see `engine.overlay`.
def list_rows(
    versions: dict[bytes, Version], keys: list[bytes], commits: int, /
) -> list[tuple[bytes, bytes | None]]: ...

# What a transaction changes: see `engine.changes`.
class Changes:
    def __new__(
        cls,
        number: int,
        versions: tuple[dict[bytes, Version], ...],
        keys: tuple[list[bytes], ...],
        places: Places,
        /,
    ) -> Self: ...
    @property
    def rows(self) -> list[Row]: ...
    @property
    def size_bytes(self) -> int: ...
    def put(self, table: Table, key: bytes, value: bytes, /) -> None: ...
    def delete(self, table: Table, key: bytes, /) -> None: ...

# A layer of commits: its versions by table, its places, and how many of its commits are seen.
Layer: TypeAlias = tuple[tuple[dict[bytes, Version], ...], Places, int]
# The same for one table: its versions, their keys as they came and sorted (of all tables), what
# sorts those of a table, and how many commits are seen.
Sorted: TypeAlias = tuple[int, list[bytes], list[bytes]]
SortedLayer: TypeAlias = tuple[
    dict[bytes, Version], list[bytes], list[Sorted], Callable[[Table], object], int
]

# Layers of commits over a snapshot of the tables: see `engine.overlay`.
class View:
    def __new__(
        cls,
        layers: tuple[Layer, ...],
        get: Callable[[Table, bytes], bytes | None],
        newest: Callable[[Table, bytes], tuple[bytes, bytes] | None],
        /,
    ) -> Self: ...
    def get(self, table: Table, key: bytes, /) -> bytes | None: ...
    def newest(self, table: Table, start: bytes, /) -> tuple[bytes, bytes] | None: ...

# A cursor over one of the tables and layers of commits: see `engine.overlay`.
class Cursor:
    def __new__(
        cls, base: engine.Cursor, layers: tuple[SortedLayer, ...], table: Table, /
    ) -> Self: ...
    def seek(self, key: bytes, /) -> tuple[bytes, bytes] | None: ...
    def seek_before(self, key: bytes, /) -> tuple[bytes, bytes] | None: ...
    def next(self) -> tuple[bytes, bytes] | None: ...
