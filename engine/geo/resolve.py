"""What a user said about where, made into one exact grid.

The only maker of output grids: every raster of a result has the grid that `resolve` gives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import shapely
from shapely.geometry.base import BaseGeometry

from engine.geo import area as _area
from engine.geo import crs as _crs
from engine.geo import geometry as _geometry
from engine.geo.footprint import footprint_of, on_globe
from engine.geo.resampling import check_name
from swath.errors import InvalidGeoContext
from swath.geocontext import GeoContextValue
from swath.grid import Affine, Grid, Shape2d

MAX_SIDE_PX = 2**31
MAX_PIXELS = 10**12
"""Larger grids are refused here; smaller ones that are too much to compute by admission."""

TILE_PX = 256
"""Side of an XYZ tile."""
MAX_ZOOM = 30
WEB_MERCATOR = "EPSG:3857"
_HALF_WORLD_M = math.pi * 6378137.0


@dataclass(frozen=True)
class GeoContext:
    """Where to compute, resolved."""

    grid: Grid
    """The grid of every raster of the result."""
    geometry: BaseGeometry | None
    """The area that was given, in longitude and latitude. Absent: the whole grid."""
    cutline: BaseGeometry | None
    """The area in the grid's crs; pixels outside are masked. Absent: none are."""
    all_touched: bool
    """Keep each pixel that the cutline touches, instead of those whose centre is inside."""
    resampler: str
    """Resampling of imagery that names none."""

    @cached_property
    def footprint(self) -> BaseGeometry:
        """The area in EPSG:4326, longitudes in [-180, 180]: images that meet it take part.

        Made when a collection first asks for it: that takes as long as all else here.

        Raises:
            InvalidGeoContext: no point of the grid has a place on the globe.
        """
        return _footprint(self.grid, self.geometry)


def resolve(value: GeoContextValue) -> GeoContext:
    """The grid, footprint and cutline that `value` describes (rule W2).

    Raises:
        InvalidGeoContext: nothing usable is described; names the field and the way out.
    Cost:  0.1 ms; the last places without a geometry are kept.
    """
    return _resolved(value) if value.geometry is not None else _kept(value)


@lru_cache(maxsize=256)
def _kept(value: GeoContextValue) -> GeoContext:
    return _resolved(value)


def _resolved(value: GeoContextValue) -> GeoContext:
    shape = None if value.geometry is None else _geometry.parse(value.geometry)
    grid = _grid(value, shape)
    _check_size(grid)
    cutline = None if shape is None else _area.cutline(shape, grid)
    return GeoContext(
        grid=grid,
        geometry=shape,
        cutline=cutline,
        all_touched=value.all_touched,
        resampler=check_name(value.resampler or "near"),
    )


def xyz_grid(x: int, y: int, z: int) -> Grid:
    """The 256 × 256 pixels of a web-mercator tile; y counts from the north.

    Source: OGC Two Dimensional Tile Matrix Set, WebMercatorQuad (17-083r4, annex D).
    """
    if not 0 <= z <= MAX_ZOOM:
        raise InvalidGeoContext(f"tile has zoom {z}; there are 0 to {MAX_ZOOM}.")
    if not (0 <= x < 2**z and 0 <= y < 2**z):
        raise InvalidGeoContext(f"tile x={x}, y={y}: both go from 0 to {2**z - 1} at zoom {z}.")
    side = 2.0 * _HALF_WORLD_M / 2.0**z
    west, north = x * side - _HALF_WORLD_M, _HALF_WORLD_M - y * side
    pixel = side / TILE_PX
    return Grid(WEB_MERCATOR, Affine(pixel, 0, west, 0, -pixel, north), Shape2d(TILE_PX, TILE_PX))


def key_grid(key: str) -> Grid:
    """The grid of a DLTile-like key `tilesize:pad:resolution:zone:ti:tj`.

    Tile (ti, tj) of UTM zone `zone` is the square of tilesize × resolution metres whose lower
    left corner is x = 500 000 + ti × tilesize × resolution, y = tj × tilesize × resolution, and
    `pad` more pixels on each side. The crs is always that of the northern zone (EPSG:326zz);
    south of the equator tj and y are negative. So one lattice of tiles covers a whole zone.

    Raises:
        InvalidGeoContext: not six numbers of this kind, or a tile outside the zone.
    """
    tilesize, pad, resolution, zone, ti, tj = _key_numbers(key)
    side = tilesize * resolution
    west, south = 500_000.0 + ti * side, tj * side
    if abs(west + side / 2 - 500_000.0) > 1_000_000.0 or abs(south + side / 2) > 9_400_000.0:
        raise InvalidGeoContext(f"key {key!r}: tile {ti}:{tj} lies outside of UTM zone {zone}.")
    transform = Affine(
        resolution, 0, west - pad * resolution, 0, -resolution, south + side + pad * resolution
    )
    count = tilesize + 2 * pad
    return Grid(f"EPSG:{32600 + zone}", transform, Shape2d(count, count))


def _key_numbers(key: str) -> tuple[int, int, float, int, int, int]:
    try:
        size, pad, resolution, zone, ti, tj = key.split(":")
        numbers = int(size), int(pad), float(resolution), int(zone), int(ti), int(tj)
    except ValueError:
        raise InvalidGeoContext(
            f"key {key[:80]!r} is not of the form tilesize:pad:resolution:zone:ti:tj, "
            "such as '512:0:10.0:33:-4:1136'."
        ) from None
    _require(1 <= numbers[0] <= 2**20, f"key {key!r}: tilesize must be 1 to {2**20} pixels.")
    _require(0 <= numbers[1] <= 2**20, f"key {key!r}: pad must be 0 to {2**20} pixels.")
    ok = math.isfinite(numbers[2]) and numbers[2] > 0
    _require(ok, f"key {key!r}: resolution must be more than 0 metres.")
    _require(1 <= numbers[3] <= 60, f"key {key!r}: zone must be 1 to 60.")
    return numbers


