"""Where a grid lies on the globe: its outline in longitude and latitude, safe at ±180° and poles.

Used for catalog search and by ingest. Outlines never cross ±180°: an area that does becomes
several polygons. Where the outline itself has no longitude and latitude (the corners of a full
disk), a covering box is given instead: larger than the area, never smaller.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from engine.geo import crs as _crs
from swath.errors import InvalidGeoContext
from swath.grid import Grid

EDGE_POINTS = 21
"""Points along each side of an outline, corners included."""
_INSIDE_POINTS = 33
"""Points along each axis of the mesh that covers a grid whose outline cannot be transformed."""

Points = NDArray[np.float64]


def footprint_of(grid: Grid) -> BaseGeometry:
    """The outline of `grid` in EPSG:4326, longitudes in [-180, 180].

    Raises:
        InvalidGeoContext: the grid has no crs, or no point of it has a longitude and latitude.
    """
    if not grid.crs:
        raise InvalidGeoContext("The grid has no crs, so its place on the globe is not known.")
    lon, lat = _crs.transform(grid.crs, _crs.WGS84, *outline(grid))
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return _covering_box(grid)
    lon = unwrap(lon)
    turns = round((lon[-1] - lon[0]) / 360.0)
    poles = _poles_inside(grid)
    if turns == 0 and not poles:
        return on_globe(_polygon(lon, lat))
    if abs(turns) == 1 and len(poles) == 1:
        return _cap(lon, lat, poles[0])
    return _covering_box(grid)


def outline(grid: Grid, points: int = EDGE_POINTS) -> tuple[Points, Points]:
    """World (x, y) along the four sides of `grid`, closed: the last point is the first."""
    rows, cols = grid.shape
    step = np.linspace(0.0, 1.0, points)[:-1]
    zero, one = np.zeros_like(step), np.ones_like(step)
    col = np.concatenate([step, one, 1 - step, zero, [0.0]]) * cols
    row = np.concatenate([zero, step, one, 1 - step, [0.0]]) * rows
    x, y = grid.transform.apply(col, row)  # type: ignore[arg-type]
    return np.asarray(x), np.asarray(y)


def unwrap(lon: Points) -> Points:
    """Longitudes along a line without jumps: each step is the shorter way round."""
    steps = np.diff(lon)
    # A step of exactly 180° keeps its direction: global outlines have them.
    turns = np.where(np.abs(steps) > 180.0, np.round(steps / 360.0), 0.0)
    return np.asarray(lon - 360.0 * np.concatenate([[0.0], np.cumsum(turns)]))


def on_globe(area: BaseGeometry) -> BaseGeometry:
    """`area`, whose longitudes may lie beyond ±180, cut there and moved into [-180, 180]."""
    valid = area if area.is_valid else shapely.make_valid(area, method="structure")
    west, _, east, _ = valid.bounds
    if west >= -180.0 and east <= 180.0:
        return valid
    if east - west >= 360.0:
        _, south, _, north = valid.bounds
        return shapely.box(-180.0, south, 180.0, north)
    first, last = math.floor((west + 180.0) / 360.0), math.floor((east + 180.0) / 360.0)
    return shapely.union_all([_in_turn(valid, turn) for turn in range(first, last + 1)])


def _in_turn(area: BaseGeometry, turn: int) -> BaseGeometry:
    """The part of `area` in one turn of the globe; lines and points left by the cut are dropped."""
    _, south, _, north = area.bounds
    strip = shapely.box(360.0 * turn - 180.0, south - 1.0, 360.0 * turn + 180.0, north + 1.0)
    part = shapely.intersection(area, strip)
    polygons = [p for p in shapely.get_parts(part) if p.area > 0.0]
    moved = shapely.union_all(polygons)
    return shapely.transform(moved, lambda xy: xy - np.array([360.0 * turn, 0.0]))


def _polygon(lon: Points, lat: Points) -> BaseGeometry:
    return shapely.polygons(np.column_stack([lon, np.clip(lat, -90.0, 90.0)]))


def _cap(lon: Points, lat: Points, pole: float) -> BaseGeometry:
    """The area between a line once round the globe and the pole."""
    lon = np.concatenate([lon, [lon[-1], lon[0]]])
    polygon = _polygon(lon, np.concatenate([lat, [pole, pole]]))
    # Its ends are the same meridian, so it is cut where that meridian is, at any longitude.
    west = float(lon.min())
    valid = shapely.make_valid(polygon, method="structure")
    turns = range(math.floor((west + 180.0) / 360.0), math.floor((lon.max() + 180.0) / 360.0) + 1)
    return shapely.union_all([_in_turn(valid, turn) for turn in turns])


def _poles_inside(grid: Grid) -> list[float]:
    """Latitudes of the poles strictly inside a projected grid: some of 90 and -90."""
    if _crs.is_geographic(grid.crs):
        return []
    poles = [90.0, -90.0]
    x, y = _crs.transform(_crs.WGS84, grid.crs, [0.0, 0.0], poles)
    return [pole for pole, px, py in zip(poles, x, y, strict=True) if _holds(grid, px, py)]


def _holds(grid: Grid, x: float, y: float) -> bool:
    if not (math.isfinite(x) and math.isfinite(y)):
        return False
    col, row = grid.transform.inverse().apply(x, y)
    return 0.0 < col < grid.shape.x and 0.0 < row < grid.shape.y


def _covering_box(grid: Grid) -> BaseGeometry:
    """A box over all points of a mesh on `grid` that have a longitude and latitude."""
    rows, cols = grid.shape
    row, col = np.meshgrid(
        np.linspace(0.0, rows, _INSIDE_POINTS), np.linspace(0.0, cols, _INSIDE_POINTS)
    )
    x, y = grid.transform.apply(col, row)  # type: ignore[arg-type]
    lon, lat = _crs.transform(grid.crs, _crs.WGS84, x, y)
    known = np.isfinite(lon) & np.isfinite(lat)
    if not known.any():
        raise InvalidGeoContext(f"No pixel of the grid has a place on the globe in {grid.crs}.")
    return _box_around(lon[known], np.clip(lat[known], -90.0, 90.0), grid)


def _box_around(lon: Points, lat: Points, grid: Grid) -> BaseGeometry:
    # The mesh may miss up to one of its own steps at each side.
    south, north = float(lat.min()), float(lat.max())
    margin = (north - south) / (_INSIDE_POINTS - 1)
    poles = _poles_inside(grid)
    north = 90.0 if 90.0 in poles else min(90.0, north + margin)
    south = -90.0 if -90.0 in poles else max(-90.0, south - margin)
    west, east = _narrowest(lon)
    step = (east - west) / (_INSIDE_POINTS - 1)
    if poles or east - west + 2 * step >= 360.0:
        return shapely.box(-180.0, south, 180.0, north)
    return on_globe(shapely.box(west - step, south, east + step, north))


def _narrowest(lon: Points) -> tuple[float, float]:
    """The ends of the shortest stretch of longitude that holds all of `lon`."""
    turned = np.sort(np.mod(lon, 360.0))
    gaps = np.diff(np.concatenate([turned, [turned[0] + 360.0]]))
    widest = int(np.argmax(gaps))
    west = float(turned[(widest + 1) % len(turned)])
    return west, west + 360.0 - float(gaps[widest])
