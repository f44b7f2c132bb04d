"""Images and collections whose metadata is known and whose pixels are not read yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from engine.evaluate.located import CURRENT
from engine.evaluate.plane import Plane, Planes
from swath.errors import SwathError

Info = Mapping[str, Any]


class Rows(Protocol):
    """Where the properties of images come from; a catalog selection, for one."""

    def row(self, index: int) -> dict[str, Any]:
        """All properties of an image."""

    def column(self, name: str) -> Sequence[Any]:
        """One property of all images. Raises KeyError where an image lacks it."""


@dataclass(frozen=True, slots=True)
class ListedRows:
    """Properties held as one dict for each image."""

    rows: tuple[dict[str, Any], ...]

    def row(self, index: int) -> dict[str, Any]:
        """All properties of an image."""
        return self.rows[index]

    def column(self, name: str) -> Sequence[Any]:
        """One property of all images."""
        return [row[name] for row in self.rows]


@dataclass(frozen=True)
class PropertyTable:
    """Properties of n images, by row or by column, without building what is not asked for."""

    source: Rows
    indices: range | tuple[int, ...]
    """Rows of the source, in order."""
    extra: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """Columns that were added since; they win over the source's."""

    @staticmethod
    def of(rows: Sequence[Mapping[str, Any]]) -> PropertyTable:
        """A table of the dicts given."""
        return PropertyTable(ListedRows(tuple(dict(r) for r in rows)), range(len(rows)))

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self.row(i) for i in range(len(self)))

    def row(self, index: int) -> dict[str, Any]:
        """All properties of one image."""
        added = {name: column[index] for name, column in self.extra.items()}
        return {**self.source.row(self.indices[index]), **added}

    def column(self, name: str) -> Sequence[Any]:
        """One property of every image. Raises KeyError where an image lacks it."""
        if name in self.extra:
            return self.extra[name]
        whole = self.source.column(name)
        if isinstance(self.indices, range) and len(self.indices) == len(whole):
            return whole
        return [whole[i] for i in self.indices]

    def take(self, indices: Sequence[int]) -> PropertyTable:
        """The rows of some images, in the order given."""
        extra = {name: [column[i] for i in indices] for name, column in self.extra.items()}
        return PropertyTable(self.source, tuple(self.indices[i] for i in indices), extra)

    def with_column(self, name: str, values: Sequence[Any]) -> PropertyTable:
        """The table with one column set."""
        return replace(self, extra={**self.extra, name: values})


class LazyPlane:
    """A plane that is made when it is asked for, once.

    Errors of making it name the node that was evaluated when this was constructed. `needs` are made
    first, without recursion, so that a chain of any length can be asked for.
    """

    __slots__ = ("_make", "_place", "made", "needs")

    def __init__(self, make: Callable[[], Plane], needs: tuple[LazyPlane, ...] = ()) -> None:
        self._make = make
        self.needs = needs
        self.made: Plane | None = None
        self._place = CURRENT.get()

    def get(self) -> Plane:
        """The plane."""
        pending = [self]
        while pending:
            top = pending[-1]
            waiting = [n for n in top.needs if n.made is None]
            if top.made is None and waiting:
                pending.extend(waiting)
                continue
            pending.pop()
            if top.made is None:
                top.made = top.making()
                top.needs = ()
        assert self.made is not None
        return self.made

    def making(self) -> Plane:
        """The plane, made now from `needs`, which are there. Errors name the node."""
        token = CURRENT.set(self._place)
        try:
            return self._make()
        except SwathError as error:
            if self._place is not None:
                error.at(node=self._place.node, op=self._place.op, line=self._place.line)
            raise
        finally:
            CURRENT.reset(token)


@dataclass(frozen=True, eq=False)
class Band:
    """One band of an image or collection: name, bandinfo and, when asked for, its plane."""

    name: str
    info: Info
    pixels: LazyPlane
    """Made only when pixels, or their dtype, matter."""

    @staticmethod
    def of(name: str, info: Info, make: Callable[[], Plane], *needs: Band) -> Band:
        """A band whose plane `make` gives, from the planes of `needs`."""
        return Band(name, info, LazyPlane(make, tuple(n.pixels for n in needs)))

    @property
    def plane(self) -> Plane:
        """The pixels."""
        return self.pixels.get()

    def renamed(self, name: str) -> Band:
        """The band under another name."""
        return Band(name, {**self.info, "name": name}, self.pixels)


@dataclass(frozen=True, eq=False)
class LazyImage:
    """An image; no bands: the empty image."""

    bands: tuple[Band, ...]
    properties: Mapping[str, Any]

    @property
    def is_empty(self) -> bool:
        """Whether it is the empty image."""
        return not self.bands


@dataclass(frozen=True, eq=False)
class LazyCollection:
    """Images with the same bands; the plane of a band has one image for each of them."""

    bands: tuple[Band, ...]
    table: PropertyTable

    @property
    def count(self) -> int:
        """Number of images."""
        return len(self.table)

    @property
    def is_empty(self) -> bool:
        """Whether there are no images, or none of them has a band."""
        return self.count == 0 or not self.bands

    def take(self, indices: Sequence[int], planes: Planes) -> LazyCollection:
        """Some images, in the order given."""
        if isinstance(indices, range) and indices == range(self.count):
            return self
        chosen = tuple(indices)
        bands = tuple(_taken(b, chosen, planes) for b in self.bands)
        return LazyCollection(bands, self.table.take(chosen))

    def image(self, index: int, planes: Planes) -> LazyImage:
        """One image."""
        bands = tuple(_taken(b, (index,), planes) for b in self.bands)
        return LazyImage(bands, self.table.row(index))


def _taken(band: Band, indices: tuple[int, ...], planes: Planes) -> Band:
    return Band.of(band.name, band.info, lambda: planes.take(band.plane, indices), band)


EMPTY_IMAGE = LazyImage((), {})
EMPTY_COLLECTION = LazyCollection((), PropertyTable.of(()))

Imagery = LazyImage | LazyCollection


@dataclass(frozen=True, eq=False)
class LazyGroups:
    """A collection split by key, groups in order of first appearance (O5)."""

    keys: tuple[Any, ...]
    groups: tuple[LazyCollection, ...]
    whole: LazyCollection


def common(infos: Sequence[Info]) -> dict[str, Any]:
    """The keys that have equal values in all of `infos` (I6)."""
    if not infos:
        return {}
    first, *rest = infos
    if all(other is first for other in rest):
        return dict(first)
    return {k: v for k, v in first.items() if all(k in o and _equal(o[k], v) for o in rest)}


def _equal(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def common_properties(table: PropertyTable) -> dict[str, Any]:
    """The properties that are equal in all images (R5)."""
    if len(table) == 0:
        return {}
    alive = table.row(0)
    for i in range(1, len(table)):
        if not alive:
            break
        row = table.row(i)
        alive = {k: v for k, v in alive.items() if k in row and _equal(row[k], v)}
    return alive
