"""Errors of reading say which node asked for the file, and where in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import swath as wf
from engine import Engine
from swath.errors import SwathError
from swath.grid import Affine, Grid, Shape2d
from tests.imagery import catalog_of, write_tiff

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(300, 300))


def test_a_file_that_is_gone_is_named_with_node_op_window_and_line(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "x_20200101_red.tif", np.ones((300, 300), np.uint8), GRID)
    engine = Engine(catalog_of(tmp_path, "{id}_{date:%Y%m%d}_{band}.tif", "p"))
    path.unlink()
    brighter = wf.ImageCollection.from_id("p").mosaic() * 2
    with pytest.raises(SwathError) as caught:
        engine.inspect(brighter, wf.GeoContext.from_grid(GRID))
    where = caught.value.where
    assert where.op == "ImageCollection.from_id"
    assert where.source == path.name
    assert where.window == "0:0+300×300"
    assert where.line is not None
    assert 'from_id("p")' in where.line
