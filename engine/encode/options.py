"""Options of formats: names are checked, values chosen from those there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from swath.errors import InvalidArgument, ResultTooLarge
from swath.stream import Header

LARGEST_BYTES = 256 * 1024 * 1024
"""Most bytes of pixels in a result that is encoded as a whole."""


def check_options(options: Mapping[str, Any], known: Iterable[str], format: str) -> None:
    """Raise InvalidArgument for an option that the format has not."""
    names = tuple(known)
    for name in options:
        if name not in names:
            there = ", ".join(names) or "none"
            raise InvalidArgument(f"{format} has no option {name!r}; it has: {there}.").at(
                argument="format"
            )


def choice(options: Mapping[str, Any], name: str, values: tuple[str, ...]) -> str:
    """The value of an option, in lower case; the first of `values` is the default.

    Raises: InvalidArgument: it is none of them.
    """
    value = str(options.get(name, values[0])).lower()
    if value not in values:
        raise InvalidArgument(f"{name}={value!r} is not one of {', '.join(values)}.").at(
            argument="format"
        )
    return value


def check_size(header: Header, format: str) -> None:
    """Raise ResultTooLarge where the pixels of a result are over LARGEST_BYTES."""
    size = 0
    for raster in header.rasters:
        if raster.grid is not None:
            pixels = raster.grid.shape.y * raster.grid.shape.x * len(raster.properties)
            size += 8 * pixels * len(raster.bands)
    if size > LARGEST_BYTES:
        raise ResultTooLarge(
            f"A result of some {size:,} bytes is too large for {format} through inspect: ask for "
            "a smaller area, the native format, or use compute.",
            projected_bytes=size,
            limit_bytes=LARGEST_BYTES,
        )
