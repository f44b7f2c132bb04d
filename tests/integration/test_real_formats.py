"""Files of odd dtypes, layouts, masks and grids through the whole engine, against rasterio."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp, MaskFlags

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.add import add
from engine.catalog.add.files import from_files
from engine.sources.config import SourceConfig
from engine.sources.probe import probe
from swath.errors import InvalidGeoContext, InvalidSource
from tests.imagery import fill
from tests.integration.rasters import grid_of, place, same

FILES = (
    "gdal/byte_5_bands_LZW_predictor_2.tif",
    "gdal/byte_JPEG_tiled.tif",
    "gdal/byte_LERC_ZSTD.tif",
    "gdal/byte_LZMA_tiled.tif",
    "gdal/byte_bigtiff_strip5lines.tif",
    "gdal/byte_coord_epoch.tif",
    "gdal/byte_point.tif",
    "gdal/byte_with_ovr.tif",
    "gdal/epsg_2853_with_us_feet.tif",
    "gdal/float16.tif",
    "gdal/float32_LZW_predictor_2.tif",
    "gdal/float32_lzw_predictor_3_big_endian.tif",
    "gdal/float64_LZW_predictor_3.tif",
    "gdal/int12.tif",
    "gdal/int16_big_endian.tif",
    "gdal/nan32_nodata.tif",
    "gdal/negative_scaley.tif",
    "gdal/nodata_byte.tif",
    "gdal/rgbsmall_DEFLATE_tiled_separate.tif",
    "gdal/rgbsmall_WEBP_tiled.tif",
    "gdal/rgbsmall_int16_bigendian_lzw_predictor_2.tif",
    "gdal/rgbsmall_uint32_LZW_predictor_2.tif",
    "gdal/tiff_with_subifds.tif",
    "gdal/uint32.tif",
    "gdal/uint64_LZW_predictor_2.tif",
    "odc-geo/au-3577-rotated.tif",
    "rasterio/RGB.byte.tif",
    "rasterio/all-nodata.tif",
    "rasterio/alpha.tif",
    "rasterio/float_raster_with_nodata.tif",
    "rasterio/goes.tif",
    "rasterio/test_esri_wkt.tif",
    "rasterio/world.rgb.tif",
    "rio-cogeo/image_51px.tif",
    "rio-cogeo/image_geos.tif",
    "rio-cogeo/image_rioCOG_gdal3.1.tif",
    "rio-cogeo/image_webp.tif",
    "rio-tiler/cog_nodata_nan.tif",
    "rio-tiler/cog_rgb.tif",
    "rio-tiler/cog_rgb_mask.tif",
    "rio-tiler/cog_rgba.tif",
    "rio-tiler/cog_scale.tif",
    "rio-tiler/inverted_lat.tif",
    "rio-tiler/web.tif",
)
"""Every kind of file under formats/ that has a place on the earth."""


def engine_of(path: Path) -> Engine:
    """An engine over one file, an image of product `p`."""
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(path)], 0))
    return Engine(catalog)


def expected(path: Path) -> list[Any]:
    """Physical values of each band but alpha, masked by nodata, NaN, alpha and masks (M1, D1)."""
    with rasterio.open(path) as dataset:
        found = []
        for band, color in enumerate(dataset.colorinterp, start=1):
            if color == ColorInterp.alpha:
                continue
            values = dataset.read(band, masked=True)
            if dataset.nodata is not None:
                # GDAL leaves nodata out where there is an internal mask; rule M1 takes both.
                values = np.ma.masked_equal(values, dataset.nodata)
            if values.dtype.kind == "f":
                invalid = np.ma.getmaskarray(values) | ~np.isfinite(values.data)
                values = np.ma.masked_array(values.data, invalid)
            scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]
            if (scale, offset) != (1.0, 0.0):
                values = (values.astype(np.float64) * scale + offset).astype(np.float32)
            found.append(values)
        return found


@pytest.mark.parametrize("name", FILES)
def test_a_file_on_its_own_grid_is_read_as_rasterio_reads_it(shared_data: Path, name: str) -> None:
    path = shared_data / "formats" / name
    result = engine_of(path).inspect(wf.ImageCollection.from_id("p")[0], place(path))
    same(result.ndarray, np.ma.stack(expected(path)))


@pytest.mark.parametrize("name", ["rio-tiler/cog_rgb_mask.tif", "rio-tiler/cog_rgba.tif"])
def test_internal_masks_and_alpha_mask_all_bands_and_are_none_themselves(
    shared_data: Path, name: str
) -> None:
    path = shared_data / "formats" / name
    with rasterio.open(path) as dataset:
        assert MaskFlags.per_dataset in dataset.mask_flag_enums[0]
        hidden = dataset.dataset_mask() == 0
    image = wf.ImageCollection.from_id("p")[0]
    mask, number = engine_of(path).inspect([image.getmask(), image.nbands], place(path))
    assert number == 3
    assert hidden.any()
    assert (mask.ndarray.data == hidden).all()


def test_descriptions_of_bands_are_their_names(shared_data: Path) -> None:
    path = shared_data / "formats" / "rasterio" / "all-nodata.tif"
    engine = engine_of(path)
    bandinfo = engine.inspect(wf.ImageCollection.from_id("p")[0].bandinfo)
    assert list(bandinfo) == ["blue", "green", "red", "nir"]
    nir = engine.inspect(wf.ImageCollection.from_id("p")[0].pick_bands("nir").count(), place(path))
    assert nir == 0.0


def test_the_largest_of_64_bits_survives(shared_data: Path) -> None:
    path = shared_data / "formats" / "gdal" / "uint64_LZW_predictor_2.tif"
    image = wf.ImageCollection.from_id("p")[0]
    with rasterio.open(path) as dataset:
        stored = dataset.read(1)
    found = engine_of(path).inspect([image.max("bands"), image > int(stored.min())], place(path))
    assert found[0].ndarray.dtype == np.uint64
    assert (found[0].ndarray.data[0] == stored).all()
    assert (found[1].ndarray.data[0] == (stored > stored.min())).all()


SOUTH_UP = "rio-tiler/inverted_lat.tif"


def test_a_south_up_grid_is_turned_to_north_when_asked_so(shared_data: Path) -> None:
    path = shared_data / "formats" / SOUTH_UP
    grid = grid_of(path)
    assert grid.transform.e > 0
    where = wf.GeoContext(bounds=grid.bounds, crs="EPSG:4326", shape=tuple(grid.shape))
    found = engine_of(path).inspect(wf.ImageCollection.from_id("p")[0], where)
    same(found.ndarray[0], expected(path)[0][::-1])


def test_a_rotated_grid_is_turned_when_asked_so(shared_data: Path) -> None:
    """Each centre of an upright grid, in the pixels of the rotated one."""
    path = shared_data / "formats" / "odc-geo" / "au-3577-rotated.tif"
    grid = grid_of(path)
    west, south, east, north = grid.bounds
    where = wf.GeoContext(bounds=grid.bounds, bounds_crs=grid.crs, crs=grid.crs, shape=(90, 110))
    found = engine_of(path).inspect(wf.ImageCollection.from_id("p")[0], where).ndarray[0]
    rows, cols = np.indices((90, 110)) + 0.5
    x, y = west + cols * (east - west) / 110, north - rows * (north - south) / 90
    with rasterio.open(path) as dataset:
        u, v = ~dataset.transform @ (x, y)
        values = dataset.read(1)
    i, j = np.floor(v).astype(int), np.floor(u).astype(int)
    inside = (i >= 0) & (i < values.shape[0]) & (j >= 0) & (j < values.shape[1])
    assert 0.3 < inside.mean() < 0.9
    inside[inside] &= np.isfinite(values[i[inside], j[inside]])
    clear = np.minimum(np.abs(u - np.round(u)), np.abs(v - np.round(v))) > 1e-5
    assert (np.ma.getmaskarray(found) == ~inside)[clear].all()
    at = clear & inside
    np.testing.assert_array_equal(found.data[at], values[i[at], j[at]])


def test_all_files_without_a_place_are_refused_by_name_and_the_rest_are_added(
    shared_data: Path,
) -> None:
    paths = sorted((shared_data / "formats").glob("*/*.tif"))
    catalog = Catalog.in_memory()
    with warnings.catch_warnings():
        # GDAL's remarks on odd files; rasterio raises them as warnings.
        warnings.simplefilter("ignore")
        report = add(
            catalog,
            "all",
            from_files([str(p) for p in paths], 0),
            partial(probe, config=SourceConfig()),
            [],
        )
    refused = {Path(name).name: error for name, error in report.failed}
    added = {p.stem for p in paths} - {Path(name).stem for name in refused}
    ids = Engine(catalog).inspect(wf.ImageCollection.from_id("all").properties)
    assert {p["id"] for p in ids} == added
    assert {Path(name).stem for name in FILES} <= added
    assert isinstance(refused["cog_hirise_mars.tif"], InvalidGeoContext)
    others = [e for name, e in refused.items() if name != "cog_hirise_mars.tif"]
    assert others
    assert all(isinstance(e, InvalidSource) for e in others)
