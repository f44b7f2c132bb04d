"""Ops on GeoContexts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.evaluate.context import Context
from engine.geo.resolve import resolve
from swath.errors import InvalidArgument
from swath.geocontext import GeoContextValue
from swath.grid import Affine


def _create(_: Context, **parts: Any) -> GeoContextValue:
    for name in ("bounds", "shape"):
        if parts.get(name) is not None:
            parts[name] = tuple(parts[name])
    value = GeoContextValue(**{k: v for k, v in parts.items() if v is not None})
    resolve(value)
    return value


def _from_tile(_: Context, x: int, y: int, z: int, all_touched: bool = False) -> GeoContextValue:
    return GeoContextValue(tile=(x, y, z), all_touched=all_touched)


def _from_key(_: Context, key: str, all_touched: bool = False) -> GeoContextValue:
    return GeoContextValue(key=key, all_touched=all_touched)


def geocontext_member(value: GeoContextValue, name: str) -> Any:
    """A member of a GeoContext: of the grid that it resolves to.

    Raises: InvalidArgument: there is no such member. InvalidGeoContext: it has no grid.
    """
    grid = resolve(value).grid
    found: dict[str, Callable[[], Any]] = {
        "all_touched": lambda: value.all_touched,
        "align_pixels": lambda: value.align_pixels,
        "arr_shape": lambda: tuple(grid.shape),
        "bounds": lambda: grid.bounds,
        "bounds_crs": lambda: grid.crs,
        "crs": lambda: grid.crs,
        "gdal_geotrans": lambda: grid.gdal_geotrans,
        "projected_bounds": lambda: grid.bounds,
        "resolution": lambda: grid.resolution[0],
        "shape": lambda: tuple(grid.shape),
    }
    if name not in found:
        raise InvalidArgument(f"GeoContext has no member {name!r}; it has: {', '.join(found)}.")
    return found[name]()


def _index_to_coords(context: Context, value: Any, row: Any, col: Any) -> tuple[float, float]:
    """World coordinates of the centre of a pixel."""
    transform: Affine = _grid(context, value).transform
    return transform.apply(float(col) + 0.5, float(row) + 0.5)


def _coords_to_index(context: Context, value: Any, x: Any, y: Any) -> tuple[int, int]:
    """Row and column of the pixel that holds a point; it may lie outside the grid."""
    col, row = _grid(context, value).transform.inverse().apply(float(x), float(y))
    return int(row // 1), int(col // 1)


def _grid(context: Context, value: Any) -> Any:
    return resolve(value).grid if isinstance(value, GeoContextValue) else context.place.grid


ROWS: dict[str, Callable[..., Any]] = {
    "GeoContext.create": _create,
    "GeoContext.from_xyz_tile": _from_tile,
    "GeoContext.from_dltile_key": _from_key,
    "GeoContext.index_to_coords": _index_to_coords,
    "GeoContext.coords_to_index": _coords_to_index,
}
