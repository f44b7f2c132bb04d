"""An array in memory that is read like a file (rule W8)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.asset import ArrayAsset
from engine.sources.physical import no_data
from swath.grid import Window

__all__ = ["ArrayAsset", "array_window"]


def array_window(
    asset: ArrayAsset, window: Window
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """Values and mask in `window`, fresh arrays; outside the array masked. 0 where masked."""
    rows, cols = asset.grid.shape
    top, left = max(0, window.row), max(0, window.col)
    below, right = min(window.row + window.rows, rows), min(window.col + window.cols, cols)
    part = asset.values[top : max(top, below), left : max(left, right)]
    found = no_data(part, asset.nodata)
    values = np.zeros((window.rows, window.cols), part.dtype)
    mask = np.ones(values.shape, np.uint8)
    if part.size:
        place = np.s_[top - window.row : below - window.row, left - window.col : right - window.col]
        np.copyto(values[place], part, where=True if found is None else ~found.view(np.bool_))
        mask[place] = 0 if found is None else found
    return values, mask if mask.any() else None
