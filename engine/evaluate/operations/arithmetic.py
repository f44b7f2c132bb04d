"""Operators and elementwise functions, chosen by what the values are."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from engine.evaluate import elementwise, numbers, time
from engine.evaluate.context import Context
from engine.evaluate.deferred import Deferred, apply
from engine.evaluate.lazy import LazyCollection, LazyImage
from swath.errors import ResultTooLarge, TypeMismatch

LONGEST = 10_000_000
"""Most elements of a list, or characters of a string, that an op makes."""
IMAGERY = (LazyImage, LazyCollection)
TIMES = (datetime, timedelta)
ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
TIME: dict[str, Callable[[Any, Any], Any]] = {
    **ORDER,
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod,
}  # fmt: skip


def binary(op: str, context: Context, left: Any, right: Any) -> Any:
    """`left op right` of any values."""
    if isinstance(left, IMAGERY) or isinstance(right, IMAGERY):
        return elementwise.binary(context.planes, op, left, right)
    name = elementwise.STEPS.get(op, op)
    if isinstance(left, TIMES) or isinstance(right, TIMES):
        return _of_times(name, left, right)
    if isinstance(left, str | list | tuple) or isinstance(right, str | list | tuple):
        return _of_sequences(name, context, left, right)
    if isinstance(left, dict) or isinstance(right, dict):
        return ORDER[name](left, right)
    return apply(partial(numbers.binary, name), left, right)


def _of_times(op: str, left: Any, right: Any) -> Any:
    if isinstance(left, str):
        left = time.parse(left)
    if isinstance(right, str):
        right = time.parse(right)
    return time.computed(TIME[op], left, right)


def _of_sequences(op: str, context: Context, left: Any, right: Any) -> Any:
    if op in ORDER:
        left, right = _known(context, left), _known(context, right)
        return ORDER[op](left, right)
    if op == "add":
        check_length(len(left) + len(right))
        return left + right
    if op == "mul":
        sequence, count = (left, right) if isinstance(right, int) else (right, left)
        check_length(len(sequence) * max(count, 0))
        return sequence * count
    raise TypeMismatch(f"`{op}` does not take Str, List or Tuple.")


def _known(context: Context, value: Any) -> Any:
    if isinstance(value, list | tuple) and any(isinstance(v, Deferred) for v in value):
        return type(value)(context.force(value))
    return value


def check_length(length: int) -> None:
    """Raise ResultTooLarge for a list or string longer than LONGEST."""
    if length > LONGEST:
        raise ResultTooLarge(f"A list or string of {length:,} elements is over {LONGEST:,}.")


def unary(op: str, context: Context, value: Any) -> Any:
    """`op(value)` of imagery, numbers or a Timedelta."""
    if isinstance(value, IMAGERY):
        return elementwise.unary(context.planes, op, value)
    if isinstance(value, timedelta):
        return getattr(operator, op)(value)
    return apply(partial(numbers.unary, op), value)


def _arctan2(context: Context, y: Any, x: Any) -> Any:
    if isinstance(y, IMAGERY) or isinstance(x, IMAGERY):
        return elementwise.binary(context.planes, "arctan2", y, x)
    return apply(numbers.arctan2, y, x)


def _divmod(context: Context, left: Any, right: Any) -> Any:
    return binary("floordiv", context, left, right), binary("mod", context, left, right)


OPERATORS = (
    "add sub mul div truediv floordiv mod pow lt le gt ge eq ne and or xor lshift rshift"
).split()
FUNCTIONS = (
    "neg pos abs invert log log2 log10 log1p exp sqrt square sin arcsin cos arccos tan arctan"
).split()
NUMPY = {
    "add": "add", "subtract": "sub", "multiply": "mul", "true_divide": "truediv",
    "floor_divide": "floordiv", "remainder": "mod", "power": "pow", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq",
    "not_equal": "ne", "negative": "neg", "absolute": "abs",
}  # fmt: skip
"""Ops on numbers that have numpy's names (N6)."""


def _rows() -> dict[str, Callable[..., Any]]:
    rows: dict[str, Callable[..., Any]] = {op: partial(binary, op) for op in OPERATORS}
    rows |= {op: partial(unary, op) for op in FUNCTIONS}
    for name, op in NUMPY.items():
        rows[f"numpy.{name}"] = rows[op]
    return {**rows, "arctan2": _arctan2, "divmod": _divmod}


ROWS = _rows()
