"""dtype rules D2–D8 of docs/semantics.md, on numpy dtype names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from engine.catalog.asset import float_class
from engine.evaluate.program import COMPARISONS
from swath.errors import InvalidArgument, TypeMismatch

LOGIC = frozenset({"and", "or", "xor", "invert", "lshift", "rshift"})


def is_float(dtype: str) -> bool:
    """Whether `dtype` is a floating-point one."""
    return dtype.startswith("float")


def float_class_of(dtypes: Iterable[str]) -> str:
    """The float class of several inputs (D2): float64 if any has it."""
    return "float64" if any(float_class(d) == "float64" for d in dtypes) else "float32"


@cache
def promote(left: str, right: str) -> str:
    """The dtype of two that must become one (D7)."""
    if left == right:
        return left
    if is_float(left) or is_float(right):
        return float_class_of((left, right))
    both = np.promote_types(left, right)
    return float_class_of((left, right)) if both.kind == "f" else both.name


def promote_all(dtypes: Iterable[str]) -> str:
    """`promote` over any number of dtypes, at least one."""
    first, *rest = dict.fromkeys(dtypes)
    for dtype in rest:
        first = promote(first, dtype)
    return first


def fits(number: float, dtype: str) -> bool:
    """Whether an Int or Bool number is a value of the integer (or bool) dtype."""
    if dtype == "bool":
        return isinstance(number, bool)
    info = np.iinfo(dtype)
    return info.min <= number <= info.max


def compare_dtype(planes: Iterable[str], numbers: Iterable[float]) -> str:
    """The dtype in which a comparison computes (D5); `exact`: integers of unlike signs."""
    dtypes, values = tuple(planes), tuple(numbers)
    if any(map(is_float, dtypes)) or any(isinstance(v, float) for v in values):
        return float_class_of(dtypes)
    if "uint64" not in dtypes:
        return "int64"
    signed = any(d.startswith("int") for d in dtypes) or any(v < 0 for v in values)
    return "exact" if signed else "uint64"


def logic_dtype(op: str, planes: Iterable[str], numbers: Iterable[float]) -> str:
    """The dtype in which a logic or bit op computes (D6).

    Raises:
        TypeMismatch: a float takes part. InvalidArgument: a number does not fit the planes' dtype.
    """
    dtypes, values = tuple(planes), tuple(numbers)
    if any(map(is_float, dtypes)) or any(isinstance(v, float) for v in values):
        raise TypeMismatch(f"`{op}` takes integers and bools; here is a float.").at(op=op)
    shift = op in ("lshift", "rshift")
    whole = dtypes[:1] if shift and len(dtypes) > 1 else dtypes
    wide = promote_all("uint8" if d == "bool" and len(set(dtypes)) > 1 else d for d in whole)
    if wide == "bool" and any(not isinstance(v, bool) for v in values):
        wide = "uint8"
    if op == "lshift":
        return "int64"
    if wide == "bool" and op == "rshift":
        return "uint8"
    if is_float(wide):
        raise TypeMismatch(f"`{op}` cannot combine {' and '.join(dtypes)}.").at(op=op)
    for value in values:
        if not shift and not fits(value, wide):
            raise InvalidArgument(f"{value} does not fit into {wide} pixels.").at(op=op)
    return wide


def result_dtype(op: str, dtype: str) -> str:
    """The dtype that an elementwise step gives, computed in `dtype`."""
    return "bool" if op in COMPARISONS or op == "getmask" else dtype


REDUCED = {"sum": "float64", "count": "int32"}
"""Output dtypes of reducers that do not depend on the input (D8)."""


def reduced_dtype(kind: str, dtypes: Iterable[str]) -> str:
    """The dtype of a reduction over images or bands (D8)."""
    if kind in REDUCED:
        return REDUCED[kind]
    every = tuple(dtypes)
    if kind in ("min", "max", "first", "last"):
        return promote_all(every)
    return float_class_of(every)
