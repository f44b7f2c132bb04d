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
