"""The limits of the contract, as the checks and the operations need them."""

from dataclasses import dataclass

NAMESPACE_DEFAULT = "execution-state"
KEY_BYTES_MAX = 256
TEXT_BYTES_MAX = 256
LABELS_MAX = 32
FIELDS_MAX = 1_000
PAGE_SIZE_DEFAULT = 100
PAGE_SIZE_MAX = 1_000
CHANGED_MAX = 1_000
TTL_DEFAULT_US = 24 * 3600 * 1_000_000
TTL_MAX_US = 100 * 365 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class StateLimits:
    """How large a state may be; each a field of the configuration."""

    state_bytes_max: int
    state_bytes_warn: int
    entries_max: int
