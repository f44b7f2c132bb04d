"""Bounds and geometry of an area, brought into the crs of its grid."""

from __future__ import annotations

import math

import numpy as np
import shapely
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from engine.geo import crs as _crs
from engine.geo import geometry as _geometry
from engine.geo.footprint import EDGE_POINTS, Points, on_globe
from swath.errors import InvalidGeoContext
from swath.geocontext import GeoContextValue
from swath.grid import Grid

Bounds = tuple[float, float, float, float]
"""(min x, min y, max x, max y)."""


def choose_crs(value: GeoContextValue, shape: BaseGeometry | None) -> str:
    """The crs of the grid; `utm` becomes the zone of the centre of the area.

    Raises:
        InvalidGeoContext: unknown crs, or no UTM zone there.
    """
    assert value.crs is not None
    if value.crs.strip().lower() != "utm":
        return _crs.normalise(value.crs)
    west, south, east, north = _lonlat_bounds(value, shape)
    lon = (west + east) / 2.0
    return _crs.utm_zone((lon + 180.0) % 360.0 - 180.0, (south + north) / 2.0)


def bounds_in(value: GeoContextValue, shape: BaseGeometry | None, crs: str) -> Bounds:
    """The bounds of the area in `crs`, covering it.

    Raises:
        InvalidGeoContext: bounds are not finite, empty, outside of `crs`, or torn by it.
    """
    if value.bounds is None:
        assert shape is not None
        found = _bounds_of(shape, crs)
    else:
        found = _transformed(check(value.bounds, value.bounds_crs), value.bounds_crs, crs)
    if not _crs.is_place(found, crs):
        raise _outside(crs)
    if not (found[0] < found[2] and found[1] < found[3]):
        raise InvalidGeoContext(f"bounds have no area in {_name(crs)}.")
    return found


def check(bounds: Bounds, crs: str) -> Bounds:
    """`bounds`, when they are finite, ordered, and possible in `crs`.

    Raises:
        InvalidGeoContext: they are not.
    """
    west, south, east, north = (float(v) for v in bounds)
    if not all(map(math.isfinite, (west, south, east, north))):
        raise InvalidGeoContext(f"bounds must be finite numbers; they are {tuple(bounds)}.")
    turn = _crs.full_turn(crs)
    if turn is not None:
        _check_degrees((west, south, east, north), turn / 360.0, crs)
    if west >= east or south >= north:
        raise InvalidGeoContext(
            "bounds must be (min x, min y, max x, max y) with an area; they are "
            f"{(west, south, east, north)}.{_across_hint(west, south, east, north, turn)}"
        )
    return west, south, east, north


def cutline(shape: BaseGeometry, grid: Grid) -> BaseGeometry:
    """The area `shape` (EPSG:4326) in the crs of `grid`, cut to the neighbourhood of `grid`.

    Raises:
        InvalidGeoContext: it has no place there, or does not meet the grid.
    """
    moved = _moved(shape, grid.crs)
    cut = shapely.intersection(moved, shapely.box(*_padded(grid)))
    if cut.is_empty:
        raise InvalidGeoContext(
            "geometry does not meet the pixels asked for: check bounds and bounds_crs."
        )
    return cut


def _moved(shape: BaseGeometry, crs: str) -> BaseGeometry:
    whole = _geometry.transformed(_geometry.densified(_geometry.contiguous(shape)), crs)
    if whole is not None:
        return whole
    # Torn at ±180°: each side of the cut has its own place in `crs`.
    pieces = _geometry.transformed(_geometry.densified(on_globe(shape)), crs)
    if pieces is None:
        raise _outside(crs)
    return pieces


def _bounds_of(shape: BaseGeometry, crs: str) -> Bounds:
    area = _geometry.densified(_geometry.contiguous(shape))
    moved = _geometry.transformed(area, crs)
    if moved is None:
        raise _outside(crs) if not _geometry.has_place(area, crs) else _torn(crs)
    west, south, east, north = moved.bounds
    return west, south, east, north


def _transformed(bounds: Bounds, source: str, target: str) -> Bounds:
    source = _crs.normalise(source)
    if _crs.same(source, target):
        return bounds
    _check_domain(bounds, source, target)
    try:
        west, south, east, north = _crs.transformer(source, target).transform_bounds(
            *bounds, densify_pts=EDGE_POINTS
        )
    except ProjError as error:
        raise _outside(target) from error
    turn = _crs.full_turn(target)
    if turn is not None and east < west:
        east += turn
    return west, south, east, north


