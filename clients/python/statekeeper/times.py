"""Instants and spans of time between Python and protobuf."""

import datetime as dt
import math

from google.protobuf import duration_pb2, timestamp_pb2

from statekeeper.arguments import invalid

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_S = 86_400
# From 0001-01-01 to 9999-12-31: what both a Timestamp and a datetime can hold.
_SECONDS_MIN = -62_135_596_800
_SECONDS_MAX = 253_402_300_799

Span = dt.timedelta | float
"""A span of time: a timedelta, or a number of seconds."""


def to_timestamp(instant: object, field: str) -> timestamp_pb2.Timestamp:
    """Writes an aware datetime, exact to the microsecond.

    Raises:
        InvalidRequestError: It is no datetime, has no time zone, or lies
            outside the years 1 to 9999 (UTC).
    """
    if not isinstance(instant, dt.datetime):
        raise invalid(field, f"must be a datetime, not {type(instant).__name__}")
    if instant.utcoffset() is None:
        raise invalid(field, "must have a time zone: datetime.now(timezone.utc) has one")
    since = instant - _EPOCH
    seconds = since.days * _DAY_S + since.seconds
    if not _SECONDS_MIN <= seconds <= _SECONDS_MAX:
        raise invalid(field, "must lie in the years 1 to 9999 (UTC)")
    return timestamp_pb2.Timestamp(seconds=seconds, nanos=since.microseconds * 1000)


def to_datetime(timestamp: timestamp_pb2.Timestamp) -> dt.datetime:
    """Reads a Timestamp as a datetime in UTC; digits below a microsecond are cut off."""
    return _EPOCH + dt.timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)


def to_timedelta(span: object, field: str) -> dt.timedelta:
    """Reads a span that a caller gave.

    Raises:
        InvalidRequestError: It is no span, or negative.
    """
    if isinstance(span, dt.timedelta):
        delta = span
    elif isinstance(span, int | float) and not isinstance(span, bool) and math.isfinite(span):
        try:
            delta = dt.timedelta(seconds=span)
        except OverflowError:
            raise invalid(field, "is too long") from None
    else:
        raise invalid(field, f"must be a timedelta or a number of seconds, not {span!r}")
    if delta < dt.timedelta(0):
        raise invalid(field, "must not be negative")
    return delta


def to_duration(delta: dt.timedelta) -> duration_pb2.Duration:
    """Writes a timedelta, exact to the microsecond."""
    return duration_pb2.Duration(
        seconds=delta.days * _DAY_S + delta.seconds, nanos=delta.microseconds * 1000
    )
