"""How much to measure."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure, and where.

    Attributes:
        work_dir: folder for all data, on the disk that is to be measured.
        rounds: how often each thing is measured, in turn with the others.
        quick: whether a rough answer will do.
    """

    work_dir: Path
    rounds: int
    quick: bool

    @property
    def slice_s(self) -> float:
        """How long one thing is measured in one round."""
        return 1.0 if self.quick else 2.0

    def folder(self, name: str) -> Path:
        """A folder for one server."""
        return self.work_dir / name
