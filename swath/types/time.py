"""Datetime, Timedelta: instants in UTC and spans of time."""

from __future__ import annotations

import datetime as dt
from typing import Any

from swath.errors import InvalidArgument
from swath.graph.expression import Constant, Expression
from swath.graph.type import DATETIME, TIMEDELTA, Type
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.literal import Literal
from swath.types.promote import promote_to
from swath.types.proxy import Proxy

_NUMBERS = (int, float)


class Datetime(Literal):
    """An instant: `Datetime(2019, 6, 1)`, `Datetime("2019-06-01")`, of a Python datetime.

    Times without a zone are UTC.
    """

    __slots__ = ()

    @staticmethod
    def make(
        _wanted: Type,
        year: Any,
        month: Any = 1,
        day: Any = 1,
        hour: Any = 0,
        minute: Any = 0,
        second: Any = 0,
        microsecond: Any = 0,
    ) -> Expression:
        """From components, each an int or Int; or from text or a Python datetime alone."""
        parts = (year, month, day, hour, minute, second, microsecond)
        if not isinstance(year, _NUMBERS) and not _is_int(year):
            return promote_to(year, DATETIME)
        if not any(isinstance(part, Proxy) for part in parts):
            return _instant(parts)
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        made: Proxy = apply("datetime.from_components", **dict(zip(names, parts, strict=True)))
        return made.expression


class Timedelta(Literal):
    """A span of time: `Timedelta(days=16)`, of a Python timedelta."""

    __slots__ = ()

    @staticmethod
    def make(
        _wanted: Type,
        days: Any = 0,
        seconds: Any = 0,
        microseconds: Any = 0,
        milliseconds: Any = 0,
        minutes: Any = 0,
        hours: Any = 0,
        weeks: Any = 0,
    ) -> Expression:
        """From parts, each a number or Int or Float; or from a Python timedelta alone."""
        if isinstance(days, dt.timedelta):
            return promote_to(days, TIMEDELTA)
        parts = {
            "days": days, "seconds": seconds, "microseconds": microseconds,
            "milliseconds": milliseconds, "minutes": minutes, "hours": hours, "weeks": weeks,
        }  # fmt: skip
        if all(isinstance(part, _NUMBERS) for part in parts.values()):
            return _span(parts)
        given = {name: part for name, part in parts.items() if isinstance(part, Proxy) or part}
        made: Proxy = apply("timedelta.from_components", **given)
        return made.expression


def _is_int(value: Any) -> bool:
    return isinstance(value, Proxy) and value.expression.type.name in ("Int", "Any")


def _instant(parts: tuple[Any, ...]) -> Expression:
    year, month, day, *clock = parts
    try:
        midnight = dt.datetime(year, month, day, tzinfo=dt.UTC)
        hour, minute, second, microsecond = clock
        time = dt.time(hour, minute, second, microsecond)
        return Constant(dt.datetime.combine(midnight, time, dt.UTC), DATETIME)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidArgument(f"there is no such date: {error}") from None


def _span(parts: dict[str, Any]) -> Expression:
    try:
        return Constant(dt.timedelta(**parts), TIMEDELTA)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"there is no such span: {error}") from None


for _cls in (Datetime, Timedelta):
    provide(_cls)
