"""The headline: a season's cloud-masked median NDVI, against rasterio and numpy alone.

The expectation is computed from the files with no part of Swath.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import swath as wf
from engine import Engine
from engine.execute.tier import KERNELS, REFERENCE, Tier
from tests.imagery import catalog_of

CLOUDY = (3, 8, 9, 10)
"""SCL classes: cloud shadow, cloud medium and high probability, thin cirrus."""
START, END = "2018-05-01", "2018-09-01"


@pytest.fixture(scope="module")
def romania(shared_data: Path) -> Path:
    """The folder of the Sentinel-2 year."""
    return shared_data / "timeseries" / "s2_romania_10m_2018"


def expected(folder: Path) -> tuple[Any, Any]:
    """Median NDVI and its mask, straight from the files."""
    ndvis = []
    for day in sorted(p for p in folder.iterdir() if START <= p.name < END):
        red, nir, scl = (_read(day, band) for band in ("B04", "B08", "SCL"))
        cloudy = np.isin(scl, CLOUDY)
        invalid = (red == 0) | (nir == 0) | cloudy
        r, n = (b.astype(np.float32) * np.float32(1) for b in (red, nir))
        with np.errstate(all="ignore"):
            ndvi = (n - r) / (n + r)
        ndvis.append(np.where(invalid | ~np.isfinite(ndvi), np.nan, ndvi))
    stack = np.array(ndvis, dtype=np.float64)
    empty = np.isnan(stack).all(axis=0)
    filled = np.where(empty, 0.0, stack)
    return np.where(empty, 0.0, np.nanmedian(filled, axis=0)), empty


def _read(day: Path, band: str) -> Any:
    (path,) = day.glob(f"S2_*_{band}.tif")
    with rasterio.open(path) as dataset:
        return dataset.read(1)


@pytest.mark.parametrize("tier", [KERNELS, REFERENCE], ids=lambda t: t.name)
def test_the_cloud_masked_median_ndvi_of_a_season_is_that_of_rasterio_and_numpy(
    romania: Path, tier: Tier
) -> None:
    catalog = catalog_of(romania, "{date:%Y-%m-%d}/S2_*_{band}.tif", "s2", ["SCL:class"])
    with rasterio.open(next(romania.glob("*/S2_*_B04.tif"))) as dataset:
        where = wf.GeoContext.from_grid(_grid(dataset))

    def ndvi(img: wf.Image) -> wf.Image:
        red, nir, scl = img.unpack_bands("B04 B08 SCL")
        cloudy = (scl == 3) | (scl == 8) | (scl == 9) | (scl == 10)
        return ((nir - red) / (nir + red)).mask(cloudy)

    col = wf.ImageCollection.from_id("s2", start_datetime=START, end_datetime=END)
    result = Engine(catalog, tier=tier).inspect(col.map(ndvi).median(axis="images"), where)
    values, empty = expected(romania)
    assert np.array_equal(np.ma.getmaskarray(result.ndarray)[0], empty)
    np.testing.assert_allclose(result.ndarray.data[0], values, rtol=0, atol=6e-8)


def _grid(dataset: Any) -> Any:
    from swath.grid import Affine, Grid, Shape2d

    crs = f"EPSG:{dataset.crs.to_epsg()}"
    return Grid(crs, Affine(*dataset.transform[:6]), Shape2d(*dataset.shape))
