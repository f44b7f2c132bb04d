"""Ops on images and collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from engine.evaluate import bands, elementwise, reduce
from engine.evaluate.batch import ImageBatch
from engine.evaluate.context import Closure, Context
from engine.evaluate.deferred import Deferred, Sample
from engine.evaluate.lazy import (
    EMPTY_COLLECTION,
    Band,
    Imagery,
    LazyCollection,
    LazyGroups,
    LazyImage,
    PropertyTable,
    common,
)
from engine.evaluate.plane import Planes
from swath.errors import InvalidArgument, TypeMismatch
from swath.grid import Grid


def _pick(context: Context, imagery: Imagery, *names: str, allow_missing: bool = False) -> Imagery:
    return _pick_list(context, imagery, names, allow_missing)


def _pick_list(
    context: Context, imagery: Imagery, names: Sequence[str], allow_missing: bool = False
) -> Imagery:
    listed = [name for text in names for name in text.split()]
    if not listed:
        raise InvalidArgument("pick_bands names no band.").at(argument="bands")
    return bands.pick(imagery, listed, allow_missing)


def _rename(context: Context, imagery: Imagery, names: Mapping[str, str]) -> Imagery:
    return bands.rename_some(imagery, names)


def _rename_positionally(context: Context, imagery: Imagery, names: Sequence[str]) -> Imagery:
    return bands.rename(imagery, list(names))


def _concat_bands(context: Context, left: Imagery, right: Imagery) -> Imagery:
    return bands.concat(context.planes, left, right)


def _mask(context: Context, imagery: Imagery, by: Any, replace: bool = False) -> Imagery:
    if not isinstance(by, LazyImage | LazyCollection):
        raise TypeMismatch("mask needs an Image or ImageCollection.").at(argument="mask")
    return bands.mask(context.planes, imagery, by, bool(replace))


def _getmask(context: Context, imagery: Imagery) -> Imagery:
    return bands.getmask(context.planes, imagery)


def _where(context: Context, condition: Any, x: Any, y: Any) -> Any:
    if isinstance(condition, LazyImage | LazyCollection):
        return bands.where(context.planes, condition, x, y)
    if isinstance(condition, elementwise.Column):
        raise TypeMismatch("where needs an Image, ImageCollection or Bool as its condition.")
    return x if context.decide(condition) else y


def _clip(context: Context, imagery: Imagery, min: Any = None, max: Any = None) -> Imagery:
    return bands.clip(context.planes, imagery, min, max)


def _scale(
    context: Context, imagery: Imagery, low: Any, high: Any, start: Any = None, end: Any = None
) -> Imagery:
    return bands.scale(context.planes, imagery, low, high, start, end)


def _normalized_difference(context: Context, x: Any, y: Any) -> Imagery:
    return bands.normalized_difference(context.planes, x, y)


def _nbands(context: Context, imagery: Imagery) -> int:
    return len(imagery.bands)


def reduction(kind: str, context: Context, value: Any, axis: Any = None) -> Any:
    """`value.kind(axis)` of imagery, of each group, or of a list of numbers."""
    if isinstance(value, LazyImage | LazyCollection):
        return reduce.reduce(context.planes, kind, value, axis)
    if isinstance(value, LazyGroups):
        return _of_groups(kind, context, value, axis)
    raise TypeMismatch(f"`{kind}` takes an Image, ImageCollection or ImageCollectionGroupby.")


def _named_reduction(context: Context, value: Any, operation: str, axis: Any = None) -> Any:
    return reduction(operation, context, value, axis)


def _of_groups(kind: str, context: Context, groups: LazyGroups, axis: Any) -> Any:
    reduced = [reduction(kind, context, g, axis) for g in groups.groups]
    if all(isinstance(r, LazyImage) for r in reduced):
        return grouped_images(context.planes, groups.keys, reduced)
    return dict(zip(groups.keys, reduced, strict=True))


def grouped_images(
    planes: Planes, keys: Sequence[Any], images: Sequence[LazyImage]
) -> LazyCollection:
    """One image for each group, each with its `group` (O6)."""
    marked = [
        LazyImage(i.bands, {**i.properties, "group": k})
        for k, i in zip(keys, images, strict=True)
        if not i.is_empty
    ]
    return stack_images(planes, marked)


def _mosaic(context: Context, value: Any, reverse: bool = False) -> Any:
    if isinstance(value, LazyGroups):
        images = [reduce.mosaic(context.planes, g, bool(reverse)) for g in value.groups]
        return grouped_images(context.planes, value.keys, images)
    return reduce.mosaic(context.planes, value, bool(reverse))


def stack_images(planes: Planes, images: Sequence[LazyImage]) -> LazyCollection:
    """A collection of the images given.

    Raises: InvalidArgument: they have different bands.
    """
    if not images or all(i.is_empty for i in images):
        return EMPTY_COLLECTION
    names = [b.name for b in images[0].bands]
    for index, image in enumerate(images):
        if [b.name for b in image.bands] != names:
            got = " ".join(b.name for b in image.bands) or "none"
            raise InvalidArgument(
                f"A collection's images have the same bands: image 0 has {' '.join(names)}, "
                f"image {index} has {got}."
            )
    columns = list(zip(*(i.bands for i in images), strict=True))
    stacked = tuple(_stacked_band(planes, column) for column in columns)
    return LazyCollection(stacked, PropertyTable.of([i.properties for i in images]))


def _stacked_band(planes: Planes, column: tuple[Band, ...]) -> Band:
    info = common([b.info for b in column])
    return Band.of(column[0].name, info, lambda: planes.stack([b.plane for b in column]), *column)


def _from_images(context: Context, images: Sequence[LazyImage]) -> LazyCollection:
    return stack_images(context.planes, images)


def _concat(context: Context, *parts: Any) -> LazyCollection:
    flat: list[LazyImage] = []
    for part in parts:
        if isinstance(part, LazyCollection):
            flat.extend(part.image(i, context.planes) for i in range(part.count))
        else:
            flat.append(part)
    return stack_images(context.planes, flat)


def map_images(context: Context, value: LazyCollection, function: Closure) -> LazyCollection:
    """The collection of what the function makes of each image."""
    if value.count == 0:
        return EMPTY_COLLECTION
    result = context.map(function, value)
    if isinstance(result, ImageBatch):
        return result.collection
    return stack_images(context.planes, list(result.items))


def _map_bands(context: Context, imagery: Imagery, function: Closure) -> dict[str, Any]:
    found = {}
    for band in imagery.bands:
        one = elementwise.with_bands(imagery, (band,))
        found[band.name] = context.call(function, band.name, one)
    return found


def _map_bands_imagery(context: Context, imagery: Imagery, function: Closure) -> Imagery:
    parts = list(_map_bands(context, imagery, function).values())
    if not parts:
        return imagery
    whole: Imagery = parts[0]
    for part in parts[1:]:
        whole = bands.concat(context.planes, whole, part)
    return elementwise.with_bands(imagery, whole.bands) if _is_alike(imagery, whole) else whole


def _is_alike(one: Imagery, other: Imagery) -> bool:
    if isinstance(one, LazyCollection) and isinstance(other, LazyCollection):
        return one.count == other.count
    return isinstance(one, LazyImage) and isinstance(other, LazyImage)


def _head(context: Context, value: LazyCollection, n: int) -> LazyCollection:
    return value.take(range(min(_size(n), value.count)), context.planes)


def _tail(context: Context, value: LazyCollection, n: int) -> LazyCollection:
    return value.take(range(max(value.count - _size(n), 0), value.count), context.planes)


def _size(n: Any) -> int:
    if n < 0:
        raise InvalidArgument("head and tail need a number of images from 0.").at(argument="n")
    return int(n)


def _value_at(context: Context, imagery: Imagery, x: Any, y: Any) -> Any:
    """Values of the pixel that holds (x, y), by band name (W7)."""
    count = imagery.count if isinstance(imagery, LazyCollection) else 1
    column, row = pixel_at(context.place.grid, *context.force([x, y]))
    grid = context.place.grid
    is_inside = 0 <= row < grid.shape.y and 0 <= column < grid.shape.x
    found: list[dict[str, Any]] = [{} for _ in range(count)]
    for band in imagery.bands:
        sample = Sample(band.plane, row, column) if is_inside and count else None
        for i in range(count):
            found[i][band.name] = Deferred(sample, i) if sample else None
    return found if isinstance(imagery, LazyCollection) else found[0]


def pixel_at(grid: Grid, x: float, y: float) -> tuple[int, int]:
    """Column and row of the pixel that holds the point; (-1, -1) where there is none.

    Raises: InvalidArgument: x or y has no value.
    """
    if x is None or y is None:
        raise InvalidArgument("value_at needs numbers.").at(op="value_at")
    column, row = grid.transform.inverse().apply(float(x), float(y))
    if not (0 <= column < 2**31 and 0 <= row < 2**31):
        return -1, -1
    return int(column), int(row)


def _with_properties(context: Context, image: LazyImage, **properties: Any) -> LazyImage:
    return LazyImage(image.bands, {**image.properties, **properties})


def _without_properties(context: Context, image: LazyImage, *keys: str) -> LazyImage:
    return LazyImage(image.bands, {k: v for k, v in image.properties.items() if k not in keys})


def _with_bandinfo(context: Context, imagery: Imagery, band: str, **info: Any) -> Imagery:
    return _changed_info(imagery, band, lambda known: {**known, **info})


def _without_bandinfo(context: Context, imagery: Imagery, band: str, *keys: str) -> Imagery:
    return _changed_info(imagery, band, lambda k: {n: v for n, v in k.items() if n not in keys})


def _changed_info(imagery: Imagery, name: str, change: Callable[[Any], Any]) -> Imagery:
    if imagery.is_empty:
        return imagery
    if name not in [b.name for b in imagery.bands]:
        raise bands.band_not_found(name, [b.name for b in imagery.bands])
    changed = (
        Band(b.name, change(b.info), b.pixels) if b.name == name else b for b in imagery.bands
    )
    return elementwise.with_bands(imagery, tuple(changed))


ROWS: dict[str, Callable[..., Any]] = {
    **{kind: partial(reduction, kind) for kind in reduce.REDUCERS},
    "reduction": _named_reduction,
    "mosaic": _mosaic,
    "pick_bands": _pick,
    "pick_bands_list": _pick_list,
    "rename_bands": _rename,
    "rename_bands_positionally": _rename_positionally,
    "concat_bands": _concat_bands,
    "concat": _concat,
    "map_bands": _map_bands,
    "map_bands_imagery": _map_bands_imagery,
    "map_imagery": map_images,
    "mask": _mask,
    "getmask": _getmask,
    "where": _where,
    "clip_values": _clip,
    "scale_values": _scale,
    "normalized_difference": _normalized_difference,
    "nbands": _nbands,
    "value_at": _value_at,
    "with_properties": _with_properties,
    "without_properties": _without_properties,
    "with_bandinfo": _with_bandinfo,
    "without_bandinfo": _without_bandinfo,
    "ImageCollection.from_images": _from_images,
    "ImageCollection.head": _head,
    "ImageCollection.tail": _tail,
}
