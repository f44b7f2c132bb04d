"""Instants and spans of time (rules O2, O4)."""

from __future__ import annotations

from swath.graph.type import BOOL, DATETIME, FLOAT, INT, STR, TIMEDELTA
from swath.ops.op import Op, OpParameter
from swath.ops.row import NUMBER, always, given, named


def _part(name: str, least: int, most: int) -> OpParameter:
    return named(name, INT, f"From {least} to {most}.", default=least)


def _span(name: str) -> OpParameter:
    return named(name, NUMBER, f"Number of {name}, any sign.", default=0)


ROWS = (
    Op(
        "datetime.from_components", "An instant in UTC.",
        (
            named("year", INT, "From 1 to 9999."), _part("month", 1, 12), _part("day", 1, 31),
            _part("hour", 0, 23), _part("minute", 0, 59), _part("second", 0, 59),
            _part("microsecond", 0, 999_999),
        ),
        always(DATETIME), ("Datetime.__init__",),
    ),
    Op(
        "datetime.from_string", "The instant that a text writes; UTC when it names no zone.",
        (given("string", STR, "ISO 8601, e.g. `2019-06-01` or `2019-06-01T10:30:00Z`."),),
        always(DATETIME), ("Datetime.from_string",), source="ISO 8601-1:2019",
    ),
    Op(
        "datetime.from_timestamp", "The instant that many seconds after 1970-01-01T00:00:00Z.",
        (given("seconds", NUMBER, "Any sign; fractions to microseconds."),), always(DATETIME),
        ("Datetime.from_timestamp",), source="POSIX.1-2017, seconds since the Epoch",
    ),
    Op(
        "datetime.is_between", "Whether an instant lies in an interval.",
        (
            given("obj", DATETIME, "The instant."), given("start", DATETIME, "Start."),
            given("end", DATETIME, "End."),
            named("inclusive", BOOL, "Whether start and end count as inside.", default=True),
        ),
        always(BOOL), ("Datetime.is_between",),
    ),
    Op(
        "timedelta.from_components", "A span of time, the sum of its parts.",
        tuple(map(_span, ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours",
                          "weeks"))),
        always(TIMEDELTA), ("Timedelta.__init__",),
    ),
    Op(
        "timedelta.total_seconds", "The span in seconds.",
        (given("obj", TIMEDELTA, "A span."),), always(FLOAT), ("Timedelta.total_seconds",),
    ),
)  # fmt: skip
