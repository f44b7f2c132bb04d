"""GeoContext: where to compute. A value known here, unless it is made from proxies."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from swath.errors import InvalidGeoContext
from swath.geocontext import GeoContextValue
from swath.graph.expression import Constant, Expression
from swath.graph.type import GEOCONTEXT, Type
from swath.grid import Grid
from swath.ops.imagery import RESAMPLERS
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.like import value_like
from swath.types.promote import promote_to
from swath.types.proxy import Proxy, proxy_of

GEOMETRIES = frozenset(
    "Point MultiPoint LineString MultiLineString Polygon MultiPolygon GeometryCollection".split()
)
"""Names of the geometries of GeoJSON (RFC 7946, section 1.4)."""

Number = (int, float)


class GeoContext(Proxy):
    """Where to compute: an area in a crs, with pixels of a resolution, or so many of them.

    `GeoContext(bounds=(-105.5, 40.0, -105.4, 40.1), crs="EPSG:32613", resolution=30)`
    """

    __slots__ = ()

    @staticmethod
    def make(
        _wanted: Type,
        geometry: Any = None,
        resolution: Any = None,
        crs: Any = None,
        align_pixels: Any = True,
        bounds: Any = None,
        bounds_crs: Any = "EPSG:4326",
        shape: Any = None,
        all_touched: Any = False,
        resampler: Any = None,
    ) -> Expression:
        """From an area, a crs, and a resolution or shape.

        Args:
            geometry: GeoJSON mapping or text, or an object with `__geo_interface__`, in EPSG:4326.
            resolution: pixel size in units of crs.
            crs: authority code or WKT of the grid.
            align_pixels: edges lie on multiples of resolution.
            bounds: (min x, min y, max x, max y) in bounds_crs; None: those of geometry.
            bounds_crs: coordinate system of bounds.
            shape: rows, columns, instead of resolution.
            all_touched: keep each pixel that geometry touches.
            resampler: for imagery that names none; None: near.
        Raises:
            InvalidGeoContext: these describe no usable grid.
        """
        if isinstance(geometry, GeoContextValue):
            return promote_to(geometry, GEOCONTEXT)
        given = {
            "resolution": resolution, "crs": crs, "align_pixels": align_pixels, "bounds": bounds,
            "bounds_crs": bounds_crs, "shape": shape, "all_touched": all_touched,
            "resampler": resampler,
        }  # fmt: skip
        if geometry is not None and not isinstance(geometry, Proxy):
            geometry = _geometry_text(geometry)
        if any(isinstance(value, Proxy) for value in (geometry, *given.values())):
            made: Proxy = apply("GeoContext.create", geometry=geometry, **given)
            return made.expression
        return Constant(_checked(geometry=geometry, **given), GEOCONTEXT)

    @property
    def value(self) -> GeoContextValue | None:
        """What is said about where, as a plain value; None where it is computed from proxies."""
        expression = self.expression
        return expression.value if isinstance(expression, Constant) else None

    @classmethod
    def from_grid(cls, grid: Grid, resampler: str | None = None) -> Any:
        """The geocontext of exactly that grid: its crs, pixel edges and shape."""
        (rows, cols), t = grid.shape, grid.transform
        value = GeoContextValue(
            crs=grid.crs,
            transform=(t.a, t.b, t.c, t.d, t.e, t.f),
            shape=(int(rows), int(cols)),
            resampler=_resampler(resampler),
        )
        return proxy_of(Constant(value, GEOCONTEXT))

    @classmethod
    def like(cls, thing: Any) -> Any:
        """Where a result, a product, an image or imagery of one is, at its own resolution.

        Raises:
            TypeMismatch: `thing` has no place.
            InvalidGeoContext: a product without images, imagery of several products or images.
            ProductNotFound, ImageNotFound, Unavailable: when the server is asked.
        """
        return proxy_of(Constant(value_like(thing), GEOCONTEXT))

    @classmethod
    def from_xyz_tile(cls, x: Any, y: Any, z: Any, all_touched: Any = False) -> Any:
        """The web-mercator tile (x, y) of zoom z: 256 × 256 pixels, y counted from the north.

        Raises:
            InvalidGeoContext: there is no such tile.
        """
        if any(isinstance(part, Proxy) for part in (x, y, z, all_touched)):
            return apply("GeoContext.from_xyz_tile", x, y, z, all_touched=all_touched)
        if not 0 <= z <= 30 or not (0 <= x < 2**z and 0 <= y < 2**z):
            raise InvalidGeoContext(f"there is no tile x={x}, y={y} at zoom {z}")
        value = GeoContextValue(tile=(int(x), int(y), int(z)), all_touched=bool(all_touched))
        return proxy_of(Constant(value, GEOCONTEXT))

    @classmethod
    def from_dltile_key(cls, key: Any, all_touched: Any = False) -> Any:
        """The tile of a UTM zone named `tilesize:pad:resolution:zone:ti:tj`.

        Raises:
            InvalidGeoContext: not such a key.
        """
        if isinstance(key, Proxy) or isinstance(all_touched, Proxy):
            return apply("GeoContext.from_dltile_key", key, all_touched=all_touched)
        if not isinstance(key, str) or len(key.split(":")) != 6:
            raise InvalidGeoContext(f"{key!r} is not tilesize:pad:resolution:zone:ti:tj")
        value = GeoContextValue(key=key, all_touched=bool(all_touched))
        return proxy_of(Constant(value, GEOCONTEXT))


def _geometry_text(geometry: Any) -> str:
    """A GeoJSON geometry as text with sorted keys; of a Feature its geometry."""
    found = getattr(geometry, "__geo_interface__", geometry)
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            raise InvalidGeoContext("geometry is text, but not GeoJSON") from None
    if isinstance(found, Mapping) and found.get("type") == "Feature":
        found = found.get("geometry")
    kind = found.get("type") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or kind not in GEOMETRIES:
        raise InvalidGeoContext(f"geometry is no GeoJSON geometry: its type is {kind!r}")
    try:
        return json.dumps(found, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):
        raise InvalidGeoContext("geometry has coordinates that are no finite numbers") from None


def _checked(**given: Any) -> GeoContextValue:
    """The value, where it can be usable; what only PROJ can tell is left to the engine."""
    _check_size(given["resolution"], given["shape"])
    if given["bounds"] is not None:
        given["bounds"] = _bounds(given["bounds"])
    elif given["geometry"] is None:
        raise InvalidGeoContext("give bounds or geometry")
    for name in ("crs", "bounds_crs"):
        if not isinstance(given[name], str) or not given[name].strip():
            raise InvalidGeoContext(f"{name} is a code such as EPSG:32613, or WKT")
    for name in ("align_pixels", "all_touched"):
        if not isinstance(given[name], bool):
            raise InvalidGeoContext(f"{name} is True or False")
    if given["shape"] is not None:
        given["shape"] = tuple(int(side) for side in given["shape"])
    if given["resolution"] is not None:
        given["resolution"] = float(given["resolution"])
    return GeoContextValue(**given | {"resampler": _resampler(given["resampler"])})


def _check_size(resolution: Any, shape: Any) -> None:
    if (resolution is None) == (shape is None):
        raise InvalidGeoContext("give resolution or shape, one of them")
    if shape is not None:
        is_pair = isinstance(shape, (tuple, list)) and len(shape) == 2
        if not is_pair or not all(_is_whole(side) and side >= 1 for side in shape):
            raise InvalidGeoContext("shape is (rows, columns), whole numbers from 1")
    elif not _is_number(resolution) or not resolution > 0:
        raise InvalidGeoContext("resolution is a number more than 0, in units of crs")


def _bounds(bounds: Any) -> tuple[float, ...]:
    numbers = tuple(bounds) if hasattr(bounds, "__iter__") else ()
    if len(numbers) != 4 or not all(map(_is_number, numbers)):
        raise InvalidGeoContext("bounds are four finite numbers: min x, min y, max x, max y")
    return tuple(map(float, numbers))


def _is_number(value: Any) -> bool:
    try:
        return hasattr(value, "__float__") and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an int that no float holds
        return False


def _is_whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _resampler(resampler: Any) -> str | None:
    if resampler is not None and resampler not in RESAMPLERS:
        raise InvalidGeoContext(f"resampler is one of {', '.join(RESAMPLERS)}")
    return resampler  # type: ignore[no-any-return]  # one of RESAMPLERS


provide(GeoContext)
