"""A user's GeoJSON as an area: read under limits, checked, and repaired where that is safe.

Longitudes may lie in [-360, 360], so that an area across ±180° can be written in one piece.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from engine.geo import crs as _crs
from swath.errors import InvalidGeoContext

MAX_CHARS = 8 * 1024 * 1024
MAX_DEPTH = 24
MAX_VERTICES = 250_000
_MAX_ADDED = 50_000
"""Most vertices that densifying may add."""
_MAX_CROSSINGS = 100_000
"""Most pairs of edges whose boxes overlap, neighbours aside, in an area that is repaired."""
_EDGES_AT_ONCE = 16
_MEMBERS = {"GeometryCollection": "geometries", "FeatureCollection": "features"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def parse(text: str) -> BaseGeometry:
    """The area that GeoJSON text describes, valid, in EPSG:4326; several parts are joined.

    Takes Polygon, MultiPolygon, and collections and features of them. A ring that is not closed
    is closed; a shell in the wrong direction is turned; one that crosses itself is taken apart.

    Raises:
        InvalidGeoContext: too large, not GeoJSON, no area, or not longitude and latitude.
    """
    _check_size(text)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except InvalidGeoContext:
        raise
    except (ValueError, RecursionError):
        raise _problem("is not JSON text") from None
    polygons = [_polygon(c) for c in _polygons(value)]
    if not polygons:
        raise _problem("is empty: give at least one polygon")
    together = shapely.multipolygons(polygons)
    if shapely.get_num_coordinates(together) > MAX_VERTICES:
        raise _problem(f"has more than {MAX_VERTICES} vertices: simplify it")
    return _with_area(together if together.is_valid else _repaired(together))


def densified(area: BaseGeometry) -> BaseGeometry:
    """`area` with vertices added along its edges, so that they stay true when transformed.

    An edge of the area's size gets 64 parts: 0.1 m from the true line for an area of 1°.
    """
    west, south, east, north = area.bounds
    step = max(max(east - west, north - south) / 64.0, area.length / _MAX_ADDED)
    return shapely.segmentize(area, step)


def contiguous(area: BaseGeometry) -> BaseGeometry:
    """`area` in one piece where it was split at ±180°: parts west of there are moved by 360°."""
    west, _, east, _ = area.bounds
    parts = shapely.get_parts(area)
    if west > -180.0 or east < 180.0 or len(parts) == 1:
        return area
    moved = [_eastwards(p) if p.bounds[2] <= 0.0 else p for p in parts]
    joined = shapely.union_all(moved)
    return joined if joined.bounds[2] - joined.bounds[0] < 180.0 else area


def transformed(area: BaseGeometry, crs: str) -> BaseGeometry | None:
    """`area` (EPSG:4326, densified) in `crs`; None where `crs` is torn within it or has no place.

    Torn: the middle of an edge does not land near the middle of where its ends land.
    """
    if _crs.same(crs, _crs.WGS84):
        return area
    if any(_is_torn(shapely.get_coordinates(ring), crs) for ring in _rings(area)):
        return None
    moved = shapely.transform(area, lambda xy: _moved(xy, crs))
    return moved if moved.is_valid else shapely.make_valid(moved, method="structure")


def has_place(area: BaseGeometry, crs: str) -> bool:
    """True where all vertices of `area` (EPSG:4326) have coordinates in `crs`."""
    return _crs.is_place(_moved(shapely.get_coordinates(area), crs), crs)


def is_torn(lon: Any, lat: Any, crs: str) -> bool:
    """True where the line through these points (degrees) is broken, or has no place, in `crs`."""
    return _is_torn(np.column_stack([lon, lat]), crs)


def _is_torn(points: Any, crs: str) -> bool:
    ends = _moved(points, crs)
    middles = _moved((points[1:] + points[:-1]) / 2.0, crs)
    if not (_crs.is_place(ends, crs) and _crs.is_place(middles, crs)):
        return True
    steps = np.diff(ends, axis=0)
    off = np.hypot(*(middles - (ends[1:] + ends[:-1]) / 2.0).T)
    # Half of the step at a tear, a few hundredths where a projection curves.
    return bool((off > 0.35 * np.hypot(*steps.T) + 1.0 / _crs.metres_per_unit(crs)).any())


def _moved(points: Any, crs: str) -> Any:
    return np.column_stack(_crs.transform(_crs.WGS84, crs, points[:, 0], points[:, 1]))


def _rings(area: BaseGeometry) -> Any:
    return shapely.get_rings(shapely.get_parts(area))


def _eastwards(part: BaseGeometry) -> BaseGeometry:
    return shapely.transform(part, lambda xy: xy + np.array([360.0, 0.0]))


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise _problem(f"is {len(text)} characters long; at most {MAX_CHARS} are read: simplify it")
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise _problem(f"is nested {deepest} deep; at most {MAX_DEPTH}")


def _polygons(value: Any) -> Iterator[Any]:
    """The coordinates of each polygon in a GeoJSON object."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "Feature":
        if not isinstance(value.get("geometry"), dict):
            raise _problem("is a Feature without a geometry")
        yield from _polygons(value["geometry"])
    elif isinstance(kind, str) and kind in _MEMBERS:
        for member in _list(value.get(_MEMBERS[kind]), _MEMBERS[kind]):
            yield from _polygons(member)
    elif kind == "Polygon":
        yield from [value.get("coordinates")] if value.get("coordinates") else []
    elif kind == "MultiPolygon":
        yield from _list(value.get("coordinates"), "coordinates")
    else:
        raise _problem(f"must be a Polygon or MultiPolygon, which have an area; found {kind!r:.60}")


