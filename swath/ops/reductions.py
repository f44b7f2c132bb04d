"""Reductions over images, bands and pixels: table R of the semantics."""

from __future__ import annotations

from typing import Any

from swath.errors import InvalidArgument
from swath.graph.type import (
    ANY,
    BOOL,
    COLLECTION,
    FLOAT,
    IMAGE,
    NONE,
    STR,
    Type,
    dict_of,
    list_of,
)
from swath.ops.op import Argument, Op
from swath.ops.row import GROUPBY, IMAGERY, TUPLE, given, named, on

REDUCERS = ("min", "max", "mean", "median", "sum", "std", "count")
"""Names of the reducers that `reduction` takes."""
AXES = ("images", "bands", "pixels")
"""Everything that a reduction can go over; an Image has no `images`."""

_BY_BAND = dict_of(STR, FLOAT)
_OF_IMAGE = {
    frozenset({"bands", "pixels"}): FLOAT,
    frozenset({"pixels"}): _BY_BAND,
    frozenset({"bands"}): IMAGE,
}
_OF_COLLECTION = {
    frozenset(AXES): FLOAT,
    frozenset({"images"}): IMAGE,
    frozenset({"bands"}): COLLECTION,
    frozenset({"pixels"}): list_of(_BY_BAND),
    frozenset({"images", "pixels"}): _BY_BAND,
    frozenset({"bands", "pixels"}): list_of(FLOAT),
    frozenset({"images", "bands"}): IMAGE,
}


def axes_of(axis: Any, type_name: str) -> frozenset[str]:
    """The axes that an `axis` argument names, for an Image, ImageCollection or groupby.

    Raises:
        InvalidArgument: unknown, empty, or `images` of a single Image.
    """
    there = AXES[1:] if type_name == "Image" else AXES
    if axis is None:
        return frozenset(there)
    names = [axis] if isinstance(axis, str) else list(axis)
    if not names or not all(name in there for name in names):
        quoted = ", ".join(f'"{name}"' for name in there)
        problem = f"axis of an {type_name} is None, one of {quoted}, or a list of them"
        raise InvalidArgument(problem).at(argument="axis")
    return frozenset(names)


def _reduced(obj: Argument, axis: Argument) -> Type:
    if obj.type == ANY or not axis.is_known:
        return ANY
    over = axes_of(axis.value, obj.type.name)
    if obj.type == IMAGE:
        return _OF_IMAGE[over]
    if obj.type == COLLECTION:
        return _OF_COLLECTION[over]
    if over == {"images"}:
        return COLLECTION
    return dict_of(obj.type.args[0] if obj.type.args else ANY, _OF_COLLECTION[over])


def _named_reduction(obj: Argument, operation: Argument, axis: Argument) -> Type:
    if operation.is_known and operation.value not in REDUCERS:
        raise InvalidArgument(f"operation is one of {', '.join(REDUCERS)}").at(argument="operation")
    return _reduced(obj, axis)


def _mosaic(obj: Argument, _reverse: Argument) -> Type:
    if obj.type == ANY:
        return ANY
    return IMAGE if obj.type == COLLECTION else COLLECTION


_OBJ = given("obj", (*IMAGERY, GROUPBY), "What is reduced; of a groupby each group.")
_AXIS_DOC = "`images`, `bands`, `pixels` or a list of them; None: all that there are."
_AXIS = given("axis", (STR, list_of(STR), TUPLE, NONE), _AXIS_DOC, default=None)
_TYPES = "Image ImageCollection ImageCollectionGroupby"


def _reducer(name: str, doc: str, source: str | None = None) -> Op:
    return Op(
        name, doc, (_OBJ, _AXIS), _reduced, on(name, _TYPES), reads_values=True, source=source
    )


ROWS = (
    _reducer("min", "Smallest sample that is not masked."),
    _reducer("max", "Largest sample that is not masked."),
    _reducer("mean", "Mean of the samples that are not masked."),
    _reducer("median", "Median of the samples; of an even number the mean of the middle two."),
    _reducer("sum", "Sum of the samples that are not masked, in float64."),
    _reducer("std", "Population standard deviation (divisor n) of the samples."),
    _reducer("count", "Number of samples that are not masked."),
    Op(
        "reduction", "The reduction of that name.",
        (
            given("obj", IMAGERY, "What is reduced."),
            given("operation", STR, "One of " + ", ".join(f"`{name}`" for name in REDUCERS) + "."),
            named("axis", (STR, list_of(STR), TUPLE, NONE), _AXIS_DOC, default=None),
        ),
        _named_reduction, on("reduction", "Image ImageCollection"), reads_values=True,
    ),
    Op(
        "mosaic", "For each band and pixel the last sample that is not masked.",
        (
            given("obj", (COLLECTION, GROUPBY), "Images in order; of a groupby each group."),
            named("reverse", BOOL, "The first sample instead of the last.", default=False),
        ),
        _mosaic, on("mosaic", "ImageCollection ImageCollectionGroupby"),
    ),
)  # fmt: skip
