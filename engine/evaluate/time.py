"""Ops on Datetime and Timedelta: rules O2, O4. Instants are aware datetimes in UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from swath.errors import ArithmeticProblem, InvalidArgument

COMPONENTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def utc(value: datetime) -> datetime:
    """The instant in UTC; without a zone it is UTC already."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def parse(text: str) -> datetime:
    """An ISO 8601 date or datetime. Raises InvalidArgument."""
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"{text!r} is not an ISO 8601 date or time, such as 2018-06-01 or 2018-06-01T10:30:00Z."
        ) from None


def instant(value: Any) -> datetime:
    """A Datetime from a Datetime, an ISO string or seconds since 1970. Raises InvalidArgument."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, str):
        return parse(value)
    return from_timestamp(value)


def from_timestamp(seconds: float) -> datetime:
    """The instant `seconds` after 1970-01-01T00:00:00Z. Raises InvalidArgument."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise InvalidArgument(f"{seconds} seconds since 1970 is outside years 1–9999.") from None


def from_components(
    year: int,
    month: int = 1,
    day: int = 1,
    hour: int = 0,
    minute: int = 0,
    second: int = 0,
    microsecond: int = 0,
) -> datetime:
    """The instant with these components in UTC. Raises InvalidArgument."""
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
    except (ValueError, OverflowError) as problem:
        raise InvalidArgument(f"There is no such time: {problem}.") from None


def span(**components: float) -> timedelta:
    """A Timedelta of days, seconds, microseconds, milliseconds, minutes, hours, weeks."""
    try:
        return timedelta(**components)
    except OverflowError:
        raise InvalidArgument("The Timedelta is longer than 999,999,999 days.") from None


def is_between(value: datetime, start: Any, end: Any, inclusive: bool) -> bool:
    """Whether `value` lies between; with `inclusive` the ends count."""
    first, last = instant(start), instant(end)
    return first <= value <= last if inclusive else first < value < last


def computed(op: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """`op(left, right)` of times and numbers. Raises ArithmeticProblem outside the range."""
    try:
        return op(left, right)
    except OverflowError:
        raise ArithmeticProblem("The time is outside years 1–9999.") from None
    except ZeroDivisionError:
        raise ArithmeticProblem("Division of a Timedelta by zero.") from None
