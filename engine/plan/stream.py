"""Reductions over many images that take them some at a time, so that few are held at once.

A mosaic or mean of ten thousand images needs room for a few and for its totals. Whatever leads from
the sources to the reduction is planned once for each part of the images; the reduction is fed part
by part, in order, which gives the same bits as all at once (R4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.evaluate.plane import (
    FoldPlane,
    MapPlane,
    Plane,
    Planes,
    ReadPlane,
    ReducePlane,
    ScalarPlane,
    arguments,
)

IMAGES_AT_ONCE = 16
"""Images in a part: enough that the work on them outweighs starting it (some 50 µs a part)."""


@dataclass(frozen=True, eq=False)
class Cone:
    """What leads to some reductions of the same images, and to nothing else."""

    reductions: tuple[ReducePlane, ...]
    inputs: tuple[Plane, ...]
    """Planes of one image that every part uses; made before, once."""
    parts: tuple[tuple[Plane, ...], ...]
    """For each part of the images, the arguments of all reductions, in order."""


@dataclass(eq=False)
class _Group:
    """Reductions of one depth that share planes of images."""

    depth: int
    reductions: list[ReducePlane]
    inside: dict[int, Plane]


def cones(order: Sequence[Plane], wanted: Iterable[Plane]) -> list[Cone]:
    """The reductions among `order` that can be fed part by part.

    Not the median, which needs all samples at once, and none whose images are also held for
    something else: computing those twice would cost more.
    """
    depths = _depths(order)
    groups: list[_Group] = []
    for plane in order:
        if isinstance(plane, ReducePlane) and _can_stream(plane):
            inside = _inside(plane)
            if inside is not None:
                groups = _joined(groups, _Group(depths[id(plane)], [plane], inside))
    return [_cone(g) for g in _closed(groups, order, wanted)]


def _depths(order: Sequence[Plane]) -> dict[int, int]:
    """How many reductions over images lie below each plane: equal ones do not need each other."""
    depths: dict[int, int] = {}
    for plane in order:
        below = max((depths.get(id(a), 0) for a in arguments(plane)), default=0)
        depths[id(plane)] = below + isinstance(plane, ReducePlane)
    return depths


def _can_stream(plane: ReducePlane) -> bool:
    counts = {a.count for a in plane.args}
    dtypes = {a.dtype for a in plane.args}
    few = len(counts) > 1 or max(counts) <= IMAGES_AT_ONCE
    return plane.kind != "median" and len(dtypes) == 1 and not few


def _inside(plane: ReducePlane) -> dict[int, Plane] | None:
    """The planes of all images between sources and reduction; None where they cannot be parted."""
    count = plane.args[0].count
    inside: dict[int, Plane] = {}
    pending = list(plane.args)
    while pending:
        node = pending.pop()
        if id(node) in inside or node.count != count:
            continue
        if not isinstance(node, ReadPlane | ScalarPlane | MapPlane | FoldPlane):
            return None
        inside[id(node)] = node
        pending.extend(arguments(node))
    return inside


def _joined(groups: Sequence[_Group], new: _Group) -> list[_Group]:
    """The groups with a new one, made one with those that it shares planes with."""
    apart = []
    for group in groups:
        if group.depth == new.depth and _shares(group.inside, new.inside):
            reductions = [*group.reductions, *new.reductions]
            new = _Group(new.depth, reductions, {**group.inside, **new.inside})
        else:
            apart.append(group)
    return [*apart, new]


def _shares(one: dict[int, Plane], other: dict[int, Plane]) -> bool:
    return any(key in one for key, p in other.items() if not isinstance(p, ScalarPlane))


def _closed(
    groups: Sequence[_Group], order: Sequence[Plane], wanted: Iterable[Plane]
) -> list[_Group]:
    """The groups whose planes are used by such groups only."""
    users: dict[int, list[Plane]] = {}
    for plane in order:
        for arg in arguments(plane):
            users.setdefault(id(arg), []).append(plane)
    is_wanted = {id(p) for p in wanted}
    left = list(groups)
    while True:
        own = {key for g in left for key in (*g.inside, *map(id, g.reductions))}
        kept = [g for g in left if _is_used_by(own, g, users) and not is_wanted & set(g.inside)]
        if len(kept) == len(left):
            return kept
        left = kept


def _is_used_by(own: set[int], group: _Group, users: dict[int, list[Plane]]) -> bool:
    pixels = [k for k, p in group.inside.items() if not isinstance(p, ScalarPlane)]
    return all(id(u) in own for key in pixels for u in users.get(key, ()))


def _cone(group: _Group) -> Cone:
    inputs = {
        id(a): a
        for plane in group.inside.values()
        for a in arguments(plane)
        if id(a) not in group.inside and not isinstance(a, ScalarPlane)
    }
    args = [a for r in group.reductions for a in r.args]
    planes, count = Planes(), args[0].count
    starts = range(0, count, IMAGES_AT_ONCE)
    ranges = [tuple(range(s, min(s + IMAGES_AT_ONCE, count))) for s in starts]
    parts = tuple(tuple(planes.take(a, images) for a in args) for images in ranges)
    return Cone(tuple(group.reductions), tuple(inputs.values()), parts)
