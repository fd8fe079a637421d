"""The promises: promises.yaml."""

from dataclasses import dataclass

from .yaml_files import HERE, read_yaml


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise.

    Attributes:
        number: `B31`.
        says: What is promised, in few words.
        unseen_because: Why no client can see whether it is kept; empty: one can.
    """

    number: str
    says: str
    unseen_because: str = ""


def read_promises() -> list[Promise]:
    """All promises to those who call the service, in their order."""
    described = read_yaml(HERE / "promises.yaml")
    return [
        Promise(number, each) if isinstance(each, str) else Promise(number, **each)
        for number, each in described.items()
    ]
