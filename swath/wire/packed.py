"""Plain data as it stands on the wire: instants, bitmaps, arrays."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swath.errors import InvalidArgument, InvalidGraph

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Instant 0 of the wire."""
FIRST_US = -62_135_596_800_000_000
"""Start of the year 1."""
LAST_US = 253_402_300_799_999_999
"""Last microsecond of the year 9999."""
DTYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
        "float32", "float64",
    )
}  # fmt: skip
"""dtypes that travel, as they stand on the wire."""
MAX_AXES = 8
"""Most axes of an array."""


def to_microseconds(instant: datetime) -> int:
    """Microseconds since the epoch; a naive datetime is taken as UTC.

    Raises:
        InvalidArgument: outside the years 1 to 9999 once it is in UTC.
    """
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    us = duration_microseconds(instant - EPOCH)
    if not FIRST_US <= us <= LAST_US:
        raise InvalidArgument("A datetime lies outside the years 1 to 9999 UTC.")
    return us


def duration_microseconds(duration: timedelta) -> int:
    """Microseconds of a timedelta."""
    return (duration.days * 86_400 + duration.seconds) * 1_000_000 + duration.microseconds


def from_microseconds(us: int) -> datetime:
    """The instant of so many microseconds since the epoch.

    Raises:
        InvalidGraph: outside the years 1 to 9999.
    """
    if not FIRST_US <= us <= LAST_US:
        raise InvalidGraph("A datetime lies outside the years 1 to 9999.")
    return EPOCH + timedelta(microseconds=us)


def pack_bits(flags: NDArray[Any]) -> bytes:
    """One bit for each flag, the lowest of each byte first."""
    return np.packbits(flags, bitorder="little").tobytes()


def unpack_bits(data: bytes, count: int) -> NDArray[np.uint8]:
    """The `count` flags in `data`, 0 or 1; `data` must hold that many."""
    return np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")


def array_to_bytes(values: NDArray[Any]) -> bytes:
    """Items in row-major order, little-endian."""
    return values.astype(DTYPES[values.dtype.name], copy=False).tobytes()


def array_from_bytes(data: bytes, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array of that dtype and shape; it shares the memory of `data` and is read-only.

    Raises:
        InvalidGraph: an unknown dtype, too many axes, a wrong length, a bool other than 0 and 1.
    """
    wire = DTYPES.get(dtype)
    if wire is None:
        raise InvalidGraph(f"There is no dtype {dtype[:32]!r} on the wire.")
    if len(shape) > MAX_AXES or max(shape, default=0) >= 2**40:
        raise InvalidGraph("An array has too many axes, or a too long one.")
    if math.prod(shape) * wire.itemsize != len(data):
        raise InvalidGraph(f"An array of shape {shape} and dtype {dtype} has {len(data)} bytes.")
    values = np.frombuffer(data, wire).reshape(shape)
    if dtype == "bool" and values.view(np.uint8).max(initial=0) > 1:
        raise InvalidGraph("A bool array has bytes other than 0 and 1.")
    return values.astype(wire.newbyteorder("="), copy=False)
