"""An asset: one band of one image, as the catalog recorded it; enough to plan without opening."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from swath.errors import InvalidArgument
from swath.grid import Grid, Shape2d

Kind = Literal["physical", "class", "flag"]
MaskSource = Literal["none", "nodata", "alpha", "internal"]

_NARROW = frozenset({"bool", "uint8", "int8", "uint16", "int16", "float16", "float32"})


def float_class(dtype: str) -> str:
    """float32 where every value of `dtype` is exact in it, else float64 (rule D2)."""
    return "float32" if dtype in _NARROW else "float64"


def physical_dtype(dtype: str, scale: float, offset: float) -> str:
    """The dtype of stored × scale + offset for stored values of `dtype` (rule D1)."""
    if scale == 1.0 and offset == 0.0:
        return "float32" if dtype == "float16" else dtype
    return float_class(dtype)


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells that a file is still the same one."""

    size: int
    """Bytes."""
    mtime_ns: int
    """Time of last change; 0 where the store has none."""
    tag: str = ""
    """Inode or ETag; empty where there is none."""


def identity_of(status: os.stat_result) -> Identity:
    """Of a local file. Without its device number, which may be another one after each mount."""
    return Identity(status.st_size, status.st_mtime_ns, f"{status.st_ino:x}")


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
        return physical_dtype(self.dtype, self.scale, self.offset)


@dataclass(frozen=True, eq=False, slots=True)
class ArrayAsset:
    """One band in memory, on its own grid; two are equal when they are the same object.

    Raises: InvalidArgument: the shapes differ, or the dtype is no imagery.
    """

    values: NDArray[Any]
    """(y, x) of the grid's shape; must not change while the asset is in use."""
    grid: Grid
    nodata: float | None = None
    """Value that means no data; NaN always does."""
    kind: Kind = "physical"

    def __post_init__(self) -> None:
        if self.values.shape != tuple(self.grid.shape):
            raise InvalidArgument(
                f"The array has shape {self.values.shape}, its grid {tuple(self.grid.shape)}."
            )
        if self.values.dtype.kind not in "buif":
            raise InvalidArgument(f"Arrays of {self.values.dtype} are no imagery.")

    @property
    def dtype_read(self) -> str:
        """dtype of the values as they are read (rule D1)."""
        return "float32" if self.values.dtype == np.float16 else self.values.dtype.name
