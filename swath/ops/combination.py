"""Type rules of two operands: numbers, imagery (rules I4–I7), time, containers."""

from __future__ import annotations

from collections.abc import Callable

from swath.errors import TypeMismatch
from swath.graph.subtype import fits, join
from swath.graph.type import (
    ANY,
    BOOL,
    COLLECTION,
    DATETIME,
    FLOAT,
    IMAGE,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    Type,
    list_of,
    tuple_of,
)
from swath.ops.op import Argument
from swath.ops.row import IMAGERY, NUMBER, SCALAR

Pairs = dict[tuple[Type, Type], Type]
Rule = Callable[[Argument, Argument], Type]

_SPAN = {(TIMEDELTA, TIMEDELTA): TIMEDELTA}
ADD: Pairs = {
    (DATETIME, TIMEDELTA): DATETIME, (TIMEDELTA, DATETIME): DATETIME, (STR, STR): STR, **_SPAN,
}  # fmt: skip
SUB: Pairs = {(DATETIME, DATETIME): TIMEDELTA, (DATETIME, TIMEDELTA): DATETIME, **_SPAN}
MUL: Pairs = {
    (TIMEDELTA, INT): TIMEDELTA, (INT, TIMEDELTA): TIMEDELTA, (STR, INT): STR, (INT, STR): STR,
    (TIMEDELTA, FLOAT): TIMEDELTA, (FLOAT, TIMEDELTA): TIMEDELTA,
}  # fmt: skip
DIV: Pairs = {
    (TIMEDELTA, TIMEDELTA): FLOAT, (TIMEDELTA, INT): TIMEDELTA, (TIMEDELTA, FLOAT): TIMEDELTA,
}  # fmt: skip
FLOORDIV: Pairs = {(TIMEDELTA, TIMEDELTA): INT, (TIMEDELTA, INT): TIMEDELTA}
MOD: Pairs = _SPAN

COMPARED_AS_ONE = frozenset({STR, DATETIME, TIMEDELTA, NONE})
"""Types that are never compared pixel by pixel, so comparing one with `Any` gives a Bool."""
_EQUATED = (
    "Bool",
    "Str",
    "Datetime",
    "Timedelta",
    "List",
    "Tuple",
    "Dict",
    "KnownDict",
    "NoneType",
)
_ORDERED = ("Str", "Datetime", "Timedelta", "List", "Tuple")


def strangers(x: Argument, y: Argument) -> TypeMismatch:
    """The error that two operands do not go together."""
    problem = f"{x.type} and {y.type} do not go together here"
    return TypeMismatch(problem, got=f"{x.type}, {y.type}").at(argument=y.name)


def imagery(x: Type, y: Type, numbers: tuple[Type, ...] = SCALAR) -> Type | None:
    """What a combination with imagery gives; None when neither is imagery, or the other cannot be.

    An image with `Any` is `Any`, since that may be a collection.
    """
    if x not in IMAGERY and y not in IMAGERY:
        return None
    for one in (x, y):
        if one not in IMAGERY and one not in numbers and one != ANY:
            return None
    if COLLECTION in (x, y):
        return COLLECTION
    return ANY if ANY in (x, y) else IMAGE


def number(x: Type, y: Type) -> Type | None:
    """What arithmetic of two numbers gives (T3); None when one is not a number."""
    if x not in SCALAR or y not in SCALAR:
        return None
    return FLOAT if FLOAT in (x, y) else INT


def arithmetic(pairs: Pairs, *, divides: bool = False, containers: str = "") -> Rule:
    """The rule of an arithmetic op on anything.

    Args:
        pairs: what it gives for types other than numbers, imagery and containers.
        divides: numbers give Float.
        containers: `join` (List + List, Tuple + Tuple) or `repeat` (List * Int); empty: none.
    """

    def rule(x: Argument, y: Argument) -> Type:
        a, b = x.type, y.type
        found = number(a, b)
        if found is not None:
            return FLOAT if divides else found
        found = imagery(a, b) or pairs.get((a, b)) or _containers(a, b, containers)
        if found is not None:
            return found
        if ANY in (a, b):
            return ANY
        raise strangers(x, y)

    return rule


def _containers(a: Type, b: Type, how: str) -> Type | None:
    if how == "join" and a.name == b.name == "List":
        return list_of(join(a.args + b.args))
    if how == "join" and a.name == b.name == "Tuple":
        return tuple_of(*a.args, *b.args)
    if how == "repeat" and {a.name, b.name} == {"List", "Int"}:
        return a if a.name == "List" else b
    return None


def numeric(*, divides: bool = False) -> Rule:
    """The rule of arithmetic on numbers alone."""

    def rule(x: Argument, y: Argument) -> Type:
        if ANY in (x.type, y.type):
            return FLOAT if divides else ANY
        return FLOAT if divides or FLOAT in (x.type, y.type) else INT

    return rule


def equality(x: Argument, y: Argument) -> Type:
    """Equal types are compared, numbers with numbers, anything but imagery with None."""
    a, b = x.type, y.type
    if a.name in _EQUATED and b.name in _EQUATED and (fits(a, b) or fits(b, a)):
        return BOOL
    if NONE in (a, b) and not {a, b} & set(IMAGERY):
        return BOOL
    return _compared(x, y, booleans=True)


def order(x: Argument, y: Argument) -> Type:
    """Numbers, text, time, lists and tuples have an order; Bool has none."""
    a, b = x.type, y.type
    if a.name in _ORDERED and a.name == b.name:
        return BOOL
    return _compared(x, y, booleans=False)


def _compared(x: Argument, y: Argument, *, booleans: bool) -> Type:
    a, b = x.type, y.type
    if (a in NUMBER and b in NUMBER) or (booleans and a == b == BOOL):
        return BOOL
    found = imagery(a, b)
    if found is not None:
        return found
    if ANY in (a, b):
        return BOOL if {a, b} & COMPARED_AS_ONE else ANY
    raise strangers(x, y)


def numbers_equal(x: Argument, y: Argument) -> Type:
    """Numbers with numbers, Bool with Bool."""
    if ANY not in (x.type, y.type) and (x.type == BOOL) != (y.type == BOOL):
        raise strangers(x, y)
    return BOOL


def logic(x: Argument, y: Argument) -> Type:
    """Bool with Bool, Int with Int, imagery with imagery or Int or Bool (rules N4, D6)."""
    a, b = x.type, y.type
    if a == b and a in (BOOL, INT):
        return a
    return _bits(x, y)


def shift(x: Argument, y: Argument) -> Type:
    """Int by Int, imagery with imagery or Int."""
    if x.type == y.type == INT:
        return INT
    return _bits(x, y)


def _bits(x: Argument, y: Argument) -> Type:
    found = imagery(x.type, y.type, (INT, BOOL))
    if found is not None:
        return found
    if ANY in (x.type, y.type) and FLOAT not in (x.type, y.type):
        return ANY
    raise strangers(x, y)
