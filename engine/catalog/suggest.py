"""A geocontext to start with: where a product has pixels, small enough to inspect."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.catalog.catalog import Catalog
from engine.catalog.store import read
from engine.geo.crs import is_geographic
from swath.geocontext import GeoContextValue
from swath.grid import Grid, Window

MAX_SIDE_PX = 2048
"""Rows and columns that inspect answers comfortably."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the images of a product lie, in degrees."""

    west: float
    south: float
    east: float
    """Less than `west` where that is the shorter way round the globe."""
    north: float


def suggest(catalog: Catalog, product: str) -> GeoContextValue | None:
    """The whole extent in the commonest crs at native resolution, or the middle of one image.

    None for a product without images.

    Raises:
        ProductNotFound: there is none of that name.
    """
    key = catalog.product(product).key
    with catalog.store.snapshot() as connection:
        counted = [] if connection is None else read.grid_counts(connection, key)
    if not counted:
        return None
    crs = _commonest(counted)
    grids = [grid for grid, _ in counted if grid.crs == crs]
    fine = min(grids, key=lambda grid: max(grid.resolution))
    bounds = _union(grids)
    if not _is_small(bounds, fine):
        bounds = _middle(min(grids, key=lambda g: (max(g.resolution), -g.shape.y * g.shape.x)))
    x, y = fine.resolution
    if abs(x - y) > 1e-9 * x:  # a resolution says square pixels; a shape says these
        rows, cols = round((bounds[3] - bounds[1]) / y), round((bounds[2] - bounds[0]) / x)
        return GeoContextValue(
            bounds=bounds, bounds_crs=crs, crs=crs, shape=(max(1, rows), max(1, cols))
        )
    return GeoContextValue(
        bounds=bounds,
        bounds_crs=crs,
        crs=crs,
        resolution=x,
        align_pixels=_is_aligned(bounds, x),
    )


def as_code(value: GeoContextValue) -> str:
    """The geocontext as a line of Python to paste.

    Numbers are written in full, so that the grid is that of the files to the last bit.
    """
    assert value.bounds is not None
    parts = [f"bounds=({', '.join(map(repr, value.bounds))})"]
    if value.bounds_crs != "EPSG:4326":
        parts.append(f"bounds_crs={value.bounds_crs!r}")
    parts.append(f"crs={value.crs!r}")
    if value.shape is not None:
        parts.append(f"shape={value.shape!r}")
    else:
        parts.append(f"resolution={value.resolution!r}")
    if not value.align_pixels:
        parts.append("align_pixels=False")
    return f"wf.GeoContext({', '.join(parts)})"


def extent(catalog: Catalog, product: str) -> Extent | None:
    """The box around all images; None for a product without images.

    Raises:
        ProductNotFound: there is none of that name.
    """
    boxes = catalog.columns(product).bboxes
    if len(boxes) == 0:
        return None
    south, north = float(boxes[:, 1].min()), float(boxes[:, 3].max())
    crossing = boxes[:, 0] > boxes[:, 2]
    if not crossing.any():
        return Extent(float(boxes[:, 0].min()), south, float(boxes[:, 2].max()), north)
    # Seen from the antimeridian, longitudes go from 0 to 360.
    west, east = boxes[:, 0] % 360.0, boxes[:, 2] % 360.0
    if (west > east).any():
        return Extent(-180.0, south, 180.0, north)
    return Extent(_signed(float(west.min())), south, _signed(float(east.max())), north)


def _signed(longitude: float) -> float:
    return longitude - 360.0 if longitude > 180.0 else longitude


def _commonest(counted: list[tuple[Grid, int]]) -> str:
    by_crs: Counter[str] = Counter()
    for grid, count in counted:
        by_crs[grid.crs] += count
    return by_crs.most_common(1)[0][0]


def _union(grids: list[Grid]) -> tuple[float, float, float, float]:
    boxes = [grid.bounds for grid in grids]
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def _is_small(bounds: tuple[float, float, float, float], grid: Grid) -> bool:
    west, south, east, north = bounds
    x, y = grid.resolution
    most = MAX_SIDE_PX + 0.5
    turn = 360.0 if is_geographic(grid.crs) else float("inf")
    return (east - west) / x <= most and (north - south) / y <= most and east - west <= turn


def _middle(grid: Grid) -> tuple[float, float, float, float]:
    """The bounds of the pixels around the middle of the grid."""
    rows, cols = (min(side, MAX_SIDE_PX) for side in grid.shape)
    window = Window((grid.shape.y - rows) // 2, (grid.shape.x - cols) // 2, rows, cols)
    return grid.crop(window).bounds


def _is_aligned(bounds: tuple[float, float, float, float], resolution: float) -> bool:
    """Whether the bounds are whole multiples of the resolution, as `align_pixels` makes them."""
    steps = [edge / resolution for edge in bounds]
    return all(abs(step - round(step)) < 1e-6 for step in steps)
