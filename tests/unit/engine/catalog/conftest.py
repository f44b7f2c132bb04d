"""Catalogs to add to, and small files to add."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from engine.catalog.add.add import Report, add
from engine.catalog.add.candidate import Candidate
from engine.catalog.add.override import parse_overrides
from engine.catalog.catalog import Catalog
from tests.unit.engine.catalog.made import MadeFiles


@pytest.fixture
def files() -> MadeFiles:
    return MadeFiles()


@pytest.fixture
def catalog() -> Catalog:
    return Catalog.in_memory()


@pytest.fixture
def put(catalog: Catalog, files: MadeFiles) -> Callable[..., Report]:
    """Adds candidates to the product `p` of `catalog`; keyword `bands` is what --band says."""

    def put_into(*candidates: Candidate, product: str = "p", bands: tuple[str, ...] = ()) -> Report:
        return add(catalog, product, candidates, files, parse_overrides(bands))

    return put_into


@pytest.fixture
def write_tif() -> Callable[..., Path]:
    """Writes a small GeoTIFF in UTM zone 33, 8 × 8 pixels of 10 m."""

    def write(path: Path, value: int = 1, count: int = 1, crs: str | None = "EPSG:32633") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        profile = {
            "driver": "GTiff",
            "width": 8,
            "height": 8,
            "count": count,
            "dtype": "uint16",
            "crs": crs,
            "transform": Affine(10, 0, 500_000, 0, -10, 5_000_000),
            "nodata": 0,
        }
        with rasterio.open(path, "w", **profile) as made:
            made.write(np.full((count, 8, 8), value, dtype="uint16"))
        return path

    return write
