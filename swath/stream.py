"""A result as a stream of events: one header, chunks of pixels or bytes, one trailer.

The engine yields these, the wire carries them, `swath.results` assembles them into Python values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from swath.geocontext import GeoContextValue
from swath.graph.type import Type
from swath.grid import Grid, Window


@dataclass(frozen=True, slots=True)
class RasterRef:
    """Stands in a value tree for the raster of that index in the header."""

    raster: int


@dataclass(frozen=True, slots=True)
class RasterHeader:
    """All of an image or collection but its pixels."""

    kind: Literal["image", "collection"]
    """An image has exactly one element in `properties`."""
    grid: Grid | None
    """Where the pixels are; absent for an empty image or collection."""
    bands: tuple[str, ...]
    """Band names, in order; none: empty."""
    dtypes: tuple[str, ...]
    """numpy name of each band's dtype, e.g. `uint16`."""
    properties: tuple[dict[str, Any], ...]
    """Properties of each image; its length is the number of images."""
    bandinfo: tuple[dict[str, Any], ...]
    """Bandinfo of each band."""


@dataclass(frozen=True, slots=True)
class Header:
    """First event: the whole result but its pixels."""

    type: Type
    """Type of the result."""
    value: Any
    """Tree of Python values (None, bool, int, float, str, datetime, timedelta, list, tuple, dict,
    GeoContextValue, Grid) with a `RasterRef` wherever a raster belongs."""
    rasters: tuple[RasterHeader, ...] = ()
    geocontext: GeoContextValue | None = None
    """The geocontext that was used; absent when none was given."""
    format: str = "native"
    """`native`: chunks follow. Otherwise the name of the format whose bytes follow as Data."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pixels of some planes of one raster in one window."""

    raster: int
    images: tuple[int, int]
    """First image and one past the last."""
    bands: tuple[int, int]
    """First band and one past the last; all of one dtype."""
    window: Window
    """Pixels of the raster's grid."""
    values: NDArray[Any]
    """(image, band, y, x); 0 under the mask."""
    mask: NDArray[np.uint8] | None
    """(image, band, y, x), 1 = masked; absent: nothing is masked."""


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of an encoded result, in order."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Trailer:
    """Last event: the result is complete."""

    timings_s: dict[str, float] = field(default_factory=dict)
    """Seconds by stage: evaluate, plan, read, compute, encode; those that took part."""
    pixels: int = 0
    """Pixels read from sources, all bands and images."""
    bytes_read: int = 0
    """Decoded bytes taken from sources."""


Event = Header | Chunk | Data | Trailer
