"""Real rasters as rasterio has them: what results are compared with, with no part of Swath.

Only `grid_of` and `place` make values of Swath's: they say where to ask.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio

import swath as wf
from swath.grid import Affine, Grid, Shape2d


def read(path: Path, band: int = 1) -> Any:
    """A band as it is stored, masked where the file says nodata, mask or alpha 0."""
    with rasterio.open(path) as dataset:
        return dataset.read(band, masked=True)


def profile(path: Path) -> Any:
    """crs, transform, width, height, dtype, nodata of a file."""
    with rasterio.open(path) as dataset:
        return dataset.profile


def sampled(
    path: Path, west: float, north: float, size: float, shape: tuple[int, int], band: int = 1
) -> Any:
    """The pixel of a file that holds each centre of a grid in its own crs; outside masked (W6)."""
    with rasterio.open(path) as dataset:
        values, (a, _, c, _, e, f, *_) = dataset.read(band, masked=True), dataset.transform
    y = north - (np.arange(shape[0]) + 0.5) * size
    x = west + (np.arange(shape[1]) + 0.5) * size
    rows, cols = np.floor((y - f) / e).astype(int), np.floor((x - c) / a).astype(int)
    height, width = values.shape
    inside = np.outer((rows >= 0) & (rows < height), (cols >= 0) & (cols < width))
    at = np.ix_(np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1))
    return np.ma.masked_array(values.data[at], np.ma.getmaskarray(values)[at] | ~inside)


def filled(stack: Any) -> Any:
    """float64 with nan where masked."""
    return np.ma.filled(np.ma.asarray(stack).astype(np.float64), np.nan)


def grid_of(path: Path) -> Grid:
    """The grid of a file."""
    with rasterio.open(path) as dataset:
        crs = f"EPSG:{dataset.crs.to_epsg()}" if dataset.crs.to_epsg() else dataset.crs.to_wkt()
        return Grid(crs, Affine(*dataset.transform[:6]), Shape2d(*dataset.shape))


def place(path: Path, resampler: str | None = None) -> Any:
    """The geocontext of a file's own grid."""
    return wf.GeoContext.from_grid(grid_of(path), resampler)


def same(result: Any, expected: Any) -> None:
    """The same mask, the same values bit for bit, and 0 under the mask (M7)."""
    mask = np.ma.getmaskarray(expected)
    np.testing.assert_array_equal(np.ma.getmaskarray(result), mask)
    assert result.dtype == expected.dtype
    np.testing.assert_array_equal(result.data, np.where(mask, 0, expected.data))


def near(result: Any, expected: Any, atol: float, rtol: float = 0.0) -> None:
    """The same mask, values within a tolerance, and 0 under the mask (M7)."""
    mask = np.ma.getmaskarray(expected)
    np.testing.assert_array_equal(np.ma.getmaskarray(result), mask)
    wanted = np.where(mask, 0.0, expected.data)
    np.testing.assert_allclose(result.data, wanted, rtol=rtol, atol=atol)
