"""Small generated GeoTIFFs, and catalogs of them or of the real imagery, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine as RasterAffine

from engine.catalog.add.add import Report, add
from engine.catalog.add.files import from_files
from engine.catalog.add.override import parse_overrides
from engine.catalog.add.pattern import find, parse_pattern
from engine.catalog.add.stac import from_items
from engine.catalog.catalog import Catalog
from engine.sources.config import SourceConfig
from engine.sources.probe import probe
from swath.grid import Grid


def write_tiff(path: Path, values: Any, grid: Grid, **profile: Any) -> Path:
    """A GeoTIFF of (y, x) or (band, y, x) values; `profile` as rasterio's."""
    array = np.asarray(values)
    stack = array if array.ndim == 3 else array[None]
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=stack.shape[0],
        height=stack.shape[1],
        width=stack.shape[2],
        dtype=stack.dtype,
        crs=grid.crs,
        transform=RasterAffine(*grid.transform),
        **profile,
    ) as dataset:
        dataset.write(stack)
    return path


def days(folder: Path, grid: Grid, bands: Mapping[str, Any], dates: Sequence[str]) -> Path:
    """Files `<date>/scene_<band>.tif`, one for each date and band, nodata 0."""
    for index, date in enumerate(dates):
        for name, images in bands.items():
            write_tiff(folder / date / f"scene_{name}.tif", images[index], grid, nodata=0)
    return folder


def catalog_of(
    folder: Path, pattern: str, product: str, bands: Sequence[str] = (), data: Path | None = None
) -> Catalog:
    """A catalog of the files under `folder` that match; every one of them must be usable."""
    catalog = Catalog.in_memory() if data is None else Catalog.open(data)
    candidates = find(folder, parse_pattern(pattern))
    fill(catalog, product, candidates, bands)
    return catalog


def catalog_of_one(folder: Path, grid: Grid) -> None:
    """A catalog in `folder` with the product `p`: one image of that grid, with any values."""
    values = np.random.default_rng(5).integers(0, 900, grid.shape).astype("u2")
    file = write_tiff(folder / "2020-01-01.tif", values, grid, nodata=0)
    with Catalog.open(folder) as catalog:
        fill(catalog, "p", from_files([str(file)]))


def fill(catalog: Catalog, product: str, candidates: Any, bands: Sequence[str] = ()) -> Report:
    """Add candidates to a catalog; every one of them must be usable."""
    report = add(
        catalog, product, candidates, partial(probe, config=SourceConfig()), parse_overrides(bands)
    )
    assert not report.failed, report.failed
    return report


def stac_catalog(items: Sequence[Path], product: str) -> Catalog:
    """A catalog of STAC items."""
    catalog = Catalog.in_memory()
    fill(catalog, product, from_items([str(p) for p in items]))
    return catalog