def _grid(value: GeoContextValue, shape: BaseGeometry | None) -> Grid:
    kinds = [
        name for name in ("tile", "key", "transform", "bounds") if getattr(value, name) is not None
    ]
    if len(kinds) > 1:
        raise InvalidGeoContext(f"{' and '.join(kinds)} exclude each other: give one of them.")
    if value.tile is not None or value.key is not None:
        _require_alone(value, kinds[0])
        return xyz_grid(*value.tile) if value.tile is not None else key_grid(value.key or "")
    if value.transform is not None:
        return _exact_grid(value)
    if value.bounds is None and shape is None:
        raise InvalidGeoContext("There is no area: give bounds, geometry, tile, key or transform.")
    return _area_grid(value, shape)


def _require_alone(value: GeoContextValue, kind: str) -> None:
    for name in ("resolution", "shape", "crs"):
        if getattr(value, name) is not None:
            raise InvalidGeoContext(f"{name} is fixed by {kind}: leave it out.")


def _exact_grid(value: GeoContextValue) -> Grid:
    _require(value.resolution is None, "resolution does not go with transform: leave it out.")
    if value.crs is None or value.shape is None or value.transform is None:
        raise InvalidGeoContext("transform needs crs and shape beside it.")
    transform = Affine(*(float(v) for v in value.transform))
    _require(all(map(math.isfinite, transform)), "transform must have six finite numbers.")
    area = abs(transform.determinant)
    _require(
        math.isfinite(area) and area > 0.0,
        "transform cannot be inverted: its pixels have no area. The terms are a, b, c, d, e, f "
        "with x = a·col + b·row + c and y = d·col + e·row + f.",
    )
    return Grid(_crs.normalise(value.crs), transform, _shape(value.shape))


def _area_grid(value: GeoContextValue, shape: BaseGeometry | None) -> Grid:
    if value.crs is None:
        raise InvalidGeoContext("crs is missing: say 'utm', or an authority code as 'EPSG:32633'.")
    if (value.resolution is None) == (value.shape is None):
        both = "exclude each other" if value.shape is not None else "are both missing"
        raise InvalidGeoContext(f"resolution and shape {both}: give one of them.")
    crs = _area.choose_crs(value, shape)
    bounds = _area.bounds_in(value, shape, crs)
    if value.shape is not None:
        return _divided(crs, bounds, _shape(value.shape))
    assert value.resolution is not None
    return _covering(crs, bounds, _resolution(value.resolution), value.align_pixels)


def _divided(crs: str, bounds: _area.Bounds, shape: Shape2d) -> Grid:
    west, south, east, north = bounds
    a, e = (east - west) / shape.x, -(north - south) / shape.y
    _require(a > 0.0 and e < 0.0, "bounds are too narrow to be divided by shape.")
    return Grid(crs, Affine(a, 0.0, west, 0.0, e, north), shape)


def _covering(crs: str, bounds: _area.Bounds, resolution: float, align: bool) -> Grid:
    west, south, east, north = (v / resolution for v in bounds)
    _require(max(east - west, north - south) <= MAX_SIDE_PX, _too_large(east - west, north - south))
    if align:
        left, top = _floor(west), _ceil(north)
        cols, rows = max(1, _ceil(east) - left), max(1, top - _floor(south))
        origin = left * resolution, top * resolution
    else:
        cols, rows = max(1, _ceil(east - west)), max(1, _ceil(north - south))
        origin = bounds[0], bounds[3]
    transform = Affine(resolution, 0.0, origin[0], 0.0, -resolution, origin[1])
    return Grid(crs, transform, Shape2d(rows, cols))


def _floor(value: float) -> int:
    # Bounds within 1e-6 px of an edge mean that edge: they come from float arithmetic.
    return math.floor(value + 1e-6)


def _ceil(value: float) -> int:
    return math.ceil(value - 1e-6)


def _resolution(resolution: float) -> float:
    if not (math.isfinite(resolution) and resolution > 0.0):
        raise InvalidGeoContext(f"resolution must be more than 0, and is {resolution}.")
    return float(resolution)


def _shape(shape: tuple[int, int]) -> Shape2d:
    if min(shape) < 1:
        raise InvalidGeoContext(f"shape must be (rows, columns), both at least 1; it is {shape}.")
    return Shape2d(int(shape[0]), int(shape[1]))


def _check_size(grid: Grid) -> None:
    rows, cols = grid.shape
    _require(max(rows, cols) <= MAX_SIDE_PX and rows * cols <= MAX_PIXELS, _too_large(cols, rows))


def _too_large(cols: float, rows: float) -> str:
    return (
        f"The grid would have {cols:.3g} × {rows:.3g} pixels; at most {MAX_PIXELS:.0e} are "
        "allowed: use a coarser resolution or a smaller area, and check the units of resolution."
    )


def _footprint(grid: Grid, shape: BaseGeometry | None) -> BaseGeometry:
    whole = footprint_of(grid)
    if shape is None:
        return whole
    # The area itself is sharper than the grid around it, but may reach beyond the grid.
    met = shapely.intersection(whole, on_globe(shape))
    return met if not met.is_empty else whole


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise InvalidGeoContext(problem)
