"""Landsat with scale and offset, and bits of quality bands, against rasterio and numpy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.href import Roots
from engine.catalog.add.stac import from_items
from swath.errors import InvalidArgument
from tests.imagery import catalog_of, fill
from tests.integration.rasters import near, place, read, same, sampled

SCALE, OFFSET = 2.75e-05, -0.2
"""Of Landsat Collection 2 surface reflectance (USGS LSDS-1619, table 6-1)."""
PATTERN = "LC09_L2SP_231062_{date:%Y%m%d}_*_T1_SR_{band}.tif"


@pytest.fixture(scope="module")
def manaus(shared_data: Path) -> Path:
    """The folder of a Landsat 9 chip, whose files carry scale and offset."""
    return shared_data / "scenes" / "ls9_l2sp_manaus_20230723"


@pytest.fixture(scope="module")
def where(manaus: Path) -> Any:
    """The grid of the chip."""
    return place(_file(manaus, "B4"))


def _file(folder: Path, band: str) -> Path:
    (path,) = folder.glob(f"*_SR_{band}.tif")
    return path


def physical(folder: Path, band: str) -> Any:
    """Stored × scale + offset in float64, rounded once to float32."""
    stored = read(_file(folder, band))
    return (stored.astype(np.float64) * SCALE + OFFSET).astype(np.float32)


def ask(engine: Engine, obj: Any, where: Any) -> Any:
    """Pixels of the answer."""
    return engine.inspect(obj, where).ndarray


def test_scale_and_offset_of_the_file_give_physical_values_rounded_once(
    manaus: Path, where: Any
) -> None:
    engine = Engine(catalog_of(manaus, PATTERN, "l9"))
    image = wf.ImageCollection.from_id("l9")[0]
    found = ask(engine, image.pick_bands("B3 B4 B5 B6"), where)
    same(found, np.ma.stack([physical(manaus, band) for band in ("B3", "B4", "B5", "B6")]))


def test_what_is_said_about_a_band_beats_its_file(manaus: Path, where: Any) -> None:
    engine = Engine(catalog_of(manaus, PATTERN, "l9", ["B4:scale=1e-4,offset=-0.1"]))
    found = ask(engine, wf.ImageCollection.from_id("l9")[0].pick_bands("B4"), where)
    stored = read(_file(manaus, "B4")).astype(np.float64)
    same(found[0], (stored * 1e-4 - 0.1).astype(np.float32))


def test_a_band_said_to_be_unscaled_is_read_as_it_is_stored(manaus: Path, where: Any) -> None:
    engine = Engine(catalog_of(manaus, PATTERN, "l9", ["B5:scale=1,offset=0"]))
    found = ask(engine, wf.ImageCollection.from_id("l9")[0].pick_bands("B5"), where)
    same(found[0], read(_file(manaus, "B5")))


def engine_of_item(manaus: Path, path: Path, **band: Any) -> Engine:
    """An engine over a STAC item of the chip's red band, with this in its raster:bands."""
    asset = {
        "href": str(_file(manaus, "B4")),
        "type": "image/tiff; application=geotiff",
        "raster:bands": [band],
    }
    item: dict[str, Any] = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "LC09_231062_20230723",
        "geometry": None,
        "properties": {"datetime": "2023-07-23T14:20:00Z"},
        "links": [],
        "assets": {"red": asset},
    }
    path.write_text(json.dumps(item))
    catalog = Catalog.in_memory()
    fill(catalog, "l9", from_items([str(path)], Roots((str(manaus.resolve()),))))
    return Engine(catalog)


def test_scale_and_offset_of_an_item_beat_those_of_the_file(
    manaus: Path, where: Any, tmp_path: Path
) -> None:
    said = {"scale": 0.0001, "offset": 0.5, "nodata": 0}
    engine = engine_of_item(manaus, tmp_path / "item.json", **said)
    found = ask(engine, wf.Image.from_id("l9:LC09_231062_20230723"), where)
    stored = read(_file(manaus, "B4")).astype(np.float64)
    same(found[0], (stored * 0.0001 + 0.5).astype(np.float32))


def test_an_item_silent_about_scale_leaves_it_to_the_file(
    manaus: Path, where: Any, tmp_path: Path
) -> None:
    engine = engine_of_item(manaus, tmp_path / "item.json", nodata=0)
    found = ask(engine, wf.ImageCollection.from_id("l9")[0], where)
    same(found[0], physical(manaus, "B4"))


def test_an_index_of_physical_values_is_that_of_float32_arithmetic(
    manaus: Path, where: Any
) -> None:
    engine = Engine(catalog_of(manaus, PATTERN, "l9"))
    nir, swir = wf.ImageCollection.from_id("l9")[0].unpack_bands("B5 B6")
    n, s = physical(manaus, "B5"), physical(manaus, "B6")
    near(ask(engine, (nir - swir) / (nir + swir), where)[0], (n - s) / (n + s), 0.0, 2.0**-23)


@pytest.fixture(scope="module")
def newyork(shared_data: Path) -> Path:
    """The folder of a series with quality bits."""
    return shared_data / "timeseries" / "l8_newyork_coarse"


