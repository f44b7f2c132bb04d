"""Operators on imagery, `Any`, time, text and containers; those of numbers are in `numbers`."""

from __future__ import annotations

from swath.graph.type import BOOL, DATETIME, INT, NONE, STR, TIMEDELTA, Type
from swath.ops import combination as c
from swath.ops.op import Op
from swath.ops.row import DICT, IMAGERY, KNOWN_DICT, LIST, SCALAR, TUPLE, given, on, same

_IMAGE = "Image ImageCollection"
_WHOLE = "Image ImageCollection Any"
_WITH_NUMBERS = (*IMAGERY, *SCALAR)
_BITS = (*IMAGERY, INT, BOOL)
_EQUATED = (*_WITH_NUMBERS, STR, DATETIME, TIMEDELTA, LIST, TUPLE, DICT, KNOWN_DICT, NONE)
_ORDERED = (*_WITH_NUMBERS, STR, DATETIME, TIMEDELTA, LIST, TUPLE)


def _both(dunder: str, types: str) -> tuple[str, ...]:
    """The operator and its reflection."""
    return on(f"__{dunder}__", types) + on(f"__r{dunder}__", types)


def _binary(
    name: str,
    doc: str,
    accepts: tuple[Type, ...],
    rule: c.Rule,
    methods: tuple[str, ...],
) -> Op:
    operands = (given("x", accepts, "Left operand."), given("y", accepts, "Right operand."))
    return Op(name, doc, operands, rule, methods, elementwise=True)


def _unary(name: str, doc: str, accepts: tuple[Type, ...], methods: tuple[str, ...]) -> Op:
    return Op(name, doc, (given("x", accepts, "Operand."),), same, methods, elementwise=True)


_TIME = (*_WITH_NUMBERS, TIMEDELTA)
_ALL = (*_TIME, DATETIME, STR, LIST, TUPLE)
_DIV = c.arithmetic(c.DIV, divides=True)

ARITHMETIC = (
    _binary(
        "add", "Sum; of lists, tuples and text one after the other.", _ALL,
        c.arithmetic(c.ADD, containers="join"),
        _both("add", _WHOLE + " Datetime Timedelta Str List Tuple"),
    ),
    _binary(
        "sub", "Difference; of two instants a Timedelta.", (*_TIME, DATETIME),
        c.arithmetic(c.SUB),
        _both("sub", _WHOLE + " Datetime Timedelta"),
    ),
    _binary(
        "mul", "Product; text or a list times an Int repeats it.", (*_TIME, STR, LIST),
        c.arithmetic(c.MUL, containers="repeat"),
        _both("mul", _WHOLE + " Timedelta Str List"),
    ),
    _binary(
        "div", "Quotient; integers give floats.", _TIME, _DIV,
        _both("truediv", _WHOLE + " Timedelta"),
    ),
    _binary("truediv", "The same as `div`.", _TIME, _DIV, ()),
    _binary(
        "floordiv", "Quotient rounded towards −∞.", _TIME, c.arithmetic(c.FLOORDIV),
        _both("floordiv", _WHOLE + " Timedelta"),
    ),
    _binary(
        "mod", "Remainder of `floordiv`, with the sign of the divisor.", _TIME,
        c.arithmetic(c.MOD), _both("mod", _WHOLE + " Timedelta"),
    ),
    _binary(
        "pow", "x to the power of y.", _WITH_NUMBERS, c.arithmetic({}), _both("pow", _WHOLE),
    ),
    _unary("neg", "−x.", _TIME, on("__neg__", _WHOLE + " Timedelta")),
    _unary("pos", "x unchanged.", _TIME, on("__pos__", _WHOLE + " Timedelta Int Float")),
    _unary("abs", "Magnitude of x.", _TIME, on("__abs__", _WHOLE + " Timedelta")),
)  # fmt: skip

_SORTS = _WHOLE + " Datetime Timedelta Str List Tuple"
_EQUALS = _SORTS + " Dict KnownDict NoneType"

COMPARISON = (
    _binary("lt", "Whether x < y.", _ORDERED, c.order, on("__lt__", _SORTS)),
    _binary("le", "Whether x ≤ y.", _ORDERED, c.order, on("__le__", _SORTS)),
    _binary("gt", "Whether x > y.", _ORDERED, c.order, on("__gt__", _SORTS)),
    _binary("ge", "Whether x ≥ y.", _ORDERED, c.order, on("__ge__", _SORTS)),
    _binary("eq", "Whether x equals y.", _EQUATED, c.equality, on("__eq__", _EQUALS)),
    _binary("ne", "Whether x differs from y.", _EQUATED, c.equality, on("__ne__", _EQUALS)),
)

_LOGIC = _WHOLE + " Int Bool"
_SHIFT = _WHOLE + " Int"

BITS = (
    _binary(
        "and", "Both, of Bool; bitwise and, of Int and integer pixels.", _BITS, c.logic,
        _both("and", _LOGIC),
    ),
    _binary(
        "or", "Either, of Bool; bitwise or, of Int and integer pixels.", _BITS, c.logic,
        _both("or", _LOGIC),
    ),
    _binary(
        "xor", "Exactly one, of Bool; bitwise exclusive or, of Int and integer pixels.", _BITS,
        c.logic, _both("xor", _LOGIC),
    ),
    _binary(
        "lshift", "x · 2^y of integers; y from 0 to 63.", _BITS, c.shift, _both("lshift", _SHIFT)
    ),
    _binary(
        "rshift", "x / 2^y rounded towards −∞, of integers; y from 0 to 63.", _BITS, c.shift,
        _both("rshift", _SHIFT),
    ),
    _unary("invert", "Not, of Bool; all bits flipped, of integers.", _BITS,
           on("__invert__", _LOGIC)),
)  # fmt: skip

ROWS = ARITHMETIC + COMPARISON + BITS
