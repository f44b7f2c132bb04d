"""Datetime and Timedelta: construction, arithmetic, UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import swath as wf
from swath.errors import InvalidArgument, TypeMismatch

JUNE = dt.datetime(2019, 6, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "made",
    [
        lambda: wf.Datetime(2019, 6, 1),
        lambda: wf.Datetime(2019, month=6),
        lambda: wf.Datetime("2019-06-01"),
        lambda: wf.Datetime("2019-06-01T02:00:00+02:00"),
        lambda: wf.Datetime(dt.datetime(2019, 6, 1)),  # noqa: DTZ001  without a zone: UTC
        lambda: wf.Datetime(dt.date(2019, 6, 1)),
    ],
)
def test_an_instant_is_written_in_many_ways(made: Any) -> None:
    assert made().literal_value == JUNE


def test_a_span_is_the_sum_of_its_parts() -> None:
    assert wf.Timedelta(days=1, hours=-1).literal_value == dt.timedelta(hours=23)
    assert wf.Timedelta(dt.timedelta(3)).literal_value == dt.timedelta(3)


@pytest.mark.parametrize(
    ("made", "type_"),
    [
        (lambda: wf.Datetime(2019, wf.Int(6)), "Datetime"),
        (lambda: wf.Timedelta(days=wf.Int(6)), "Timedelta"),
        (lambda: wf.Datetime(2019) + dt.timedelta(1), "Datetime"),
        (lambda: dt.timedelta(1) + wf.Datetime(2019), "Datetime"),
        (lambda: wf.Datetime(2019) - JUNE, "Timedelta"),
        (lambda: JUNE - wf.Datetime(2019), "Timedelta"),
        (lambda: 2.5 * wf.Timedelta(1), "Timedelta"),
        (lambda: wf.Timedelta(1) / wf.Timedelta(2), "Float"),
        (lambda: wf.Timedelta(1).total_seconds(), "Float"),
        (lambda: wf.Timedelta(1).days, "Int"),
        (lambda: wf.Datetime(2019).year, "Int"),
        (lambda: wf.Datetime(2019) < "2019-06-01", "Bool"),
        (lambda: wf.Datetime(2019).is_between("2018-01-01", JUNE, inclusive=False), "Bool"),
        (lambda: wf.Datetime.from_string(wf.Str("2019")), "Datetime"),
        (lambda: wf.Datetime.from_timestamp(0.5), "Datetime"),
    ],
)
def test_time_has_an_arithmetic_of_its_own(made: Any, type_: str) -> None:
    assert str(made().expression.type) == type_


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        wf.Datetime("yesterday")
    with pytest.raises(InvalidArgument):
        wf.Datetime(2019, 13)
    with pytest.raises(InvalidArgument):
        wf.Datetime(10**30)
    with pytest.raises(TypeMismatch):
        wf.Datetime(2019) + JUNE
    with pytest.raises(InvalidArgument):
        wf.Timedelta(days=1e12)
