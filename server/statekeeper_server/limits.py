"""The limits of the contract, as the checks and the operations need them."""

from dataclasses import dataclass

NAMESPACE_DEFAULT = "execution-state"
KEY_BYTES_MAX = 256
TEXT_BYTES_MAX = 256
LABELS_MAX = 32
# What a write adds besides its values, about: head, log, pages copied.
OVERHEAD_BYTES = 4096
FIELDS_MAX = 1_000
PAGE_SIZE_DEFAULT = 100
PAGE_SIZE_MAX = 1_000
CHANGED_MAX = 1_000
REASON_BYTES_MAX = 4_096
PAUSES_KEPT = 64
HEARTBEAT_DEFAULT_US = 10 * 1_000_000
HEARTBEAT_MIN_US = 100_000
HEARTBEAT_MAX_US = 3600 * 1_000_000
PAUSE_EXPIRY_DEFAULT_US = 24 * 3600 * 1_000_000
OPERATIONS_MAX = 1_000
LEASE_DEFAULT_US = 30 * 1_000_000
LEASE_MIN_US = 1_000
LEASE_MAX_US = 24 * 3600 * 1_000_000
WAIT_MAX_US = 24 * 3600 * 1_000_000
# What is larger takes more than a few hundred microseconds, and would hold up all other
# callers on the event loop.
LARGE_BYTES = 64 * 1024
# Errors and what writes give are smaller, so that a thousand of them fit into one answer.
RESULT_BYTES_SMALL = 8 * 1024
# What one answer may take besides what a message needs anyway.
ANSWER_BYTES_MAX = 8 * 1024 * 1024
TTL_DEFAULT_US = 24 * 3600 * 1_000_000
TTL_MAX_US = 100 * 365 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class StateLimits:
    """How much an execution and a shard may hold; each a field of the configuration."""

    state_bytes_max: int
    state_bytes_warn: int
    entries_max: int
    checkpoints_max: int
    open_pauses_max: int
    lock_waiters_max: int

    @property
    def warning(self) -> tuple[str, str]:
        """What is said of a state that is larger than recommended, around its bytes."""
        advice = "keep large values elsewhere and store references"
        return (
            "the state takes ",
            f" bytes, more than the recommended {self.state_bytes_warn}: {advice}",
        )
