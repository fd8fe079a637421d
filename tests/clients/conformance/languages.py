"""The languages that there are clients of: languages.yaml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .yaml_files import HERE, read_yaml

ROOT = HERE.parent.parent.parent


@dataclass(frozen=True, slots=True)
class Language:
    """A language that there is a client of.

    Attributes:
        name: What its driver's folder is called.
        client: The folder of its client.
        unsupported: By scenario, why the client cannot do what it asks for.
    """

    name: str
    client: Path
    unsupported: dict[str, str]

    @property
    def run(self) -> Path:
        """What starts its driver."""
        return HERE / "drivers" / self.name / "run"


def read_languages() -> dict[str, Language]:
    """All of them that have a driver, by name."""
    described: dict[str, Any] = read_yaml(HERE / "languages.yaml")
    languages = [
        Language(name, ROOT / each["client"], each["unsupported"])
        for name, each in described.items()
    ]
    return {each.name: each for each in languages if each.run.exists()}
