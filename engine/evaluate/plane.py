"""Planes: the pixels that an expression stands for, one band of n images at a time, unread.

A plane is a node of a directed acyclic graph. A collection is one node for all its images, however
many; a function mapped over it is one chain of nodes. Nodes are compared by identity and made by
`Planes`, which gives the same node for the same content, so shared work is done once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.evaluate import dtypes
from engine.evaluate.deferred import Number
from engine.evaluate.located import Place

Source = Any
"""An `Asset` or an in-memory source of `engine.sources`; has `dtype_read` and `kind`."""


@dataclass(frozen=True, eq=False)
class ReadPlane:
    """Pixels of one asset for each image."""

    sources: tuple[Source | None, ...]
    """One for each image; None: no such file, wholly masked."""
    resampling: str
    dtype: str
    origin: Place | None = None
    """The node that asked for these images; errors of reading name it."""

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.sources)


@dataclass(frozen=True, eq=False)
class ScalarPlane:
    """One number for each image (or one for all), the same at every pixel; weak (D4)."""

    numbers: tuple[Number, ...]

    @property
    def count(self) -> int:
        """Number of images, 1 for a number used with all."""
        return len(self.numbers)

    @cached_property
    def dtype(self) -> str:
        """Of the numbers themselves: bool, int64 or float64."""
        kinds = {type(n) for n in self.numbers}
        if kinds <= {bool}:
            return "bool"
        return "int64" if kinds <= {bool, int} else "float64"


@dataclass(frozen=True, eq=False)
class MapPlane:
    """An elementwise op; arguments of count 1 are used with every image."""

    op: str
    args: tuple[Plane, ...]
    compute: str
    """dtype that the step computes in."""
    dtype: str
    count: int


@dataclass(frozen=True, eq=False)
class StackPlane:
    """The images of several planes, one after the other."""

    args: tuple[Plane, ...]
    dtype: str
    count: int


@dataclass(frozen=True, eq=False)
class TakePlane:
    """Some images of a plane, in the order given."""

    args: tuple[Plane]
    indices: tuple[int, ...]
    dtype: str

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.indices)


@dataclass(frozen=True, eq=False)
class ReducePlane:
    """A reduction over all images of all arguments, pixel by pixel; gives one image."""

    kind: str
    args: tuple[Plane, ...]
    dtype: str
    count: int = 1


@dataclass(frozen=True, eq=False)
class FoldPlane:
    """A reduction over the arguments (bands), image by image and pixel by pixel."""

    kind: str
    args: tuple[Plane, ...]
    dtype: str
    count: int


Plane = ReadPlane | ScalarPlane | MapPlane | StackPlane | TakePlane | ReducePlane | FoldPlane

MOST_REROLLED = 64
"""How deep `stack` looks for equal shapes of its parts."""


def arguments(plane: Plane) -> tuple[Plane, ...]:
    """The planes that a plane is made of directly."""
    return () if isinstance(plane, ReadPlane | ScalarPlane) else plane.args


def topological(
    outputs: Sequence[Plane], needs: Callable[[Plane], Sequence[Plane]] = arguments
) -> list[Plane]:
    """All planes that `outputs` need, each after what it needs itself; iterative."""
    order: list[Plane] = []
    seen: set[int] = set()
    pending: list[tuple[Plane, bool]] = [(p, False) for p in reversed(outputs)]
    while pending:
        plane, ready = pending.pop()
        if ready:
            order.append(plane)
        elif id(plane) not in seen:
            seen.add(id(plane))
            pending.append((plane, True))
            pending.extend((arg, False) for arg in reversed(needs(plane)))
    return order


class Planes:
    """Makes planes; equal content gives the same node."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Plane] = {}

    def _same(self, key: tuple[Any, ...], make: Callable[[], Plane]) -> Plane:
        plane = self._known.get(key)
        if plane is None:
            plane = self._known[key] = make()
        return plane

    def read(
        self,
        sources: tuple[Source | None, ...],
        resampling: str,
        dtype: str,
        origin: Place | None = None,
    ) -> Plane:
        """Pixels of one source for each image."""
        key = ("read", tuple(map(id, sources)), resampling)
        return self._same(key, lambda: ReadPlane(sources, resampling, dtype, origin))

    def scalar(self, numbers: Sequence[Number]) -> Plane:
        """Numbers as pixels."""
        fixed = tuple(numbers)
        # Floats by their text: -0.0 == 0.0, but they are not the same number.
        key = ("scalar", *((type(n), repr(n) if isinstance(n, float) else n) for n in fixed))
        return self._same(key, lambda: ScalarPlane(fixed))

    def map(self, op: str, args: Sequence[Plane], compute: str) -> Plane:
        """An elementwise step; counts must be equal or 1."""
        count = max((a.count for a in args), default=1)
        if any(a.count == 0 for a in args):
            count = 0
        dtype = dtypes.result_dtype(op, compute)
        key = ("map", op, compute, *map(id, args))
        return self._same(key, lambda: MapPlane(op, tuple(args), compute, dtype, count))

    def cast(self, plane: Plane, dtype: str) -> Plane:
        """`plane` in another dtype."""
        return plane if plane.dtype == dtype else self.map("cast", (plane,), dtype)

    def reduce(self, kind: str, args: Sequence[Plane]) -> Plane:
        """A reduction over all images of all arguments, which have equal counts."""
        dtype = dtypes.reduced_dtype(kind, (a.dtype for a in args))
        key = ("reduce", kind, *map(id, args))
        return self._same(key, lambda: ReducePlane(kind, tuple(args), dtype))

    def fold(self, kind: str, args: Sequence[Plane]) -> Plane:
        """A reduction over bands."""
        dtype = dtypes.reduced_dtype(kind, (a.dtype for a in args))
        key = ("fold", kind, *map(id, args))
        count = max(a.count for a in args)
        return self._same(key, lambda: FoldPlane(kind, tuple(args), dtype, count))

    def repeat(self, plane: Plane, count: int) -> Plane:
        """An image's plane as that of `count` equal images."""
        return plane if plane.count == count else self._gather(plane, (0,) * count)

    def _gather(self, plane: Plane, indices: tuple[int, ...]) -> Plane:
        key = ("take", id(plane), indices)
        return self._same(key, lambda: TakePlane((plane,), indices, plane.dtype))

    def take(self, plane: Plane, indices: tuple[int, ...]) -> Plane:
        """Some images of a plane; reads only those, since the choice moves down to the sources."""
        if indices == tuple(range(plane.count)):
            return plane
        done: dict[int, Plane] = {}
        for node in topological([plane]):
            done[id(node)] = self._take_one(node, indices, plane.count, done)
        return done[id(plane)]

    def _take_one(
        self, node: Plane, indices: tuple[int, ...], count: int, done: dict[int, Plane]
    ) -> Plane:
        if node.count != count or count == 1:
            return node if node.count == 1 and count != 1 else self._take_from(node, indices)
        if isinstance(node, MapPlane):
            args = [done[id(a)] for a in node.args]
            return self.map(node.op, args, node.compute)
        if isinstance(node, FoldPlane):
            return self.fold(node.kind, [done[id(a)] for a in node.args])
        return self._take_from(node, indices)

    def _take_from(self, node: Plane, indices: tuple[int, ...]) -> Plane:
        if indices and max(indices) >= node.count:
            return node
        if isinstance(node, ReadPlane):
            sources = tuple(node.sources[i] for i in indices)
            return self.read(sources, node.resampling, node.dtype, node.origin)
        if isinstance(node, ScalarPlane):
            return self.scalar([node.numbers[i] for i in indices])
        if isinstance(node, TakePlane):
            return self._gather(node.args[0], tuple(node.indices[i] for i in indices))
        return self._gather(node, indices)

    def stack(self, parts: Sequence[Plane], depth: int = 0) -> Plane:
        """The images of `parts`, one after the other.

        Parts of equal shape become one chain of nodes over all their sources, as if the function
        that made them had been applied to the whole.
        """
        if len(parts) == 1:
            return parts[0]
        dtype = dtypes.promote_all(p.dtype for p in parts)
        parts = [self.cast(p, dtype) for p in parts]
        rolled = self._reroll(parts, depth) if depth < MOST_REROLLED else None
        if rolled is not None:
            return rolled
        key = ("stack", *map(id, parts))
        count = sum(p.count for p in parts)
        return self._same(key, lambda: StackPlane(tuple(parts), dtype, count))

    def _reroll(self, parts: Sequence[Plane], depth: int) -> Plane | None:
        first = parts[0]
        if isinstance(first, ReadPlane):
            reads = [p for p in parts if isinstance(p, ReadPlane)]
            if len(reads) < len(parts) or len({r.resampling for r in reads}) > 1:
                return None
            sources = tuple(s for r in reads for s in r.sources)
            return self.read(sources, first.resampling, first.dtype, first.origin)
        if isinstance(first, MapPlane):
            return self._reroll_map(parts, first, depth)
        return None

    def _reroll_map(self, parts: Sequence[Plane], first: MapPlane, depth: int) -> Plane | None:
        maps = [p for p in parts if isinstance(p, MapPlane)]
        shapes = {(m.op, m.compute, len(m.args), m.count) for m in maps}
        if len(maps) < len(parts) or len(shapes) > 1:
            return None
        columns = list(zip(*(m.args for m in maps), strict=True))
        args = [self._reroll_argument(column, first.count, depth) for column in columns]
        if any(a is None for a in args):
            return None
        return self.map(first.op, [a for a in args if a is not None], first.compute)

    def _reroll_argument(self, column: tuple[Plane, ...], count: int, depth: int) -> Plane | None:
        if all(p is column[0] for p in column) and column[0].count == 1:
            return column[0]
        if any(p.count != count for p in column):
            return None
        if any(isinstance(p, ScalarPlane) for p in column):
            scalars = [p for p in column if isinstance(p, ScalarPlane)]
            if len(scalars) < len(column):
                return None
            return self.scalar([n for p in scalars for n in p.numbers])
        if len({p.dtype for p in column}) > 1:
            return None
        return self.stack(column, depth + 1)


def asset_dtype(sources: Sequence[Source | None], fallback: str) -> str:
    """The one dtype in which all sources are read; `fallback` when there is none."""
    found = dict.fromkeys(s.dtype_read for s in sources if s is not None)
    return dtypes.promote_all(found) if found else fallback
