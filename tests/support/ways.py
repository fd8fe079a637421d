"""The two ways of a message of operations: by a call of its own, and in a stream."""

from collections.abc import Callable

import pytest

from statekeeper.v1.operation_pb2 import Operation, OperationResult
from tests.support.operations import Pipeline, do
from tests.support.raw import RawClient

Way = Callable[[RawClient, list[Operation]], list[OperationResult]]
"""Has operations done, and gives their results in the same order."""


def by_batch(raw: RawClient, operations: list[Operation]) -> list[OperationResult]:
    """By Batch."""
    return do(raw, *operations)


def by_pipeline(raw: RawClient, operations: list[Operation]) -> list[OperationResult]:
    """In a message of a Pipeline."""
    with Pipeline(raw) as pipeline:
        return pipeline.do(*operations)


WAYS = pytest.mark.parametrize("way", [by_batch, by_pipeline])
"""Runs a test with either."""
