"""An asset: one band of one image, as the catalog recorded it; enough to plan without opening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from swath.grid import Grid, Shape2d

Kind = Literal["physical", "class", "flag"]
MaskSource = Literal["none", "nodata", "alpha", "internal"]

_NARROW = frozenset({"bool", "uint8", "int8", "uint16", "int16", "float16", "float32"})


def float_class(dtype: str) -> str:
    """float32 where every value of `dtype` is exact in it, else float64 (rule D2)."""
    return "float32" if dtype in _NARROW else "float64"


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells that a file is still the same one."""

    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change; 0 where the store has none."""
    tag: str = ""
    """Inode or ETag; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One band of one file."""

    href: str
    """Absolute path, or an https:// or s3:// address."""
    band: int
    """Index in the file, from 1."""
    dtype: str
    """numpy name of the stored dtype."""
    grid: Grid
    """Full-resolution grid of the file."""
    nodata: float | None = None
    """Stored value that means no data; NaN in a float file always does."""
    scale: float = 1.0
    offset: float = 0.0
    """physical = stored × scale + offset."""
    kind: Kind = "physical"
    mask: MaskSource = "none"
    """Where else the file says what is invalid."""
    block: Shape2d = Shape2d(256, 256)
    """Rows and columns of the unit that is decoded at once."""
    overviews: tuple[int, ...] = ()
    """Decimation factors of the overviews, ascending."""
    overviews_averaged: bool = True
    """False only where the overviews are known to hold stored values (nearest, mode)."""
    identity: Identity | None = None

    @property
    def dtype_read(self) -> str:
        """The dtype of the physical values (rule D1)."""
        if self.scale == 1.0 and self.offset == 0.0:
            return "float32" if self.dtype == "float16" else self.dtype
        return float_class(self.dtype)


@dataclass(frozen=True, eq=False, slots=True)
class ArrayAsset:
    """One band held in memory: an image made from an array. Compared by identity."""

    values: NDArray[Any]
    """(y, x), any dtype of the D rules; never written to."""
    grid: Grid
    """Where the pixels are; its shape is that of `values`."""
    nodata: float | None = None
    """Value that means no data; NaN in a float array always does."""
    kind: Kind = "physical"
    invalid: NDArray[np.uint8] | None = None
    """(y, x), 1 = masked, on top of nodata; absent: nothing more."""

    @property
    def dtype(self) -> str:
        """Numpy name of the dtype."""
        return self.values.dtype.name

    @property
    def dtype_read(self) -> str:
        """Dtype of the physical values (rule D1)."""
        return "float32" if self.dtype == "float16" else self.dtype
