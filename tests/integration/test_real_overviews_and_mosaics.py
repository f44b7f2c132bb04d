"""Sentinel-2 with overviews and overlapping tiles from STAC items, against rasterio and numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.stac import from_items
from swath.errors import InvalidArgument
from tests.imagery import fill, stac_catalog
from tests.integration.rasters import grid_of, place, read, same

WEST, NORTH, SOUTH = 535980.0, 5138220.0, 5052000.0
"""Left edge of all tiles, top of 33TWM, bottom of 33TWL: a lattice of 60 m holds both."""


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    """The folder of six items of five dates; 33TWM lies north of 33TWL and overlaps it."""
    return shared_data / "timeseries" / "s2_33TWL_120m_5dates"


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    """An engine over the items, product `s2`."""
    return Engine(stac_catalog([folder / "stac" / "items.json"], "s2"))


@pytest.fixture(scope="module")
def items(folder: Path) -> list[str]:
    """Ids in order of acquisition."""
    return sorted(
        (p.name for p in folder.iterdir() if p.name.startswith("S2")),
        key=lambda name: _acquired(folder / name / "B04.tif"),
    )


def _acquired(path: Path) -> str:
    with rasterio.open(path) as dataset:
        return str(dataset.tags()["ACQUISITION_DATETIME"])


def overview(path: Path) -> Any:
    """The pixels of the file's only overview, masked where nodata."""
    with rasterio.open(path, overview_level=0) as dataset:
        return dataset.read(1, masked=True)


def physical(stored: Any) -> Any:
    """Reflectance, with the scale and offset that the items say."""
    return (stored.astype(np.float64) * 0.0001 - 0.1).astype(np.float32)


def area(resolution: float, south: float = SOUTH, north: float = 5100000.0, **more: Any) -> Any:
    """The extent of a tile, in pixels of this size from its top left corner."""
    count = round((north - south) / resolution), round(48000 / resolution)
    bounds = (WEST, south, WEST + 48000, north)
    return wf.GeoContext(
        bounds=bounds, bounds_crs="EPSG:32633", crs="EPSG:32633", shape=count, **more
    )


def test_items_come_by_their_instants_not_by_their_names(engine: Engine, items: list[str]) -> None:
    ids = wf.ImageCollection.from_id("s2").map(lambda img: img.properties["id"])
    assert engine.inspect(ids) == items
    assert items != sorted(items)


def test_full_resolution_is_that_of_the_files(
    engine: Engine, folder: Path, items: list[str]
) -> None:
    col = wf.ImageCollection.from_id("s2").pick_bands("red nir").filter(is_south)
    found = engine.inspect(col, area(120))
    names = [n for n in items if "WL" in n]
    bands = [[read(folder / n / f"{b}.tif") for b in ("B04", "B08")] for n in names]
    same(found.ndarray, physical(np.ma.stack([np.ma.stack(b) for b in bands])))


def is_south(img: Any) -> Any:
    """Of the tile 33TWL."""
    return img.properties["mgrs:grid_square"] == "WL"


def test_at_the_size_of_the_overview_its_very_pixels_are_read(
    engine: Engine, folder: Path, items: list[str]
) -> None:
    col = wf.ImageCollection.from_id("s2").pick_bands("red").filter(is_south)
    found = engine.inspect(col, area(240))
    stored = [overview(folder / n / "B04.tif") for n in items if "WL" in n]
    same(found.ndarray[:, 0], physical(np.ma.stack(stored)))


def test_at_twice_that_size_the_nearest_pixels_of_the_overview_are_read(
    engine: Engine, folder: Path, items: list[str]
) -> None:
    """Each centre lies on a corner of four pixels and belongs to the one right below (W6)."""
    col = wf.ImageCollection.from_id("s2").pick_bands("nir").filter(is_south)
    found = engine.inspect(col, area(480))
    stored = [overview(folder / n / "B08.tif")[1::2, 1::2] for n in items if "WL" in n]
    same(found.ndarray[:, 0], physical(np.ma.stack(stored)))


def test_an_average_at_twice_that_size_is_the_mean_of_four_pixels_of_the_overview(
    engine: Engine, folder: Path
) -> None:
    image = wf.Image.from_id("s2:S2A_33TWL_20230818_0_L2A", resampler="average")
    found = engine.inspect(image.pick_bands("red"), area(480))
    stored = overview(folder / "S2A_33TWL_20230818_0_L2A" / "B04.tif").astype(np.float64)
    quads = stored.reshape(100, 2, 100, 2)
    mean = quads.mean(axis=(1, 3))
    expected = np.ma.masked_array(mean.data * 0.0001 - 0.1, np.ma.getmaskarray(mean))
    assert np.array_equal(np.ma.getmaskarray(found.ndarray[0]), expected.mask)
    np.testing.assert_allclose(
        found.ndarray[0].compressed(), expected.compressed(), rtol=0, atol=1e-7
    )


def test_between_the_levels_the_finer_one_is_read(engine: Engine, folder: Path) -> None:
    image = wf.Image.from_id("s2:S2A_33TWL_20230818_0_L2A").pick_bands("red")
    found = engine.inspect(image, area(200))
    stored = read(folder / "S2A_33TWL_20230818_0_L2A" / "B04.tif")
    at = np.floor((np.arange(240) + 0.5) * 200 / 120).astype(int)
    same(found.ndarray[0], physical(stored[np.ix_(at, at)]))


