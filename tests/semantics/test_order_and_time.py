"""Rules O: order and time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from swath.errors import ArithmeticProblem, TypeMismatch
from tests.imagery import catalog_of, days

from .conftest import GRID, image

Ask = Callable[..., Any]
DATES = ["2020-03-01", "2020-01-01", "2020-02-01", "2021-01-15"]


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of one band, whose value is the month."""
    months = [np.full(GRID.shape, int(d[5:7]), np.uint8) for d in DATES]
    return days(tmp_path_factory.mktemp("dated"), GRID, {"m": months}, DATES)


@pytest.fixture
def ask_days(dated: Path, here: wf.GeoContext) -> Ask:
    """The value of an expression over the product `days`."""
    engine = Engine(catalog_of(dated, "{date:%Y-%m-%d}/scene_{band}.tif", "days"))
    return lambda obj, geocontext=here: engine.inspect(obj, geocontext)


def collection(**kwargs: Any) -> wf.ImageCollection:
    """The product `days`."""
    return wf.ImageCollection.from_id("days", **kwargs)


def months(col: wf.ImageCollection) -> Any:
    """The month of each image."""
    return col.map(lambda img: img.properties["date"].month)


def test_o1_a_collection_is_ordered_by_date(ask_days: Ask) -> None:
    assert ask_days(months(collection())) == [1, 2, 3, 1]


def test_o1_sorted_reorders(ask_days: Ask) -> None:
    ordered = collection().sorted(lambda img: img.properties["date"], reverse=True)
    assert ask_days(months(ordered)) == [1, 3, 2, 1]


def test_o1_sorted_by_pixels(ask_days: Ask) -> None:
    assert ask_days(months(collection().sorted(lambda img: img.max()))) == [1, 1, 2, 3]


def test_o1_mosaic_goes_in_the_order_of_the_collection(ask_days: Ask) -> None:
    ordered = collection().sorted(lambda img: img.properties["date"], reverse=True)
    assert ask_days(ordered.head(3).mosaic()).ndarray[0, 0, 0] == 2


def test_o2_a_time_without_zone_is_utc(ask: Ask) -> None:
    assert ask(wf.Datetime.from_string("2020-01-01T12:00:00")) == datetime(
        2020, 1, 1, 12, tzinfo=UTC
    )


def test_o2_a_time_with_a_zone_is_converted(ask: Ask) -> None:
    result = ask(wf.Datetime.from_string("2020-01-01T12:00:00+02:00"))
    assert (result.hour, result.utcoffset()) == (10, timedelta(0))


def test_o3_start_counts_and_end_does_not(ask_days: Ask) -> None:
    col = collection(start_datetime="2020-01-01", end_datetime="2020-03-01")
    assert ask_days(months(col)) == [1, 2]


def test_o3_limit_takes_the_first(ask_days: Ask) -> None:
    assert ask_days(months(collection(limit=2))) == [1, 2]


def test_o4_the_difference_of_times_is_a_timedelta(ask: Ask) -> None:
    difference = wf.Datetime(2020, 3, 1) - wf.Datetime(2020, 2, 1)
    assert ask(difference) == timedelta(days=29)


def test_o4_a_time_outside_the_calendar_is_an_error(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem):
        ask(wf.Datetime(9999, 12, 31) + wf.Timedelta(days=2))


def test_o5_groups_come_in_order_of_first_appearance(ask_days: Ask) -> None:
    groups = collection().groupby(lambda img: img.properties["date"].month).groups
    assert list(ask_days(groups)) == [1, 2, 3]


def test_o5_images_of_a_group_know_it(ask_days: Ask) -> None:
    january = collection().groupby(dates="month")[1]
    assert ask_days(january.map(lambda img: img.properties["group"])) == [1, 1]


def test_o5_several_components_give_tuples(ask_days: Ask) -> None:
    groups = collection().groupby(dates=("year", "month")).groups
    assert next(iter(ask_days(groups))) == (2020, 1)


def test_o5_an_unknown_key_gives_an_empty_collection(ask_days: Ask) -> None:
    assert ask_days(collection().groupby(dates="month")[12].length()) == 0


def test_o5_a_groupby_is_not_a_result(ask_days: Ask) -> None:
    with pytest.raises(TypeMismatch):
        ask_days(collection().groupby(dates="month"))


def test_o6_a_reduction_gives_one_image_for_each_group(ask_days: Ask) -> None:
    result = ask_days(collection().groupby(dates="month").mean(axis="images"))
    assert [p["group"] for p in result.properties] == [1, 2, 3]
    assert result.ndarray[:, 0, 0, 0].tolist() == [1.0, 2.0, 3.0]


def test_o6_other_axes_give_a_dict_by_key(ask_days: Ask) -> None:
    assert ask_days(collection().groupby(dates="month").max()) == {1: 1.0, 2: 2.0, 3: 3.0}


def test_o6_map_makes_an_image_of_each_group(ask_days: Ask) -> None:
    result = ask_days(collection().groupby(dates="month").map(lambda key, group: group.mosaic()))
    assert result.ndarray[:, 0, 0, 0].tolist() == [1, 2, 3]


def test_i2_properties_from_the_catalog(ask_days: Ask) -> None:
    properties = ask_days(collection()[0]).properties
    assert properties["product"] == "days"
    assert properties["date"] == datetime(2020, 1, 1, tzinfo=UTC)
    assert properties["crs"] == GRID.crs
    assert tuple(properties["geotrans"]) == GRID.gdal_geotrans


def test_i2_bandinfo_from_the_catalog(ask_days: Ask) -> None:
    info = ask_days(collection()[0]).bandinfo["m"]
    assert (info["name"], info["dtype"], info["kind"]) == ("m", "uint8", "physical")


def test_w1_lengths_need_no_place(ask_days: Ask) -> None:
    assert ask_days(collection().length(), None) == 4


def test_p1_numbers_of_an_array_need_no_catalog(ask: Ask) -> None:
    assert ask(wf.ImageCollection([image(1), image(2)]).length()) == 2