def _polygon(coordinates: Any) -> BaseGeometry:
    rings = [_ring(r) for r in _list(coordinates, "coordinates")]
    if not rings:
        raise _problem("has a polygon without a ring")
    return shapely.polygons(rings[0], holes=rings[1:] or None)


def _ring(positions: Any) -> BaseGeometry:
    points = [_position(p) for p in _list(positions, "ring")]
    if len({*points}) < 3:
        raise _problem("has a ring of fewer than three different points")
    xy = np.array(points, np.float64)
    _check_degrees(xy)
    return shapely.linearrings(xy if points[0] == points[-1] else np.vstack([xy, xy[:1]]))


def _position(position: Any) -> tuple[float, float]:
    try:
        x, y = position[0], position[1]
    except (TypeError, LookupError):
        raise _problem("has a position that is not [longitude, latitude]") from None
    if not all(type(v) in (int, float) for v in (x, y)):
        raise _problem("has a position that is not two numbers")
    try:
        return float(x), float(y)
    except OverflowError:
        raise _problem("has a coordinate that is not finite") from None


def _check_degrees(xy: Any) -> None:
    if not np.isfinite(xy).all():
        raise _problem("has a coordinate that is not finite")
    lon, lat = np.abs(xy[:, 0]).max(), np.abs(xy[:, 1]).max()
    if lat > 90.0 and lat <= 180.0 and lon <= 90.0:
        raise _problem(f"has latitude ±{lat:.6g}, beyond ±90: write longitude first, then latitude")
    if lat > 90.0 or lon > 360.0:
        raise _problem("must be in degrees (EPSG:4326): transform it from its projection first")


def _repaired(polygons: BaseGeometry) -> BaseGeometry:
    """`polygons` joined into valid ones."""
    if not _is_repairable(polygons):
        raise _problem("crosses itself, or its parts each other, too often: simplify it")
    return shapely.union_all([_repaired_part(p) for p in shapely.get_parts(polygons)])


def _repaired_part(polygon: BaseGeometry) -> BaseGeometry:
    # Repaired as a whole, a hole outside its shell would become a shell.
    shell, *holes = [
        shapely.make_valid(shapely.polygons(ring), method="structure")
        for ring in shapely.get_rings(polygon)
    ]
    return shapely.difference(shell, shapely.union_all(holes))


def _is_repairable(polygons: BaseGeometry) -> bool:
    """True where few edges can cross: n edges can cross n² times, each taking 7 µs and 700 B."""
    edges = shapely.get_parts(_segments(polygons))
    tree = shapely.STRtree(edges)
    left = _MAX_CROSSINGS + 8 * len(edges)
    for start in range(0, len(edges), _EDGES_AT_ONCE):
        left -= tree.query(edges[start : start + _EDGES_AT_ONCE]).shape[1]
        if left < 0:
            return False
    return True


def _segments(polygons: BaseGeometry) -> BaseGeometry:
    rings = [shapely.get_coordinates(r) for r in _rings(polygons)]
    return shapely.multilinestrings(np.concatenate([np.stack([r[:-1], r[1:]], 1) for r in rings]))


def _with_area(area: BaseGeometry) -> BaseGeometry:
    """The polygons of `area`; lines and points that repair left behind are dropped."""
    polygons = [p for p in shapely.get_parts(area) if p.area > 0.0]
    if not polygons:
        raise _problem("has no area")
    return shapely.union_all(polygons) if len(polygons) > 1 else polygons[0]


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise _problem(f"has no list of {name}" if name != "ring" else "has a ring that is no list")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise _problem(f"contains {name}; coordinates are finite numbers")


def _problem(what: str) -> InvalidGeoContext:
    return InvalidGeoContext(f"geometry {what}.")