@pytest.mark.parametrize("resolution", [240, 480])
def test_classes_are_taken_from_full_resolution_and_never_from_an_overview(
    engine: Engine, folder: Path, items: list[str], resolution: int
) -> None:
    col = wf.ImageCollection.from_id("s2").pick_bands("scl").filter(is_south)
    found = engine.inspect(col, area(resolution))
    step = resolution // 120
    stored = [read(folder / n / "SCL.tif")[step // 2 :: step, step // 2 :: step] for n in items
              if "WL" in n]  # fmt: skip
    same(found.ndarray[:, 0], np.ma.stack(stored))


def test_classes_stay_classes_where_imagery_is_averaged(engine: Engine, folder: Path) -> None:
    image = wf.Image.from_id("s2:S2B_33TWL_20230810_0_L2A").pick_bands("scl")
    found = engine.inspect(image, area(480, resampler="average"))
    stored = read(folder / "S2B_33TWL_20230810_0_L2A" / "SCL.tif")
    same(found.ndarray[0], stored[2::4, 2::4])


def test_averaging_classes_is_refused(engine: Engine) -> None:
    image = wf.Image.from_id("s2:S2B_33TWL_20230810_0_L2A", resampler="bilinear")
    with pytest.raises(InvalidArgument, match="bilinear"):
        engine.inspect(image.pick_bands("scl"), area(480))


def pasted(folder: Path, names: list[str], band: str = "B04") -> Any:
    """(item, y, x) on a lattice of 60 m over both tiles; each pixel of a tile is four of it."""
    rows, cols = round((NORTH - SOUTH) / 60), 800
    stack = np.ma.masked_all((len(names), rows, cols), np.uint16)
    for i, name in enumerate(names):
        path = folder / name / f"{band}.tif"
        top = round((NORTH - grid_of(path).transform.f) / 60)
        stack[i, top : top + 800] = np.ma.stack([read(path)] * 4).reshape(2, 2, 400, 400).transpose(
            2, 0, 3, 1
        ).reshape(800, 800)  # fmt: skip
    return stack


def first_of(stack: Any) -> Any:
    """For each pixel the first that is not masked."""
    mask = np.ma.getmaskarray(stack)
    at = np.argmin(mask, axis=0)[None]
    picked = np.take_along_axis(stack.data, at, 0)[0]
    return np.ma.masked_array(picked, mask.all(axis=0))


def test_a_mosaic_has_the_last_image_on_top_and_reversed_the_first(
    engine: Engine, folder: Path, items: list[str]
) -> None:
    red = wf.ImageCollection.from_id("s2").pick_bands("red")
    where = area(60, north=NORTH)
    top, bottom = engine.inspect([red.mosaic(), red.mosaic(reverse=True)], where)
    stack = pasted(folder, items)
    same(bottom.ndarray[0], physical(first_of(stack)))
    same(top.ndarray[0], physical(first_of(stack[::-1])))


def test_a_mosaic_of_clear_pixels_fills_the_holes_with_earlier_dates(
    engine: Engine, folder: Path, items: list[str]
) -> None:
    red, scl = wf.ImageCollection.from_id("s2").unpack_bands("red scl")
    found = engine.inspect(red.mask(scl != 4).mosaic(), area(60, north=NORTH))
    stack, classes = pasted(folder, items), pasted(folder, items, "SCL")
    # Where the class is masked the condition is ignored (M4).
    other = (classes.data != 4) & ~np.ma.getmaskarray(classes)
    stack = np.ma.masked_array(stack.data, np.ma.getmaskarray(stack) | other)
    expected = first_of(stack[::-1])
    assert 0 < expected.mask.sum() < expected.size
    same(found.ndarray[0], physical(expected))


def test_the_overlap_of_two_tiles_is_counted_twice(
    engine: Engine, folder: Path, items: list[str]
) -> None:
    red = wf.ImageCollection.from_id("s2", "2023-08-15", "2023-08-16").pick_bands("red")
    found = engine.inspect(red.count("images"), area(60, north=NORTH))
    stack = pasted(folder, [n for n in items if "20230815" in n])
    same(found.ndarray[0], np.ma.masked_array(stack.count(axis=0).astype(np.int32)))
    assert found.ndarray.max() == 2


def test_only_items_that_meet_the_area_take_part(engine: Engine, items: list[str]) -> None:
    ids = wf.ImageCollection.from_id("s2").map(lambda img: img.properties["id"])
    north = area(120, south=5110020.0, north=NORTH - 120)
    assert engine.inspect(ids, north) == [n for n in items if "WM" in n]


def test_single_items_make_the_same_product_as_their_collection(
    engine: Engine, folder: Path
) -> None:
    catalog = Catalog.in_memory()
    paths = [str(p) for p in sorted((folder / "stac" / "items").glob("*.json"))]
    fill(catalog, "s2", from_items(paths))
    col = wf.ImageCollection.from_id("s2")
    assert Engine(catalog).inspect(col.properties) == engine.inspect(col.properties)


def test_a_place_like_the_product_reads_it_without_resampling(engine: Engine, folder: Path) -> None:
    path = folder / "S2A_33TWL_20230818_0_L2A" / "B02.tif"
    where = place(path)
    image = wf.Image.from_id("s2:S2A_33TWL_20230818_0_L2A").pick_bands("blue")
    found = engine.inspect(image, where)
    assert found.geocontext.gdal_geotrans == (WEST, 120.0, 0.0, 5100000.0, 0.0, -120.0)
    same(found.ndarray[0], physical(read(path)))
