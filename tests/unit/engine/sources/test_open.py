"""Opening files: what GDAL may keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rasterio.env import get_gdal_config, set_gdal_config

from engine.sources.config import SourceConfig
from engine.sources.open import GDAL_CACHE_BYTES
from engine.sources.probe import probe
from swath.grid import Affine, Grid, Shape2d
from tests.imagery import write_tiff


def test_gdal_keeps_few_blocks_besides_ours(tmp_path: Path) -> None:
    grid = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(8, 8))
    path = write_tiff(tmp_path / "a.tif", np.ones((8, 8), np.uint8), grid)
    before = get_gdal_config("GDAL_CACHEMAX")
    set_gdal_config("GDAL_CACHEMAX", 10 * GDAL_CACHE_BYTES)
    try:
        probe(str(path), SourceConfig())
        assert get_gdal_config("GDAL_CACHEMAX") == GDAL_CACHE_BYTES
    finally:
        set_gdal_config("GDAL_CACHEMAX", before)
