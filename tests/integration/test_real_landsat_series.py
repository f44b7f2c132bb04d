"""105 dates of Landsat over Colorado: reductions through time, against rasterio and numpy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from tests.imagery import catalog_of
from tests.integration.rasters import filled, near, place, read, same

PATTERN = "{id}/L??03?032{date:%Y%j}*_{band}.tif"
FLOAT32 = 2.0**-23
"""Twice the rounding of a float32 in 0.5 … 1: the last bit of a quotient, rounded twice."""


@pytest.fixture(scope="module")
def series(shared_data: Path) -> Path:
    """The folder of the series."""
    return shared_data / "timeseries" / "landsat_colorado_105dates"


@pytest.fixture(scope="module")
def engine(series: Path) -> Engine:
    """An engine over the series, product `landsat`."""
    return Engine(catalog_of(series, PATTERN, "landsat", ["fmask:class"]))


@pytest.fixture(scope="module")
def where(series: Path) -> Any:
    """The grid of the series."""
    return place(next(series.glob("*/*_b3.tif")))


@pytest.fixture(scope="module")
def scenes(series: Path) -> list[tuple[datetime, str]]:
    """Date and name of each scene, by date, then name."""
    names = [p.name for p in series.iterdir() if p.name.startswith("L")]
    return sorted((_date(name), name) for name in names)


@pytest.fixture(scope="module")
def bands(series: Path, scenes: list[tuple[datetime, str]]) -> dict[str, Any]:
    """(date, y, x) masked stored values of each band."""
    found = {}
    for band in ("b3", "b4", "b5", "fmask"):
        images = [read(series / name / f"{name}_{band}.tif") for _, name in scenes]
        found[band] = np.ma.stack(images)
    return found


@pytest.fixture(scope="module")
def truth(bands: dict[str, Any]) -> Any:
    """(date, y, x) float32 NDVI, masked where there is cloud, shadow, snow or no data."""
    red, nir = bands["b3"], bands["b4"]
    r, n = (np.ma.getdata(b).astype(np.float32) for b in (red, nir))
    with np.errstate(all="ignore"):
        values = (n - r) / (n + r)
    invalid = np.ma.getmaskarray(red) | np.ma.getmaskarray(nir) | (bands["fmask"].data > 1)
    return np.ma.masked_array(values, invalid | ~np.isfinite(values))


def _date(name: str) -> datetime:
    year, day = int(name[9:13]), int(name[13:16])
    return datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day - 1)


def ndvi(start: str | None = None, end: str | None = None) -> Any:
    """The question: NDVI of clear pixels."""
    col = wf.ImageCollection.from_id("landsat", start, end)
    red, nir, fmask = col.unpack_bands("b3 b4 fmask")
    return wf.normalized_difference(nir, red).mask(fmask > 1)


def rounded(values: Any, mask: Any) -> Any:
    """A band of float32 from float64 values."""
    with np.errstate(invalid="ignore"):
        return np.ma.masked_array(np.nan_to_num(values).astype(np.float32), mask)


def test_every_date_of_the_series_is_that_of_its_files(
    engine: Engine, where: Any, truth: Any
) -> None:
    result = engine.inspect(ndvi(), where)
    near(result.ndarray[:, 0], truth, FLOAT32, FLOAT32)


def test_the_mean_through_time_is_the_mean_of_the_clear_dates(
    engine: Engine, where: Any, truth: Any
) -> None:
    result = engine.inspect(ndvi().mean("images"), where)
    empty = truth.mask.all(axis=0)
    expected = rounded(np.ma.mean(truth.astype(np.float64), axis=0).data, empty)
    near(result.ndarray[0], expected, FLOAT32)


def test_the_median_through_time_is_the_median_of_the_clear_dates(
    engine: Engine, where: Any, truth: Any
) -> None:
    result = engine.inspect(ndvi().median("images"), where)
    expected = rounded(np.nanmedian(filled(truth), axis=0), truth.mask.all(axis=0))
    near(result.ndarray[0], expected, FLOAT32)


def test_the_deviation_through_time_divides_by_the_number_of_clear_dates(
    engine: Engine, where: Any, truth: Any
) -> None:
    result = engine.inspect(ndvi().std("images"), where)
    expected = rounded(np.nanstd(filled(truth), axis=0), truth.mask.all(axis=0))
    near(result.ndarray[0], expected, FLOAT32)


def test_the_count_through_time_is_the_number_of_clear_dates_and_never_masked(
    engine: Engine, where: Any, truth: Any
) -> None:
    result = engine.inspect(ndvi().count("images"), where)
    expected = np.ma.masked_array((~truth.mask).sum(axis=0).astype(np.int32))
    assert expected.min() < expected.max()
    same(result.ndarray[0], expected)


def test_the_least_and_largest_through_time_keep_the_dtype_of_the_band(
    engine: Engine, where: Any, bands: dict[str, Any]
) -> None:
    nir = wf.ImageCollection.from_id("landsat").pick_bands("b4")
    low, high = engine.inspect([nir.min("images"), nir.max("images")], where)
    same(low.ndarray[0], bands["b4"].min(axis=0))
    same(high.ndarray[0], bands["b4"].max(axis=0))


def test_the_sum_through_time_is_exact_and_a_double(
    engine: Engine, where: Any, bands: dict[str, Any]
) -> None:
    result = engine.inspect(
        wf.ImageCollection.from_id("landsat").pick_bands("b5").sum("images"), where
    )
    same(result.ndarray[0], bands["b5"].astype(np.float64).sum(axis=0))


def test_a_median_over_images_and_bands_pools_all_samples(
    engine: Engine, where: Any, bands: dict[str, Any]
) -> None:
    col = wf.ImageCollection.from_id("landsat").pick_bands("b3 b4 b5")
    result = engine.inspect(col.median(["images", "bands"]), where)
    pooled = filled(np.ma.concatenate([bands[b] for b in ("b3", "b4", "b5")]))
    expected = rounded(np.nanmedian(pooled, axis=0), np.isnan(pooled).all(axis=0))
    same(result.ndarray[0], expected)


def test_monthly_medians_come_in_order_of_first_appearance_each_with_its_month(
    engine: Engine, where: Any, truth: Any, scenes: list[tuple[datetime, str]]
) -> None:
    result = engine.inspect(ndvi().groupby(dates="month").median("images"), where)
    months = [date.month for date, _ in scenes]
    order = list(dict.fromkeys(months))
    assert [p["group"] for p in result.properties] == order
    groups = [truth[[m == month for m in months]] for month in order]
    expected = np.ma.stack([_median(group) for group in groups])
    near(result.ndarray[:, 0], expected, FLOAT32)


def _median(group: Any) -> Any:
    empty = group.mask.all(axis=0)
    return rounded(np.nanmedian(np.where(empty, 0.0, filled(group)), axis=0), empty)


def test_a_season_of_the_series_starts_with_its_start_and_ends_before_its_end(
    engine: Engine, scenes: list[tuple[datetime, str]]
) -> None:
    start, end = scenes[40], scenes[60]
    col = wf.ImageCollection.from_id("landsat", start[0].isoformat(), end[0].isoformat())
    found = engine.inspect(col.map(lambda img: img.properties["id"]))
    assert found == [name for date, name in scenes if start[0] <= date < end[0]]
    assert start[1] in found
    assert end[1] not in found


def test_values_at_a_point_through_time_are_those_of_the_pixel_that_holds_it(
    engine: Engine, where: Any, truth: Any
) -> None:
    row, col = 17, 42
    x, y = 336375.0 + 30 * col + 29.9, 4462425.0 - 30 * row - 0.1
    found = engine.inspect(ndvi().rename_bands("ndvi").value_at(x, y), where)
    at = truth[:, row, col]
    clear = ~np.ma.getmaskarray(at)
    assert [v["ndvi"] is not None for v in found] == clear.tolist()
    values = [v["ndvi"] for v in found if v["ndvi"] is not None]
    np.testing.assert_allclose(values, at.compressed(), rtol=FLOAT32)


def test_reductions_over_pixels_give_one_number_for_each_image_and_band(
    engine: Engine, where: Any, bands: dict[str, Any]
) -> None:
    col = wf.ImageCollection.from_id("landsat").pick_bands("b3 b5")
    kinds = ("mean", "median", "std", "sum", "count", "min", "max")
    found = engine.inspect([col.reduction(kind, "pixels") for kind in kinds], where)
    for kind, numbers in zip(kinds, found, strict=True):
        for band in ("b3", "b5"):
            expected = [_reduced(kind, image) for image in filled(bands[band])]
            given = [np.nan if n[band] is None else n[band] for n in numbers]
            np.testing.assert_allclose(given, expected, rtol=1e-12, err_msg=f"{kind} {band}")


def _reduced(kind: str, image: Any) -> float:
    samples = image[np.isfinite(image)]
    if kind == "count":
        return float(samples.size)
    return float(getattr(np, kind)(samples)) if samples.size else np.nan


def test_the_number_of_a_whole_collection_pools_dates_and_pixels(
    engine: Engine, where: Any, truth: Any
) -> None:
    clear = ndvi()
    mean, median, count = engine.inspect([clear.mean(), clear.median(), clear.count()], where)
    samples = truth.compressed().astype(np.float64)
    assert count == samples.size
    assert mean == pytest.approx(samples.mean(), rel=1e-7)
    assert median == pytest.approx(np.median(samples), rel=FLOAT32)


def test_images_can_be_chosen_by_what_their_pixels_say(
    engine: Engine, where: Any, bands: dict[str, Any], scenes: list[tuple[datetime, str]]
) -> None:
    col = wf.ImageCollection.from_id("landsat")

    def is_clear(img: Any) -> Any:
        return (img.pick_bands("fmask") > 1).mean() < 0.1

    found = engine.inspect(col.filter(is_clear).map(lambda i: i.properties["id"]), where)
    cloudy = (bands["fmask"].data > 1).mean(axis=(1, 2))
    assert 0 < len(found) < len(scenes)
    assert found == [name for (_, name), share in zip(scenes, cloudy, strict=True) if share < 0.1]


def test_the_darkest_dates_come_first_when_sorted_by_a_mean_of_pixels(
    engine: Engine, where: Any, bands: dict[str, Any], scenes: list[tuple[datetime, str]]
) -> None:
    col = wf.ImageCollection.from_id("landsat").pick_bands("b4")
    ordered = col.sorted(lambda img: img.mean()).map(lambda img: img.properties["id"])
    means = np.nanmean(filled(bands["b4"]), axis=(1, 2))
    assert engine.inspect(ordered, where) == [
        scenes[i][1] for i in np.argsort(means, kind="stable")
    ]


def test_properties_of_the_series_come_by_date_then_id(
    engine: Engine, scenes: list[tuple[datetime, str]]
) -> None:
    found = engine.inspect(wf.ImageCollection.from_id("landsat").properties)
    assert [(p["date"], p["id"]) for p in found] == scenes
    assert {p["crs"] for p in found} == {"EPSG:32613"}
    assert {p["geotrans"] for p in found} == {(336375.0, 30.0, 0.0, 4462425.0, 0.0, -30.0)}
