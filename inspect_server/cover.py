"""A geocontext that covers many images at their own resolution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from swath.geocontext import GeoContextValue
from swath.grid import Grid


def covering_geocontext(grids: Sequence[Grid]) -> GeoContextValue | None:
    """Where all of `grids` are: in the crs that most of them have, at their finest resolution.

    One grid for all is given exactly, so that nothing is resampled. Images in another crs than
    most are not counted. None without a grid that has a crs.
    """
    by_crs = Counter(grid.crs for grid in grids if grid.crs)
    if not by_crs:
        return None
    crs = by_crs.most_common(1)[0][0]
    chosen = list(dict.fromkeys(grid for grid in grids if grid.crs == crs))
    return _exact(chosen[0]) if len(chosen) == 1 else _union(chosen)


def _exact(grid: Grid) -> GeoContextValue:
    t = grid.transform
    return GeoContextValue(
        crs=grid.crs,
        shape=(grid.shape.y, grid.shape.x),
        transform=(t.a, t.b, t.c, t.d, t.e, t.f),
    )


def _union(grids: list[Grid]) -> GeoContextValue:
    west, south, east, north = zip(*(grid.bounds for grid in grids), strict=True)
    return GeoContextValue(
        crs=grids[0].crs,
        bounds=(min(west), min(south), max(east), max(north)),
        bounds_crs=grids[0].crs,
        resolution=min(min(map(abs, grid.resolution)) for grid in grids),
    )