def _check_domain(bounds: Bounds, source: str, target: str) -> None:
    """Refuse bounds whose outline has no place in `target`, or another one on the way back."""
    x, y = _outline(bounds)
    there = _crs.transform(source, target, x, y)
    if not _crs.is_place(there, target):
        raise _outside(target)
    back_x, back_y = _crs.transform(target, source, *there)
    turn = _crs.full_turn(source)
    off_x = back_x - x
    if turn is not None:
        # Longitudes mean nothing at the poles, and are the same after a whole turn.
        off_x = (off_x - turn * np.round(off_x / turn)) * np.cos(y / turn * 2.0 * np.pi)
    allowed = 1e-3 * max(bounds[2] - bounds[0], bounds[3] - bounds[1])
    allowed += 0.01 / _crs.metres_per_unit(source)
    if not (np.abs(off_x).max() <= allowed and np.abs(back_y - y).max() <= allowed):
        raise _outside(target)
    if turn is not None and _is_torn(x, y, source, target):
        raise _torn(target)


def _is_torn(x: object, y: object, source: str, target: str) -> bool:
    lon, lat = _crs.transform(source, _crs.WGS84, x, y)
    return _geometry.is_torn(lon, lat, target)


def _outline(bounds: Bounds) -> tuple[Points, Points]:
    west, south, east, north = bounds
    step = np.linspace(0.0, 1.0, EDGE_POINTS + 1)
    one, zero = np.ones_like(step), np.zeros_like(step)
    along = np.concatenate([step, one, step[::-1], zero])
    up = np.concatenate([zero, step, one, step[::-1]])
    return west + along * (east - west), south + up * (north - south)


def _lonlat_bounds(value: GeoContextValue, shape: BaseGeometry | None) -> Bounds:
    if value.bounds is not None:
        return _transformed(check(value.bounds, value.bounds_crs), value.bounds_crs, _crs.WGS84)
    assert shape is not None
    west, south, east, north = _geometry.contiguous(shape).bounds
    return west, south, east, north


def _check_degrees(bounds: Bounds, degree: float, crs: str) -> None:
    west, south, east, north = (v / degree for v in bounds)
    lon, lat = max(abs(west), abs(east)), max(abs(south), abs(north))
    if lat > 90.0 and lat <= 180.0 and lon <= 90.0:
        raise InvalidGeoContext(
            f"bounds have latitude ±{lat:.6g}, beyond ±90: write longitude first, "
            "(min lon, min lat, max lon, max lat)."
        )
    if lat > 90.0 or lon > 360.0:
        raise InvalidGeoContext(
            f"bounds {tuple(bounds)} are not degrees of {_name(crs)}: set bounds_crs to the crs "
            "that they are in."
        )
    if east - west > 360.0:
        raise InvalidGeoContext(f"bounds {tuple(bounds)} go more than once round the globe.")


def _across_hint(west: float, south: float, east: float, north: float, turn: float | None) -> str:
    if turn is not None and west - east > turn / 2 and south < north:
        return f" Across the antimeridian, write {west:g} … {east + turn:g}."
    return ""


def _padded(grid: Grid) -> Bounds:
    """Bounds of `grid` and two pixels around: what a cutline outside of it cannot change."""
    west, south, east, north = grid.bounds
    x, y = (2.0 * v for v in grid.resolution)
    return west - x, south - y, east + x, north + y


def _outside(crs: str) -> InvalidGeoContext:
    ends = " (it ends at latitude ±85.06)" if crs == "EPSG:3857" else ""
    return InvalidGeoContext(
        f"The area lies partly outside of where {_name(crs)} is defined{ends}: use a smaller area, "
        "or another crs."
    )


def _torn(crs: str) -> InvalidGeoContext:
    return InvalidGeoContext(
        f"The area crosses a line (such as ±180°) at which {_name(crs)} is cut: use a crs that is "
        "continuous there, such as 'utm', or compute each side on its own."
    )


def _name(crs: str) -> str:
    return crs if len(crs) <= 40 else f"the crs {_crs.parse(crs).name!r}"
