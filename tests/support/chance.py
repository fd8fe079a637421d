"""Chance that can be repeated."""

import random


def chance(seed: object) -> random.Random:
    """A source of random numbers, the same for the same seed."""
    return random.Random(str(seed))  # noqa: S311 - for choosing test cases, nothing is secret
