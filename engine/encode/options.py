"""Options of formats: names are checked, values chosen from those there are.

Loads no GDAL: the job server checks a format before a job is queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from swath.errors import InvalidArgument, ResultTooLarge, UnsupportedFormat
from swath.graph.type import Type
from swath.stream import Header

COMPRESSIONS = ("lzw", "none", "deflate", "zstd", "jpeg")
"""Of geotiff; the first is the default."""
RESAMPLERS = ("nearest", "average", "bilinear", "cubic", "mode")
"""Of the overviews of geotiff; the first is the default."""
FORMATS = ("native", "json", "geotiff")
"""Names of all formats."""
LARGEST_BYTES = 256 * 1024 * 1024
"""Most bytes of pixels in a result that is encoded as a whole."""

_WAYS_OUT = {
    "geotiff": " through inspect: ask for a smaller area, the native format, or use compute.",
    "json": ": ask for a smaller area or another format.",
}


def check_format(type: Type, format: str, options: Mapping[str, Any]) -> None:
    """Return if a result of `type` may fit a format with these options.

    What only pixels tell is left: an image may be empty, have other pixels than jpeg holds, or be
    too large for json.

    Raises:
        UnsupportedFormat: there is no such format, or it cannot hold a result of that type.
        InvalidArgument: an option that the format has not, or a value that the option has not.
    """
    if format not in FORMATS:
        raise UnsupportedFormat(
            f"{format!r} is not one of {', '.join(FORMATS)}.",
            format=format,
            supported=", ".join(FORMATS),
        )
    if format != "geotiff":
        check_options(options, (), format)
        return
    check_geotiff_options(options)
    if type.name != "Image":
        raise no_image(f"of type {type}")


def check_geotiff_options(options: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for an option of geotiff, or a value of one, that there is not."""
    check_options(options, ("compression", "overviews", "overview_resampler"), "geotiff")
    choice(options, "compression", COMPRESSIONS)
    choice(options, "overview_resampler", RESAMPLERS)
    overviews = options.get("overviews", True)
    if not isinstance(overviews, bool):
        raise InvalidArgument(f"overviews={overviews!r} is neither True nor False.").at(
            argument="format"
        )


def no_image(what: str) -> UnsupportedFormat:
    """The error for a result that geotiff cannot hold; `what` it is."""
    return UnsupportedFormat(
        f"geotiff holds one Image; the result is {what}. Reduce a collection, for example "
        "with .mosaic(), or use the native format.",
        format="geotiff",
        supported="native, json",
    )


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
            f"A result of some {size:,} bytes is too large for {format}{_WAYS_OUT[format]}",
            projected_bytes=size,
            limit_bytes=LARGEST_BYTES,
        )
