"""A geocontext as a plain value: what a user says about where; `engine.geo` makes it a grid."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeoContextValue:
    """Where to compute. Exactly one kind: an area, an XYZ tile, a DLTile-like key, or a grid.

    An area needs `bounds` or `geometry`, `crs`, and one of `resolution` or `shape`.
    """

    geometry: str | None = None
    """GeoJSON geometry in EPSG:4326, as JSON text with sorted keys. Pixels outside are masked."""
    resolution: float | None = None
    """Pixel size in units of `crs`, more than 0."""
    crs: str | None = None
    """Authority code or WKT of the output grid."""
    align_pixels: bool = True
    """Snap the grid's origin to multiples of `resolution`; not used with `shape`."""
    bounds: tuple[float, float, float, float] | None = None
    """(min x, min y, max x, max y) in `bounds_crs`; absent: those of `geometry`."""
    bounds_crs: str = "EPSG:4326"
    """Coordinate system of `bounds`."""
    shape: tuple[int, int] | None = None
    """Rows, columns: instead of `resolution`."""
    all_touched: bool = False
    """Keep each pixel that `geometry` touches, instead of those whose centre is inside."""
    resampler: str | None = None
    """Default resampling of imagery that names none; absent: near."""
    tile: tuple[int, int, int] | None = None
    """XYZ web-mercator tile (x, y, z) of 256 × 256 pixels."""
    key: str | None = None
    """DLTile-like key: `tilesize:pad:resolution:zone:ti:tj`."""
    transform: tuple[float, float, float, float, float, float] | None = None
    """With `crs` and `shape`: the exact grid, affine terms (a, b, c, d, e, f)."""
