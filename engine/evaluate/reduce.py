"""Reductions of imagery over axes: table R and rules R1–R6, I12 of docs/semantics.md."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from engine.evaluate.deferred import Deferred, Fold
from engine.evaluate.lazy import (
    EMPTY_IMAGE,
    Band,
    Imagery,
    LazyCollection,
    LazyImage,
    common_properties,
)
from engine.evaluate.plane import Plane, Planes
from swath.errors import InvalidArgument

REDUCERS = ("min", "max", "mean", "median", "sum", "std", "count")
IMAGE_AXES = ("bands", "pixels")
COLLECTION_AXES = ("images", "bands", "pixels")
KEEP_KIND = frozenset({"min", "max", "first", "last"})


def axes_of(imagery: Imagery, axis: str | Sequence[str] | None) -> frozenset[str]:
    """The axes that `axis` names.

    Raises: InvalidArgument: one that the value has not, one named twice, or none.
    """
    every = IMAGE_AXES if isinstance(imagery, LazyImage) else COLLECTION_AXES
    if axis is None:
        return frozenset(every)
    named = [axis] if isinstance(axis, str) else list(axis)
    for name in named:
        if name not in every:
            raise InvalidArgument(f"axis {name!r} is not one of {', '.join(every)}.").at(
                argument="axis"
            )
    if not named or len(set(named)) < len(named):
        raise InvalidArgument("axis names no axis, or one twice.").at(argument="axis")
    return frozenset(named)


def reduce(planes: Planes, kind: str, imagery: Imagery, axis: str | Sequence[str] | None) -> Any:
    """The reduction `kind` of `imagery` over `axis`: imagery, numbers or containers of numbers.

    Raises: InvalidArgument: an unknown reducer or axis.
    """
    if kind not in REDUCERS:
        raise InvalidArgument(f"{kind!r} is not one of {', '.join(REDUCERS)}.")
    axes = axes_of(imagery, axis)
    if "pixels" in axes:
        return _to_numbers(kind, imagery, axes)
    if isinstance(imagery, LazyImage):
        return _over_bands(planes, kind, imagery)
    if axes == {"images"}:
        return over_images(planes, kind, imagery)
    if axes == {"bands"}:
        return _over_bands(planes, kind, imagery)
    return _over_images_and_bands(planes, kind, imagery)


def over_images(planes: Planes, kind: str, collection: LazyCollection) -> LazyImage:
    """One image from all of them; `first` and `last` are mosaics."""
    if collection.is_empty:
        return EMPTY_IMAGE
    bands = tuple(
        Band.of(b.name, _info(b, kind), partial(_reduced, planes, kind, b), b)
        for b in collection.bands
    )
    return LazyImage(bands, common_properties(collection.table))


def _reduced(planes: Planes, kind: str, band: Band) -> Plane:
    return planes.reduce(kind, [band.plane])


def _info(band: Band, kind: str) -> dict[str, Any]:
    if kind in KEEP_KIND:
        return dict(band.info)
    kept = {k: v for k, v in band.info.items() if k not in ("data_range", "dtype")}
    return {**kept, "kind": "physical"}


def _over_bands(planes: Planes, kind: str, imagery: Imagery) -> Imagery:
    if imagery.is_empty:
        return imagery
    bands = imagery.bands
    band = Band.of(
        kind, {"name": kind}, lambda: planes.fold(kind, [b.plane for b in bands]), *bands
    )
    if isinstance(imagery, LazyImage):
        return LazyImage((band,), imagery.properties)
    return LazyCollection((band,), imagery.table)


def _over_images_and_bands(planes: Planes, kind: str, collection: LazyCollection) -> LazyImage:
    if collection.is_empty:
        return EMPTY_IMAGE
    bands = collection.bands
    band = Band.of(
        kind, {"name": kind}, lambda: planes.reduce(kind, [b.plane for b in bands]), *bands
    )
    return LazyImage((band,), common_properties(collection.table))


def _to_numbers(kind: str, imagery: Imagery, axes: frozenset[str]) -> Any:
    """Numbers from pixels (rows of table R that give Float, Dict or List)."""
    each = isinstance(imagery, LazyCollection) and "images" not in axes
    if imagery.is_empty:
        return _of_nothing(kind, each, axes)
    count = imagery.count if isinstance(imagery, LazyCollection) else 1
    if "bands" in axes:
        fold = Fold(kind, tuple(b.plane for b in imagery.bands), each)
        return [Deferred(fold, i) for i in range(count)] if each else Deferred(fold, 0)
    folds = {b.name: Fold(kind, (b.plane,), each) for b in imagery.bands}
    if not each:
        return {name: Deferred(fold, 0) for name, fold in folds.items()}
    return [{name: Deferred(fold, i) for name, fold in folds.items()} for i in range(count)]


def _of_nothing(kind: str, each: bool, axes: frozenset[str]) -> Any:
    if each:
        return []
    if "bands" not in axes:
        return {}
    return 0.0 if kind == "count" else None


def mosaic(planes: Planes, imagery: Imagery, reverse: bool) -> LazyImage:
    """The last valid value of each pixel; the first with `reverse` (R6)."""
    if isinstance(imagery, LazyImage):
        return imagery
    return over_images(planes, "first" if reverse else "last", imagery)
