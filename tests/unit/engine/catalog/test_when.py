from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog.add.when import best_date, date_in, read_date, read_rfc3339, tiff_date
from engine.catalog.columns import to_datetime, to_us
from swath.errors import InvalidArgument


def us(*fields: int) -> int:
    return to_us(datetime(*fields, tzinfo=UTC))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("S2_20180107_B04", us(2018, 1, 7)),
        ("x-2018-01-07", us(2018, 1, 7)),
        ("T33UUU_20170216T102101_B01", us(2017, 2, 16, 10, 21, 1)),
        ("LC08_L1TP_014031_20180106_20180119_01_T1", us(2018, 1, 6)),
        ("LE70350322008118EDC00", us(2008, 4, 27)),
        ("MOD13_2018007_h1", us(2018, 1, 7)),
        ("2018_13_45", None),
        ("20180230", None),
        ("scene_123456789012", None),
        ("nlcd2011", None),
    ],
)
def test_dates_are_found_in_names(name, expected):
    assert date_in(name) == expected


def test_a_name_is_believed_before_the_tag_in_the_file():
    assert best_date(None, us(2018, 1, 7), us(2020, 5, 5)) == us(2018, 1, 7)


def test_the_tag_adds_the_time_of_the_same_day():
    assert best_date(None, us(2018, 1, 7), us(2018, 1, 7, 9, 20)) == us(2018, 1, 7, 9, 20)


def test_what_was_said_wins():
    assert best_date(us(2000, 1, 1), us(2018, 1, 7), us(2018, 1, 7)) == us(2000, 1, 1)


def test_the_tag_counts_where_the_name_has_no_date():
    assert best_date(None, None, tiff_date("2016:06:15 18:01:00")) == us(2016, 6, 15, 18, 1)


@pytest.mark.parametrize("text", ["", "    :  :     :  :  ", "2016-06-15", "yesterday"])
def test_a_malformed_tag_is_no_date(text):
    assert tiff_date(text) is None


def test_a_zone_is_converted_to_utc():
    assert read_rfc3339("2018-01-07T10:20:00+01:00") == us(2018, 1, 7, 9, 20)
    assert read_date("20180107+0100", "%Y%m%d%z") == us(2018, 1, 6, 23)


@pytest.mark.parametrize("text", ["2023-02-30T25:61:00Z", "x", "", "0001-01-01T00:00:00+23:59x"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(InvalidArgument):
        read_rfc3339(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_and_datetimes_are_inverse(date):
    assert to_datetime(to_us(date)) == date
