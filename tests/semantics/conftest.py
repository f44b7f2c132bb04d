"""Small images made from arrays, and an embedded engine on each arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from engine.execute.tier import KERNELS, REFERENCE
from swath.grid import Affine, Grid, Shape2d

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 500000.0, 0.0, -10.0, 5000000.0), Shape2d(2, 3))


@pytest.fixture(params=[KERNELS, REFERENCE], ids=["kernels", "reference"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """An engine with an empty catalog."""
    return Engine(tier=request.param)


@pytest.fixture
def here() -> wf.GeoContext:
    """The 2 × 3 pixels of GRID."""
    return wf.GeoContext.from_grid(GRID)


@pytest.fixture
def ask(engine: Engine, here: wf.GeoContext) -> Callable[..., Any]:
    """The value of an expression on GRID."""

    def answer(obj: Any, geocontext: Any = here, **arguments: Any) -> Any:
        return engine.inspect(obj, geocontext, **arguments)

    return answer


def image(values: Any, dtype: str = "uint16", nodata: float | None = None) -> wf.Image:
    """An image on GRID: one number for all pixels, (y, x) or (band, y, x)."""
    array = np.array(values, dtype=dtype)
    if array.ndim < 2:
        array = np.broadcast_to(array, GRID.shape)
    return wf.Image.from_array(np.ascontiguousarray(array), GRID, nodata)


def pixels(result: Any) -> Any:
    """The only band of an image result, as nested lists with None where masked."""
    assert result.ndarray.shape[0] == 1
    return result.ndarray[0].tolist()
