"""Elementwise ops on imagery: which bands meet, how the result is called, what dtype it has.

Rules I4–I7 and D2–D7 of docs/semantics.md. Nothing here touches a pixel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.evaluate import dtypes
from engine.evaluate.deferred import Deferred, Number
from engine.evaluate.lazy import (
    EMPTY_COLLECTION,
    EMPTY_IMAGE,
    Band,
    Imagery,
    Info,
    LazyCollection,
    LazyImage,
    PropertyTable,
    common,
)
from engine.evaluate.plane import Plane, Planes, ScalarPlane
from engine.evaluate.program import COMPARISONS
from swath.errors import InvalidArgument

LONGEST_NAME = 64
STEPS = {"div": "truediv"}
"""Ops whose step has another name."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number for each image of a collection, while a function is mapped over it."""

    items: Sequence[Any]


Operand = Imagery | Column | Number


def combined_name(op: str, left: str, right: str) -> str:
    """The band name of a combination of two named bands (I5)."""
    if left == right:
        return left
    name = f"{left}_{op}_{right}"
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:55]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def binary(planes: Planes, op: str, left: Operand, right: Operand) -> Imagery:
    """`left op right`, at least one of them imagery.

    Raises:
        InvalidArgument: the numbers of bands or images do not fit. TypeMismatch: floats in logic.
    """
    both = (left, right)
    imagery = [o for o in both if isinstance(o, LazyImage | LazyCollection)]
    if any(o.is_empty for o in imagery):
        return _empty(imagery)
    bands = tuple(_combined(planes, op, a, b, len(imagery)) for a, b in _pairs(op, left, right))
    return _assemble(op, bands, imagery)


def unary(planes: Planes, op: str, operand: Imagery) -> Imagery:
    """`op(operand)` band by band."""
    if op == "pos" or operand.is_empty:
        return operand
    bands = tuple(
        Band.of(b.name, computed_info(b.info, op), partial(_applied, planes, op, b), b)
        for b in operand.bands
    )
    return with_bands(operand, bands)


def _applied(planes: Planes, op: str, band: Band) -> Plane:
    return step(planes, op, [band.plane])


def step(planes: Planes, op: str, args: Sequence[Plane]) -> Plane:
    """One elementwise op on planes, in the dtype that the D rules give."""
    pixels = [a.dtype for a in args if not isinstance(a, ScalarPlane)]
    numbers = [known(n) for a in args if isinstance(a, ScalarPlane) for n in a.numbers]
    name = STEPS.get(op, op)
    if name in COMPARISONS:
        compute = dtypes.compare_dtype(pixels, numbers)
    elif name in dtypes.LOGIC:
        compute = dtypes.logic_dtype(op, pixels, numbers)
    elif name in ("mask", "mask_replace"):
        compute = args[0].dtype
    elif name == "getmask":
        compute = "bool"
    else:
        compute = dtypes.float_class_of(pixels)
    return planes.map(name, args, compute)


def known(number: Number) -> float:
    """A stand-in of the right kind for a number that is not known yet: a Float."""
    return 0.0 if number is None or isinstance(number, Deferred) else number


def computed_info(info: Info, op: str) -> dict[str, Any]:
    """Bandinfo after an elementwise op (I6)."""
    logical = op in COMPARISONS or op in dtypes.LOGIC or op == "getmask"
    kept = {k: v for k, v in info.items() if k not in ("data_range", "dtype")}
    return {**kept, "kind": "flag" if logical else "physical"}


def with_bands(imagery: Imagery, bands: tuple[Band, ...]) -> Imagery:
    """The same images with other bands."""
    if isinstance(imagery, LazyImage):
        return LazyImage(bands, imagery.properties)
    return LazyCollection(bands, imagery.table)


def pair_bands(op: str, left: Imagery, right: Imagery) -> list[tuple[Band, Band, str]]:
    """Bands that meet, with the name of their result (I4, I5).

    Raises:
        InvalidArgument: both sides have several bands, and not equally many.
    """
    a, b = left.bands, right.bands
    if len(a) == len(b):
        return [(x, y, combined_name(op, x.name, y.name)) for x, y in zip(a, b, strict=True)]
    if len(b) == 1:
        return [(x, b[0], x.name) for x in a]
    if len(a) == 1:
        return [(a[0], y, y.name) for y in b]
    raise InvalidArgument(
        f"`{op}` cannot combine {len(a)} bands ({_names(a)}) with {len(b)} ({_names(b)}): "
        "pick equally many on both sides, or one."
    ).at(op=op)


def check_counts(op: str, left: Imagery, right: Imagery) -> None:
    """Raise InvalidArgument unless two collections have equally many images (I7)."""
    counts = [o.count for o in (left, right) if isinstance(o, LazyCollection)]
    if len(set(counts)) > 1:
        raise InvalidArgument(
            f"`{op}` pairs collections image by image; here are {counts[0]} and {counts[1]} images."
        ).at(op=op)


def _names(bands: Sequence[Band]) -> str:
    names = " ".join(b.name for b in bands[:8])
    return names if len(bands) <= 8 else names + " …"


def _empty(imagery: Sequence[Imagery]) -> Imagery:
    several = any(isinstance(o, LazyCollection) for o in imagery)
    return EMPTY_COLLECTION if several else EMPTY_IMAGE


Side = Band | Column | Number


def _pairs(op: str, left: Operand, right: Operand) -> list[tuple[Side, Side]]:
    if isinstance(left, LazyImage | LazyCollection):
        if isinstance(right, LazyImage | LazyCollection):
            check_counts(op, left, right)
            return [(a, b.renamed(name)) for a, b, name in pair_bands(op, left, right)]
        return [(a, right) for a in left.bands]
    assert isinstance(right, LazyImage | LazyCollection)
    return [(left, b) for b in right.bands]


def _combined(planes: Planes, op: str, left: Side, right: Side, sides: int) -> Band:
    bands = [s for s in (left, right) if isinstance(s, Band)]
    info = common([b.info for b in bands]) if sides > 1 else bands[0].info
    # With two sides, `_pairs` has put the result's name on the right one.
    name = bands[-1].name

    def make() -> Plane:
        return step(planes, op, [plane_of(planes, left), plane_of(planes, right)])

    return Band.of(name, {**computed_info(info, op), "name": name}, make, *bands)


def plane_of(planes: Planes, side: Side) -> Plane:
    """The plane of a band, of a number, or of one number for each image."""
    if isinstance(side, Band):
        return side.plane
    if isinstance(side, Column):
        return planes.scalar(tuple(side.items))
    return planes.scalar((side,))


def _assemble(op: str, bands: tuple[Band, ...], imagery: Sequence[Imagery]) -> Imagery:
    collections = [o for o in imagery if isinstance(o, LazyCollection)]
    if not collections:
        images = [o for o in imagery if isinstance(o, LazyImage)]
        return LazyImage(bands, common([i.properties for i in images]))
    return LazyCollection(bands, merged_properties(imagery))


def merged_properties(imagery: Sequence[Imagery]) -> PropertyTable:
    """Properties of images combined with images, pair by pair (I6)."""
    tables = [o.table for o in imagery if isinstance(o, LazyCollection)]
    images = [o.properties for o in imagery if isinstance(o, LazyImage)]
    if not images and all(t is tables[0] for t in tables):
        return tables[0]
    rows = zip(*tables, strict=True)
    return PropertyTable.of([common([*row, *images]) for row in rows])
