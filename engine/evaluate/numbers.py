"""Ops on numbers: rules N1–N7. Plain functions of Python values; None is no value."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from swath.errors import ArithmeticProblem, TypeMismatch

INT_MIN, INT_MAX = -(2**63), 2**63 - 1

Scalar = int | float
"""A Bool is an int."""


def checked(value: Any) -> Any:
    """`value`, unless it is an Int outside 64 bits (N1).

    Raises: ArithmeticProblem.
    """
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise ArithmeticProblem("The result does not fit into a 64-bit Int; use a Float.")
    return value


def divide(left: Scalar, right: Scalar) -> float:
    """`left / right` as IEEE doubles; by zero: ±inf or nan (N2)."""
    x, y = float(left), float(right)
    if y != 0.0:
        return x / y
    if x == 0.0 or math.isnan(x):
        return math.nan
    return math.copysign(math.inf, x) * math.copysign(1.0, y)


def floor_divide(left: Scalar, right: Scalar) -> Scalar:
    """`left // right`, towards −∞ (N3)."""
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise ArithmeticProblem("Division of an Int by zero.")
        return int(left) // int(right)
    if right == 0 or math.isinf(left):
        quotient = divide(left, right)
        return quotient if math.isinf(quotient) and right == 0 else math.nan
    return float(left) // float(right)


def remainder(left: Scalar, right: Scalar) -> Scalar:
    """`left % right`, with the sign of `right` (N3)."""
    if isinstance(left, int) and isinstance(right, int):
        if right == 0:
            raise ArithmeticProblem("Remainder of an Int by zero.")
        return int(left) % int(right)
    if right == 0 or math.isinf(left):
        return math.nan
    return float(left) % float(right)


def power(left: Scalar, right: Scalar) -> Scalar:
    """`left ** right` (N3); Floats as IEEE: overflow is inf, a negative base may give nan."""
    if isinstance(left, int) and isinstance(right, int):
        if right < 0:
            raise ArithmeticProblem("An Int cannot be raised to a negative Int: write a Float.")
        # 2**64 is past Int already, so a larger exponent needs no computing.
        if right > 64 and abs(left) > 1:
            raise ArithmeticProblem("The result does not fit into a 64-bit Int; use a Float.")
        return int(int(left) ** int(right))
    return _float_power(float(left), float(right))


def _float_power(x: float, y: float) -> float:
    try:
        result = math.pow(x, y)
    except OverflowError:
        odd = y == math.floor(y) and y % 2 == 1
        return -math.inf if x < 0 and odd else math.inf
    except ValueError:
        return math.nan if x != 0.0 else math.inf
    return result


def shift(op: Callable[[int, int], int]) -> Callable[[int, int], int]:
    """`<<` or `>>` with the count checked (N4)."""

    def shifted(left: int, right: int) -> int:
        if not 0 <= right < 64:
            raise ArithmeticProblem(f"A shift by {right} is not within 0 … 63.")
        return op(left, right)

    return shifted


def invert(value: int) -> int:
    """`~value`: logical not of a Bool, two's complement of an Int (N4)."""
    return (not value) if isinstance(value, bool) else ~value


def logical(op: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`& | ^` of Ints or Bools; of two Bools a Bool."""

    def combined(left: Any, right: Any) -> Any:
        if isinstance(left, float) or isinstance(right, float):
            raise TypeMismatch("Bit operations take Int and Bool, not Float.")
        return op(left, right)

    return combined


def _arithmetic(op: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def computed(left: Any, right: Any) -> Any:
        try:
            return op(left, right)
        except OverflowError:  # an Int beyond the range of a double cannot occur; inf can
            return math.inf

    return computed


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": _arithmetic(operator.add),
    "sub": _arithmetic(operator.sub),
    "mul": _arithmetic(operator.mul),
    "truediv": divide,
    "floordiv": floor_divide,
    "mod": remainder,
    "pow": power,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": logical(operator.and_),
    "or": logical(operator.or_),
    "xor": logical(operator.xor),
    "lshift": shift(operator.lshift),
    "rshift": shift(operator.rshift),
}


def _function(f: Callable[[float], float], at_zero: float = math.nan) -> Callable[[Any], float]:
    """A libm function that gives nan outside its domain and inf on overflow (N7)."""

    def computed(value: Any) -> float:
        try:
            return f(float(value))
        except ValueError:
            return at_zero if value == 0 else math.nan
        except OverflowError:
            return math.inf

    return computed


def _log1p(value: Any) -> float:
    return -math.inf if value == -1 else _function(math.log1p)(value)


def _square(value: Any) -> Any:
    return _arithmetic(operator.mul)(value, value)


UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg,
    "pos": operator.pos,
    "abs": operator.abs,
    "invert": invert,
    "log": _function(math.log, -math.inf),
    "log2": _function(math.log2, -math.inf),
    "log10": _function(math.log10, -math.inf),
    "log1p": _log1p,
    "exp": _function(math.exp),
    "sqrt": _function(math.sqrt),
    "square": _square,
    "sin": _function(math.sin),
    "cos": _function(math.cos),
    "tan": _function(math.tan),
    "arcsin": _function(math.asin),
    "arccos": _function(math.acos),
    "arctan": _function(math.atan),
}


def binary(op: str, left: Any, right: Any) -> Any:
    """`left op right` of two numbers; no value if either has none (N5)."""
    if left is None or right is None:
        return None
    return checked(BINARY[op](left, right))


def unary(op: str, value: Any) -> Any:
    """`op(value)` of a number; no value if it has none (N5)."""
    return None if value is None else checked(UNARY[op](value))


def arctan2(y: Any, x: Any) -> Any:
    """The angle of the point (x, y), in radians; no value if either has none."""
    return None if y is None or x is None else math.atan2(y, x)
