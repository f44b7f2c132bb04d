"""Answers as GeoTIFF and as JSON, read back by rasterio and by json alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import MaskFlags
from rasterio.io import MemoryFile

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.files import from_files
from swath.errors import UnsupportedFormat
from swath.grid import Window
from swath.stream import Data, Header, Trailer
from swath.types import build_graph
from tests.imagery import catalog_of, fill
from tests.integration.rasters import grid_of, place, profile, read

LANDSAT = "{id}/L??03?032{date:%Y%j}*_{band}.tif"


@pytest.fixture(scope="module")
def series(shared_data: Path) -> Path:
    """The 105 dates over Colorado."""
    return shared_data / "timeseries" / "landsat_colorado_105dates"


@pytest.fixture(scope="module")
def landsat(series: Path) -> Engine:
    """An engine over them, product `landsat`."""
    return Engine(catalog_of(series, LANDSAT, "landsat", ["fmask:class"]))


@pytest.fixture(scope="module")
def where(series: Path) -> Any:
    """Their grid."""
    return place(next(series.glob("*/*_b3.tif")))


def engine_of(path: Path) -> Engine:
    """An engine over one file, an image of product `p`."""
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(path)], 0))
    return Engine(catalog)


def encoded(engine: Engine, obj: Any, where: Any, format: str, **options: Any) -> bytes:
    """The bytes of a format, between a header that names it and a trailer."""
    value = None if where is None else where.value
    header, *data, trailer = engine.stream(build_graph(obj), value, format=format, options=options)
    assert isinstance(header, Header)
    assert header.format == format
    assert isinstance(trailer, Trailer)
    assert all(isinstance(piece, Data) for piece in data)
    return b"".join(piece.data for piece in data if isinstance(piece, Data))


@contextmanager
def geotiff(engine: Engine, obj: Any, where: Any, **options: Any) -> Iterator[Any]:
    """The answer as rasterio opens it."""
    data = encoded(engine, obj, where, "geotiff", **options)
    with MemoryFile(data) as memory, memory.open() as dataset:
        assert dataset.driver == "GTiff"
        yield dataset


def test_a_geotiff_of_floats_holds_values_nan_crs_transform_and_names(
    landsat: Engine, series: Path, where: Any
) -> None:
    nir, red, cloud = wf.ImageCollection.from_id("landsat").unpack_bands("b4 b3 fmask")
    image = wf.normalized_difference(nir, red).mask(cloud > 1).rename_bands("ndvi")[104]
    native = landsat.inspect(image, where)
    assert 0 < native.ndarray.mask.sum() < native.ndarray.size
    there = profile(next(series.glob("*/*_b3.tif")))
    with geotiff(landsat, image, where) as dataset:
        assert dataset.crs.to_epsg() == 32613
        assert dataset.transform == there["transform"]
        assert dataset.shape == (61, 61)
        assert dataset.dtypes == ("float32",)
        assert dataset.descriptions == ("ndvi",)
        assert np.isnan(dataset.nodata)
        found = dataset.read(masked=True)
    assert np.array_equal(found.mask, native.ndarray.mask)
    assert np.array_equal(found.compressed(), native.ndarray.compressed())


def test_a_geotiff_of_integers_with_one_mask_keeps_them_beside_an_internal_mask(
    shared_data: Path,
) -> None:
    path = shared_data / "formats" / "rio-tiler" / "cog_rgb_mask.tif"
    with rasterio.open(path) as dataset:
        stored, shown, there = dataset.read(), dataset.dataset_mask(), dataset.transform
    image = wf.ImageCollection.from_id("p")[0].rename_bands("red", "green", "blue")
    with geotiff(engine_of(path), image, place(path)) as dataset:
        assert dataset.dtypes == ("uint8",) * 3
        assert dataset.nodata is None
        assert all(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums)
        assert dataset.descriptions == ("red", "green", "blue")
        assert dataset.transform.almost_equals(there, 1e-9)
        assert np.array_equal(dataset.dataset_mask(), shown)
        assert np.array_equal(dataset.read(), np.where(shown == 0, 0, stored))


def test_a_geotiff_of_integers_masked_band_by_band_becomes_floats(
    landsat: Engine, where: Any, series: Path
) -> None:
    dark = wf.ImageCollection.from_id("landsat").pick_bands("b3 b4")[3]
    image = dark.mask(dark < 1500)
    native = landsat.inspect(image, where)
    assert not np.array_equal(native.ndarray.mask[0], native.ndarray.mask[1])
    with geotiff(landsat, image, where) as dataset:
        assert dataset.dtypes == ("float32",) * 2
        found = dataset.read(masked=True)
    assert np.array_equal(found.mask, native.ndarray.mask)
    assert np.array_equal(found.compressed(), native.ndarray.compressed())


def test_a_geotiff_without_masked_pixels_needs_no_nodata(
    landsat: Engine, where: Any, series: Path
) -> None:
    image = wf.ImageCollection.from_id("landsat").count("images").pick_bands("b3 fmask")
    native = landsat.inspect(image, where)
    with geotiff(landsat, image, where) as dataset:
        assert dataset.nodata is None
        assert dataset.dtypes == ("int32",) * 2
        assert np.array_equal(dataset.read(), native.ndarray.data)


def test_a_geotiff_of_truth_is_of_zeros_and_ones(landsat: Engine, where: Any) -> None:
    image = wf.ImageCollection.from_id("landsat").pick_bands("fmask")[10] > 1
    native = landsat.inspect(image, where)
    assert native.ndarray.dtype == np.bool_
    with geotiff(landsat, image, where) as dataset:
        assert dataset.dtypes == ("uint8",)
        assert np.array_equal(dataset.read(masked=True), native.ndarray.astype(np.uint8))


@pytest.fixture(scope="module")
def heights(shared_data: Path) -> tuple[Engine, Any, Path]:
    """An engine over a DEM, with a place of 1359 × 1073 pixels."""
    path = shared_data / "zion" / "nlcd.tif"
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(shared_data / "zion" / "srtm.tif")], 0))
    return Engine(catalog), place(path), path


def ifds(data: bytes) -> list[int]:
    """Offsets of the directories of a classic TIFF, in the order of their chain."""
    assert data[:4] == b"II*\0"
    offset, found = int.from_bytes(data[4:8], "little"), []
    while offset:
        found.append(offset)
        count = int.from_bytes(data[offset : offset + 2], "little")
        at = offset + 2 + 12 * count
        offset = int.from_bytes(data[at : at + 4], "little")
    return found


def test_a_large_geotiff_is_laid_out_as_a_cloud_optimized_one(
    heights: tuple[Engine, Any, Path],
) -> None:
    """Tiles, overviews down to one tile, and all directories ahead of all pixels."""
    engine, where, _ = heights
    image = wf.ImageCollection.from_id("p")[0]
    data = encoded(engine, image, where, "geotiff")
    with MemoryFile(data) as memory, memory.open() as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.block_shapes == [(512, 512)]
        assert dataset.profile["tiled"]
        assert dataset.profile["compress"] == "lzw"
        assert dataset.overviews(1) == [2, 4]
        first = min(
            int(dataset.get_tag_item(f"BLOCK_OFFSET_{x}_{y}", "TIFF", bidx=1))
            for x in range(3) for y in range(3)
        )  # fmt: skip
    assert len(ifds(data)) == 2 * 3  # each level with its mask
    assert max(ifds(data)) < first


def test_overviews_hold_the_very_pixels_unless_another_resampling_is_asked(
    heights: tuple[Engine, Any, Path],
) -> None:
    engine, _, path = heights
    grid = grid_of(path).crop(Window(100, 0, 1024, 1024))
    where = wf.GeoContext.from_grid(grid)
    image = wf.ImageCollection.from_id("p")[0]
    quads = engine.inspect(image, where).ndarray[0].reshape(512, 2, 512, 2)
    nearest, average = (
        overview(encoded(engine, image, where, "geotiff", **options))
        for options in ({}, {"overview_resampler": "average"})
    )
    phases = [quads[:, y, :, x] for y in range(2) for x in range(2)]
    assert any(
        np.array_equal(nearest.mask, phase.mask) and (nearest == phase).all() for phase in phases
    )
    mean = quads.astype(np.float64).mean(axis=(1, 3))
    assert np.array_equal(average.mask, mean.mask)
    assert np.abs(average - mean).max() <= 0.5
    assert (average != nearest).mean() > 0.5


def overview(data: bytes) -> Any:
    """The first overview of a GeoTIFF."""
    with MemoryFile(data) as memory, memory.open(overview_level=0) as dataset:
        return dataset.read(1, masked=True)


@pytest.mark.parametrize("compression", ["none", "deflate", "zstd", "LZW"])
def test_each_compression_gives_the_same_pixels(
    landsat: Engine, where: Any, compression: str
) -> None:
    image = wf.ImageCollection.from_id("landsat").pick_bands("b5").median("images")
    native = landsat.inspect(image, where)
    with geotiff(landsat, image, where, compression=compression, overviews=False) as dataset:
        assert dataset.profile.get("compress", "none") == compression.lower()
        assert dataset.overviews(1) == []
        assert np.array_equal(dataset.read(masked=True), native.ndarray)


def test_a_geotiff_reads_back_into_the_same_answer(
    landsat: Engine, where: Any, tmp_path: Path
) -> None:
    """What Swath wrote, added to a catalog, is what Swath answered."""
    image = wf.ImageCollection.from_id("landsat").pick_bands("b3 b4").max("images")
    path = tmp_path / "max_20130101.tif"
    path.write_bytes(encoded(landsat, image, where, "geotiff"))
    again = engine_of(path).inspect(wf.ImageCollection.from_id("p")[0], where)
    native = landsat.inspect(image, where)
    assert list(again.bandinfo) == ["b3", "b4"]
    assert again.ndarray.dtype == native.ndarray.dtype
    assert np.array_equal(again.ndarray.mask, native.ndarray.mask)
    assert np.array_equal(again.ndarray.data, native.ndarray.data)


def test_a_geotiff_on_a_grid_without_a_code_keeps_its_system(shared_data: Path) -> None:
    path = shared_data / "formats" / "rasterio" / "goes.tif"
    image = wf.ImageCollection.from_id("p")[0]
    with geotiff(engine_of(path), image, place(path)) as dataset, rasterio.open(path) as there:
        assert dataset.crs == there.crs
        assert dataset.transform == there.transform


def test_a_collection_is_no_geotiff(landsat: Engine, where: Any) -> None:
    with pytest.raises(UnsupportedFormat, match="mosaic"):
        encoded(landsat, wf.ImageCollection.from_id("landsat").head(2), where, "geotiff")


def test_json_of_pixels_has_null_where_masked(landsat: Engine, where: Any, series: Path) -> None:
    col = wf.ImageCollection.from_id("landsat").pick_bands("b3 b4").tail(2)
    native = landsat.inspect(col, where)
    found = json.loads(encoded(landsat, col, where, "json"))
    pixels = np.array(found["ndarray"], dtype=object)
    assert pixels.shape == (2, 2, 61, 61)
    masked = np.array([p is None for p in pixels.flat]).reshape(pixels.shape)
    assert np.array_equal(masked, native.ndarray.mask)
    assert masked.any()
    assert np.array_equal(pixels[~masked].astype(np.int64), native.ndarray.compressed())
    (name,) = {p["id"] for p in found["properties"][-1:]}
    stored = read(series / name / f"{name}_b4.tif")
    assert found["ndarray"][1][1] == stored.tolist()
    assert list(found["bandinfo"]) == ["b3", "b4"]
    assert found["geocontext"]["crs"] == "EPSG:32613"
    assert found["geocontext"]["gdal_geotrans"] == [336375.0, 30.0, 0.0, 4462425.0, 0.0, -30.0]


def test_json_of_numbers_and_times_is_plain(landsat: Engine, where: Any) -> None:
    col = wf.ImageCollection.from_id("landsat")
    obj = [col.length(), col[0].properties["date"], col.pick_bands("b3").mean("pixels")]
    length, date, means = json.loads(encoded(landsat, obj, where, "json"))
    assert length == 105
    assert date == "2008-04-19T00:00:00Z"
    native = landsat.inspect(obj[2], where)
    assert means == native
