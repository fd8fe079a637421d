"""Chance that can be repeated."""

import os
import random
import secrets


def chance(seed: object) -> random.Random:
    """A source of random numbers, the same for the same seed."""
    return random.Random(str(seed))  # noqa: S311 - for choosing test cases, nothing is secret


def drawn_seed(variable: str) -> int:
    """A seed of its own for each run, or the one that a variable gives; it is printed."""
    seed = int(os.environ.get(variable) or secrets.randbits(32))
    print(f"{variable}={seed}")  # noqa: T201 - pytest shows it when the test fails
    return seed
