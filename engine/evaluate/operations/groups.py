"""Ops on a collection split by key: rules O5, O6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.evaluate.context import Closure, Context
from engine.evaluate.lazy import EMPTY_COLLECTION, LazyCollection, LazyGroups, LazyImage
from engine.evaluate.operations.containers import mapped
from engine.evaluate.operations.imagery import grouped_images, stack_images
from swath.errors import InvalidArgument, TypeMismatch


def _create(context: Context, collection: LazyCollection, function: Closure) -> LazyGroups:
    keys = context.force(_flat_keys(mapped(context, collection, function)))
    members: dict[Any, list[int]] = {}
    for index, key in enumerate(keys):
        try:
            members.setdefault(key, []).append(index)
        except TypeError:
            raise TypeMismatch(
                "groupby: a key must be a number, Str, Bool, Datetime or a Tuple of those."
            ).at(argument="func") from None
    groups = tuple(_group(context, collection, k, i) for k, i in members.items())
    return LazyGroups(tuple(members), groups, collection)


def _flat_keys(keys: list[Any]) -> list[Any]:
    return [tuple(k) if isinstance(k, list) else k for k in keys]


def _group(
    context: Context, collection: LazyCollection, key: Any, indices: list[int]
) -> LazyCollection:
    taken = collection.take(tuple(indices), context.planes)
    return LazyCollection(taken.bands, taken.table.with_column("group", [key] * len(indices)))


def _groups(_: Context, groups: LazyGroups) -> dict[Any, LazyCollection]:
    return dict(zip(groups.keys, groups.groups, strict=True))


def _get(context: Context, groups: LazyGroups, key: Any) -> LazyCollection:
    wanted = tuple(key) if isinstance(key, list) else key
    for known, group in zip(groups.keys, groups.groups, strict=True):
        if known == wanted:
            return group
    return EMPTY_COLLECTION


def _one(_: Context, groups: LazyGroups) -> tuple[Any, LazyCollection]:
    if not groups.keys:
        raise InvalidArgument("one: there are no groups, since the collection is empty.")
    return groups.keys[0], groups.groups[0]


def _map(context: Context, groups: LazyGroups, function: Closure) -> dict[Any, Any]:
    pairs = zip(groups.keys, groups.groups, strict=True)
    return {k: context.call(function, k, g) for k, g in pairs}


def _map_ic(context: Context, groups: LazyGroups, function: Closure) -> LazyCollection:
    """Images of all groups; collections are joined, one after the other."""
    found = _map(context, groups, function)
    if all(isinstance(v, LazyImage) for v in found.values()):
        return grouped_images(context.planes, list(found), list(found.values()))
    images = [
        LazyImage(image.bands, {**image.properties, "group": key})
        for key, value in found.items()
        for image in _images(context, value)
    ]
    return stack_images(context.planes, images)


def _images(context: Context, value: Any) -> list[LazyImage]:
    if isinstance(value, LazyImage):
        return [value]
    return [value.image(i, context.planes) for i in range(value.count)]


ROWS: dict[str, Callable[..., Any]] = {
    "ImageCollectionGroupby.create": _create,
    "ImageCollectionGroupby.groups": _groups,
    "ImageCollectionGroupby.get": _get,
    "ImageCollectionGroupby.one": _one,
    "ImageCollectionGroupby.map": _map,
    "ImageCollectionGroupby.map_ic": _map_ic,
}
