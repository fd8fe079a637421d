"""The YAML files of the suite: YAML 1.2, in which `no` is a text, and nothing stands twice."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

HERE = Path(__file__).resolve().parent


def read_yaml(file: Path) -> Any:
    """What a file says."""
    return YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
