"""An image as a cloud-optimized GeoTIFF.

All bands have one dtype (rule D7). What is masked is NaN, declared as nodata, in floats; in
integers it is an internal mask, or, where bands have different masks, they become floats.
Source: OGC Cloud Optimized GeoTIFF 1.0 (21-026), as GDAL's COG driver writes it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine

from engine.catalog.asset import float_class
from engine.encode.options import (
    COMPRESSIONS,
    RESAMPLERS,
    check_geotiff_options,
    check_size,
    choice,
    no_image,
)
from engine.encode.whole import whole
from swath.errors import UnsupportedFormat
from swath.grid import Grid
from swath.results import ImageResult
from swath.stream import Data, Event, Header

PIECE_BYTES = 1024 * 1024


def encode(events: Iterable[Event], options: Mapping[str, Any]) -> Iterator[Event]:
    """The image as the bytes of a COG.

    Options: `compression` (lzw), `overviews` (True), `overview_resampler` (nearest).
    Raises:
        UnsupportedFormat: the result is not one image with bands, or jpeg of other than uint8.
        InvalidArgument: an option. ResultTooLarge: over 256 MiB of pixels.
    """
    check_geotiff_options(options)
    rest = iter(events)
    header = next(rest)
    assert isinstance(header, Header)
    grid = only_image(header)
    check_size(header, "geotiff")
    image, trailer = whole(header, rest)
    yield Header(header.type, None, (), header.geocontext, "geotiff")
    with tempfile.TemporaryDirectory(prefix="swath-") as folder:
        path = Path(folder) / "image.tif"
        write(image, grid, path, options)
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield Data(piece)
    yield trailer


def only_image(header: Header) -> Grid:
    """Where the only image of a result is.

    Raises: UnsupportedFormat: the result is not one image with bands.
    """
    is_image = len(header.rasters) == 1 and header.type.name == "Image"
    grid = header.rasters[0].grid if is_image else None
    if grid is None:
        what = "an empty image" if is_image else f"of type {header.type}"
        raise no_image(what)
    return grid


def write(image: ImageResult, grid: Grid, path: Path, options: Mapping[str, Any]) -> None:
    """Write a COG. Raises as `encode`."""
    values, mask, nodata = _layout(image.ndarray)
    check_jpeg(options, values.dtype)
    plain = path.with_suffix(".plain.tif")
    with rasterio.open(
        plain,
        "w",
        driver="GTiff",
        count=values.shape[0],
        height=values.shape[1],
        width=values.shape[2],
        dtype=values.dtype,
        crs=grid.crs or None,
        transform=Affine(*grid.transform),
        nodata=nodata,
    ) as dataset:
        dataset.write(values)
        for index, name in enumerate(image.bandinfo, start=1):
            dataset.set_band_description(index, name)
        if mask is not None:
            dataset.write_mask(~mask)
    to_cog(plain, path, options)
    plain.unlink()


def check_jpeg(options: Mapping[str, Any], dtype: np.dtype[Any]) -> None:
    """Raise UnsupportedFormat where the compression is jpeg and cannot hold pixels of `dtype`."""
    if choice(options, "compression", COMPRESSIONS) == "jpeg" and dtype != np.uint8:
        raise UnsupportedFormat(f"jpeg holds uint8 pixels, not {dtype}.", format="geotiff")


def to_cog(plain: Path, path: Path, options: Mapping[str, Any]) -> None:
    """Make the COG of a GeoTIFF, with overviews as the options say.

    Holds a few rows of blocks, whatever the size; what GDAL keeps besides is beside `path`.
    """
    rasterio.shutil.copy(
        plain,
        path,
        driver="COG",
        compress=choice(options, "compression", COMPRESSIONS),
        overviews="AUTO" if options.get("overviews", True) else "NONE",
        overview_resampling=choice(options, "overview_resampler", RESAMPLERS),
        blocksize=512,
        bigtiff="IF_SAFER",  # what compressed pixels will take is not known before
    )


def _layout(array: Any) -> tuple[Any, Any, float | None]:
    """Values (band, y, x), a mask of all bands (y, x), and nodata."""
    values, mask = array.data, np.ma.getmaskarray(array)
    if values.dtype == np.bool_:
        values = values.astype(np.uint8)
    if not mask.any():
        return values, None, None
    if values.dtype.kind != "f":
        if (mask == mask[0]).all():
            return values, mask[0], None
        values = values.astype(float_class(values.dtype.name))
    return np.where(mask, np.nan, values).astype(values.dtype), None, float("nan")
