"""What a new definition finds wrong with values that are there already."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that does not fit the new definition; it is kept as it is.

    Attributes:
        key: The key.
        path: Where in its value, `tags[3].name`; empty: the value itself.
        rule: The rule that it breaks: `minLength`; `declared` where the key is gone.
        problem: A sentence.
    """

    key: str
    path: str
    rule: str
    problem: str
