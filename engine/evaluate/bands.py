"""Ops on bands: picking, naming, concatenating, masking, choosing (I8–I10, M3–M6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from engine.evaluate import dtypes, elementwise
from engine.evaluate.deferred import Number, apply
from engine.evaluate.elementwise import Operand, check_counts, step, with_bands
from engine.evaluate.lazy import (
    Band,
    Imagery,
    LazyCollection,
    LazyImage,
    common,
)
from engine.evaluate.plane import Plane, Planes
from swath.errors import BandNotFound, InvalidArgument


def pick(imagery: Imagery, names: Sequence[str], allow_missing: bool) -> Imagery:
    """The bands named, in that order (I8).

    Raises:
        BandNotFound: a band is missing and `allow_missing` is False.
        InvalidArgument: a name is given twice.
    """
    if imagery.is_empty:
        return imagery
    known = {b.name: b for b in imagery.bands}
    missing = [n for n in names if n not in known]
    if missing and not allow_missing:
        raise band_not_found(missing[0], list(known))
    if len(set(names)) < len(names):
        raise InvalidArgument(f"pick_bands names a band twice: {' '.join(names)}.")
    return with_bands(imagery, tuple(known[n] for n in names if n in known))


def band_not_found(band: str, available: Sequence[str]) -> BandNotFound:
    """The error that a band is missing, naming those there are."""
    return BandNotFound(
        f"There is no band {band!r}; there are: {' '.join(available[:32])}.",
        band=band,
        available=" ".join(available),
    )


def rename(imagery: Imagery, names: Sequence[str]) -> Imagery:
    """All bands under new names, by position."""
    if imagery.is_empty:
        return imagery
    if len(names) != len(imagery.bands):
        raise InvalidArgument(
            f"rename_bands gives {len(names)} names to {len(imagery.bands)} bands."
        )
    if len(set(names)) < len(names):
        raise InvalidArgument(f"rename_bands gives a name twice: {' '.join(names)}.")
    bands = zip(imagery.bands, names, strict=True)
    return with_bands(imagery, tuple(b.renamed(n) for b, n in bands))


def rename_some(imagery: Imagery, new_names: Mapping[str, str]) -> Imagery:
    """The bands that are keys of `new_names` under the names given."""
    if imagery.is_empty:
        return imagery
    known = [b.name for b in imagery.bands]
    for old in new_names:
        if old not in known:
            raise band_not_found(old, known)
    return rename(imagery, [new_names.get(n, n) for n in known])


def concat(planes: Planes, left: Imagery, right: Imagery) -> Imagery:
    """The bands of both, left first; taken names get `_1`, `_2`, … (I9)."""
    if left.is_empty or right.is_empty:
        return elementwise.binary(planes, "concat_bands", left, right)
    check_counts("concat_bands", left, right)
    bands = list(left.bands)
    for band in right.bands:
        bands.append(band.renamed(_free_name(band.name, {b.name for b in bands})))
    collections = [o for o in (left, right) if isinstance(o, LazyCollection)]
    if not collections:
        assert isinstance(left, LazyImage)
        assert isinstance(right, LazyImage)
        return LazyImage(tuple(bands), common([left.properties, right.properties]))
    count = collections[0].count
    spread = tuple(_spread(planes, b, count) for b in bands)
    return LazyCollection(spread, elementwise.merged_properties([left, right]))


def _spread(planes: Planes, band: Band, count: int) -> Band:
    return Band.of(band.name, band.info, lambda: planes.repeat(band.plane, count), band)


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def mask(planes: Planes, imagery: Imagery, by: Imagery, replace: bool) -> Imagery:
    """`imagery` masked where `by` is true; its names, properties and bandinfo stay (M4, M5)."""
    if imagery.is_empty or by.is_empty:
        return elementwise.binary(planes, "mask", imagery, by)
    check_counts("mask", imagery, by)
    pairs = elementwise.pair_bands("mask", imagery, by)
    if len(pairs) > len(imagery.bands):
        raise InvalidArgument(
            f"mask has {len(by.bands)} bands for an image with one: pick one of them."
        ).at(op="mask", argument="mask")
    op = "mask_replace" if replace else "mask"
    bands = tuple(
        Band.of(x.name, x.info, partial(_stepped, planes, op, x, m), x, m) for x, m, _ in pairs
    )
    return _spread_over(planes, imagery, by, bands)


def _stepped(planes: Planes, op: str, left: Band, right: Band) -> Plane:
    return step(planes, op, [left.plane, right.plane])


def _spread_over(planes: Planes, imagery: Imagery, by: Imagery, bands: tuple[Band, ...]) -> Imagery:
    """`imagery` with other bands; a collection if `by` is one."""
    if isinstance(imagery, LazyImage) and isinstance(by, LazyCollection):
        table = elementwise.merged_properties([imagery, by])
        return LazyCollection(bands, table)
    return with_bands(imagery, bands)


def getmask(planes: Planes, imagery: Imagery) -> Imagery:
    """The mask of each band as bool pixels (M6)."""
    return elementwise.unary(planes, "getmask", imagery)


def where(planes: Planes, condition: Imagery, x: Operand, y: Operand) -> Imagery:
    """`x` where `condition` is true, else `y` (M3, D7); named as `condition op x` would be."""
    imagery = [o for o in (condition, x, y) if isinstance(o, LazyImage | LazyCollection)]
    if any(o.is_empty for o in imagery):
        return elementwise.binary(
            planes, "where", imagery[0], next(o for o in imagery if o.is_empty)
        )
    sides = [o for o in (x, y) if isinstance(o, LazyImage | LazyCollection)]
    shape = elementwise.binary(planes, "where", sides[0], sides[-1]) if sides else condition
    whole = elementwise.binary(planes, "where", shape, condition)
    names = shape if len(shape.bands) >= len(whole.bands) else whole
    bands = tuple(
        Band.of(n.name, w.info, partial(_choose, planes, condition, x, y, i), *_used(imagery, i))
        for i, (w, n) in enumerate(zip(whole.bands, names.bands, strict=True))
    )
    return with_bands(whole, bands)


def _used(imagery: Sequence[Imagery], index: int) -> list[Band]:
    return [o.bands[index if len(o.bands) > 1 else 0] for o in imagery]


def _choose(planes: Planes, condition: Imagery, x: Operand, y: Operand, index: int) -> Plane:
    args = [_side(planes, o, index) for o in (condition, x, y)]
    pixels = [
        a.dtype
        for a, o in zip(args[1:], (x, y), strict=True)
        if isinstance(o, LazyImage | LazyCollection)
    ]
    return planes.map("where", args, _chosen_dtype(pixels, [x, y]))


def _chosen_dtype(pixels: Sequence[str], sides: Sequence[Operand]) -> str:
    numbers = [n for s in sides for n in _numbers(s)]
    if not pixels:
        kinds = {type(n) for n in numbers}
        return "bool" if kinds == {bool} else "int64" if kinds <= {bool, int} else "float64"
    dtype = dtypes.promote_all(pixels)
    if dtypes.is_float(dtype):
        return dtype
    if any(isinstance(n, float) or not dtypes.fits(n, dtype) for n in numbers):
        whole = all(isinstance(n, int) for n in numbers)
        return "int64" if whole and dtype != "uint64" else dtypes.float_class_of([dtype])
    return dtype


def _numbers(side: Operand) -> list[float]:
    if isinstance(side, LazyImage | LazyCollection):
        return []
    many: Sequence[Number] = side.items if isinstance(side, elementwise.Column) else (side,)
    return [elementwise.known(n) for n in many]


def _side(planes: Planes, side: Operand, index: int) -> Plane:
    if isinstance(side, LazyImage | LazyCollection):
        return side.bands[index if len(side.bands) > 1 else 0].plane
    return elementwise.plane_of(planes, side)


def clip(planes: Planes, imagery: Imagery, low: Any, high: Any) -> Imagery:
    """Values limited to [low, high]; each may be None, a number, or one number for each band.

    Raises: InvalidArgument: neither is given, or a list has the wrong length.
    """
    if low is None and high is None:
        raise InvalidArgument("clip_values needs min, max or both.").at(op="clip_values")

    def clipped(plane: Plane, index: int) -> Plane:
        for op, limit in (("maximum", low), ("minimum", high)):
            number = per_band(limit, index, len(imagery.bands), "clip_values")
            if number is not None:
                plane = step(planes, op, [plane, elementwise.plane_of(planes, number)])
        return plane

    return map_planes(imagery, clipped, "clip_values")


def scale(
    planes: Planes, imagery: Imagery, low: Number, high: Number, start: Number, end: Number
) -> Imagery:
    """Values mapped linearly so that [start, end] becomes [low, high]; not clipped.

    Absent `start` and `end` are the band's `data_range`.
    Raises: InvalidArgument: a band has no `data_range`, or start equals end.
    """
    domains = [_domain(b, start, end) for b in imagery.bands]

    def scaled(plane: Plane, index: int) -> Plane:
        first, last = domains[index]
        steps = (
            ("sub", first),
            ("truediv", apply(_difference, last, first)),
            ("mul", apply(_difference, high, low)),
            ("add", low),
        )
        for op, number in steps:
            plane = step(planes, op, [plane, planes.scalar((number,))])
        return plane

    return map_planes(imagery, scaled, "scale_values")


def _difference(end: Any, start: Any) -> float | None:
    return None if end is None or start is None else float(end) - float(start)


def _domain(band: Band, start: Any, end: Any) -> tuple[Any, Any]:
    known = band.info.get("data_range", (None, None))
    first = known[0] if start is None else start
    last = known[1] if end is None else end
    if first is None or last is None:
        raise InvalidArgument(
            f"scale_values: band {band.name!r} has no data_range; give domain_min and domain_max."
        ).at(op="scale_values")
    if first == last:
        raise InvalidArgument("scale_values: domain_min equals domain_max.").at(op="scale_values")
    return first, last


def map_planes(imagery: Imagery, function: Callable[[Plane, int], Plane], op: str) -> Imagery:
    """Each band's plane through `function(plane, band index)`, bandinfo as computed by `op`."""
    bands = tuple(
        Band.of(b.name, elementwise.computed_info(b.info, op), partial(_through, function, b, i), b)
        for i, b in enumerate(imagery.bands)
    )
    return with_bands(imagery, bands)


def per_band(value: Any, index: int, count: int, op: str) -> Any:
    """A number, or the element of a list with one for each band."""
    if not isinstance(value, list | tuple):
        return value
    if len(value) != count:
        raise InvalidArgument(f"{op}: {len(value)} numbers for {count} bands.").at(op=op)
    return value[index]


def _through(function: Callable[[Plane, int], Plane], band: Band, index: int) -> Plane:
    return function(band.plane, index)


def normalized_difference(planes: Planes, x: Imagery, y: Imagery) -> Imagery:
    """(x − y) / (x + y), named as any combination."""
    if x.is_empty or y.is_empty:
        return elementwise.binary(planes, "normalized_difference", x, y)
    difference = elementwise.binary(planes, "sub", x, y)
    total = elementwise.binary(planes, "add", x, y)
    named = [n for _, _, n in elementwise.pair_bands("normalized_difference", x, y)]
    return rename(elementwise.binary(planes, "div", difference, total), named)
