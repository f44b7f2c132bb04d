"""A function applied to all images of a collection at once, instead of one after the other.

While a function is mapped, its parameter is bound to a *batch*: all images (`ImageBatch`), all
their properties (`RowBatch`), or one value for each (`Column`). An op on a batch is the op on the
collection, so that a mapped function costs the same for one image and for ten thousand. Where an op
has no such form, `NotBatchable` makes the interpreter go image by image; the result is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.evaluate import elementwise
from engine.evaluate.lazy import LazyCollection, PropertyTable

COLLECTIVE = frozenset(
    "add sub mul div truediv floordiv mod pow neg pos abs lt le gt ge eq ne and or xor invert "
    "lshift rshift log log2 log10 log1p exp sqrt square sin arcsin cos arccos tan arctan arctan2 "
    "pick_bands pick_bands_list rename_bands rename_bands_positionally concat_bands mask getmask "
    "where clip_values scale_values normalized_difference nbands value_at".split()
)
"""Ops that do to a collection what they do to each of its images."""
REDUCERS = frozenset("min max mean median sum std count reduction".split())


class NotBatchable(Exception):
    """A signal: this op must be applied image by image."""


@dataclass(frozen=True, slots=True)
class ImageBatch:
    """One image for each element."""

    collection: LazyCollection


@dataclass(frozen=True, slots=True)
class RowBatch:
    """The properties of each element."""

    table: PropertyTable


@dataclass(frozen=True, slots=True)
class Column:
    """One value of any kind for each element."""

    items: Sequence[Any]


Batch = ImageBatch | RowBatch | Column
Implementation = Callable[..., Any]


def apply(
    op: str, implementation: Implementation, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """`implementation` (which has its context bound) over batches; gives a batch.

    Raises: NotBatchable, and what the op raises.
    """
    values = [*args, *kwargs.values()]
    if any(isinstance(v, ImageBatch) for v in values):
        return _collective(op, implementation, args, kwargs)
    if op == "get" and isinstance(args[0], RowBatch) and isinstance(args[1], str):
        return _property(args[0].table, args[1:], implementation)
    return _one_by_one(implementation, args, kwargs)


def _collective(
    op: str, implementation: Implementation, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    if op == "getattr":
        return _attribute(args[0].collection, args[1], implementation)
    if op in REDUCERS:
        args, kwargs = _reducer_arguments(op, args, kwargs)
    elif op not in COLLECTIVE or any(isinstance(v, LazyCollection) for v in args):
        raise NotBatchable
    whole = implementation(*map(_unwrapped, args), **{k: _unwrapped(v) for k, v in kwargs.items()})
    if isinstance(whole, LazyCollection):
        return ImageBatch(whole)
    return Column(whole) if isinstance(whole, list) else whole


def _reducer_arguments(
    op: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[Sequence[Any], Mapping[str, Any]]:
    """The axis of each image as an axis of the collection: None is bands and pixels."""
    place = 2 if op == "reduction" else 1
    named = dict(kwargs)
    axis = args[place] if len(args) > place else named.pop("axis", None)
    if axis is not None and "images" in ([axis] if isinstance(axis, str) else axis):
        raise NotBatchable
    return [*args[:place], ["bands", "pixels"] if axis is None else axis], named


def _unwrapped(value: Any) -> Any:
    if isinstance(value, ImageBatch):
        return value.collection
    if isinstance(value, Column):
        return elementwise.Column(value.items)
    if isinstance(value, RowBatch):
        raise NotBatchable
    return value


def _attribute(collection: LazyCollection, name: Any, implementation: Implementation) -> Any:
    if name == "properties":
        return RowBatch(collection.table)
    if name == "bandinfo":
        return implementation(collection, name)
    raise NotBatchable


def _property(table: PropertyTable, key: Sequence[Any], implementation: Implementation) -> Any:
    try:
        return Column(table.column(key[0]))
    except KeyError:
        # Some image lacks the property: the op itself knows the default or the error.
        return Column([implementation(row, *key) for row in table])


def _one_by_one(
    implementation: Implementation, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Column:
    names = list(kwargs)
    values = [_items(v) for v in (*args, *kwargs.values())]
    count = next(len(v) for v in values if v is not None)
    fixed = (*args, *kwargs.values())
    rows = []
    for i in range(count):
        row = [f if v is None else v[i] for v, f in zip(values, fixed, strict=True)]
        named = dict(zip(names, row[len(args) :], strict=True))
        rows.append(implementation(*row[: len(args)], **named))
    return Column(rows)


def _items(value: Any) -> Sequence[Any] | None:
    """The elements of a batch; None for a value that is the same for all."""
    if isinstance(value, RowBatch):
        return list(value.table)
    return value.items if isinstance(value, Column) else None