@pytest.fixture(scope="module")
def quality(newyork: Path) -> Any:
    """(path, engine, place, stored bits) of one quality band."""
    path = newyork / "LC08_L1TP_014032_20180903_20180912_01_T1"
    (qa,) = path.glob("*_BQA.TIF")
    catalog = catalog_of(newyork, "{id}/LC08*_{date:%Y%m%d}_{band}.TIF", "l8", ["BQA:flag"])
    image = wf.Image.from_id("l8:" + path.name).pick_bands("BQA")
    return image, Engine(catalog), place(qa), read(qa)


def test_a_flag_is_found_with_a_mask_of_bits(quality: Any) -> None:
    image, engine, where, stored = quality
    cloud = ask(engine, (image & 0b10000) > 0, where)[0]
    expected = (stored & 0b10000) > 0
    assert 0 < expected.sum() < expected.size
    same(cloud, expected)


def test_a_field_of_bits_is_shifted_down_and_keeps_its_dtype(quality: Any) -> None:
    image, engine, where, stored = quality
    confidence = ask(engine, (image >> 5) & 3, where)[0]
    expected = (stored >> 5) & 3
    assert len(np.unique(expected.data)) > 1
    same(confidence, expected.astype(np.uint16))


def test_bits_shifted_up_are_64_bits_wide(quality: Any) -> None:
    image, engine, where, stored = quality
    same(ask(engine, image << 20, where)[0], stored.astype(np.int64) << 20)


def test_or_xor_and_not_of_bits_are_those_of_numpy(quality: Any) -> None:
    image, engine, where, stored = quality
    found = engine.inspect([image | 7, image ^ 0xFF, ~image], where)
    expected = [stored | 7, stored ^ 0xFF, ~stored]
    for one, other in zip(found, expected, strict=True):
        same(one.ndarray[0], other.astype(np.uint16))


COARSE = {
    "bounds": (450000, 4400000, 660000, 4700000), "bounds_crs": "EPSG:32618", "crs": "EPSG:32618",
    "resolution": 5000,
}  # fmt: skip
"""More than one pixel of the series makes one of these."""


def test_a_flag_is_taken_from_the_nearest_pixel_where_imagery_is_averaged(quality: Any) -> None:
    image, engine, _, _ = quality
    averaged = engine.inspect(image, wf.GeoContext(**COARSE, resampler="average"))
    nearest = engine.inspect(image, wf.GeoContext(**COARSE))
    same(averaged.ndarray, nearest.ndarray)


def test_averaging_a_flag_is_refused_when_its_reader_is_asked_to(quality: Any) -> None:
    _, engine, _, _ = quality
    col = wf.ImageCollection.from_id("l8", resampler="average").pick_bands("BQA")
    with pytest.raises(InvalidArgument, match="average"):
        engine.inspect(col.max("images"), wf.GeoContext(**COARSE))


def test_a_year_of_two_rows_on_eleven_grids_makes_one_clear_composite(newyork: Path) -> None:
    catalog = catalog_of(newyork, "{id}/LC08*_{date:%Y%m%d}_{band}.TIF", "l8", ["BQA:flag"])
    where = wf.GeoContext(**COARSE)
    red, qa = wf.ImageCollection.from_id("l8").unpack_bands("B4 BQA")
    cloudy = (qa & 0b10001) > 0
    clear = red.mask(cloudy)
    most, count = Engine(catalog).inspect([clear.max("images"), clear.count("images")], where)

    stacks = []
    for folder in sorted(newyork.glob("LC08*")):
        bits = sampled(next(folder.glob("*_BQA.TIF")), 450000, 4700000, 5000, (60, 42))
        values = sampled(next(folder.glob("*_B4.TIF")), 450000, 4700000, 5000, (60, 42))
        hidden = np.ma.getmaskarray(values) | ((bits.data & 0b10001) > 0)
        stacks.append(np.ma.masked_array(values.data, hidden))
    stack = np.ma.stack(stacks)
    assert stack.count(axis=0).max() > 2
    same(most.ndarray[0], stack.max(axis=0))
    same(count.ndarray[0], np.ma.masked_array(stack.count(axis=0).astype(np.int32)))


@pytest.fixture(scope="module")
def canberra(shared_data: Path) -> Path:
    """The folder of a Landsat 5 scene with its pixel quality."""
    return shared_data / "scenes" / "ls5_nbar_ganbar_19920323"


def test_surface_reflectance_is_kept_where_all_quality_tests_were_passed(canberra: Path) -> None:
    folder = catalog_of(canberra, "LS5_TM_*_{date:%Y%m%d}_{band}.tif", "ls5", [
        "1111111111111100:flag"
    ])  # fmt: skip
    engine = Engine(folder)
    (red_path,) = canberra.glob("*_B30.tif")
    (pq_path,) = canberra.glob("*_PQ_*.tif")
    passed = (1 << 14) - 1
    red, pq = wf.ImageCollection.from_id("ls5")[0].unpack_bands("B30 1111111111111100")
    found = engine.inspect(red.mask((pq & passed) != passed), place(red_path))
    bits, stored = read(pq_path).data, read(red_path)
    bad = (bits & passed) != passed
    assert 0 < bad.sum() < bad.size
    same(found.ndarray[0], np.ma.masked_array(stored.data, np.ma.getmaskarray(stored) | bad))
