"""Int, Float, Bool: numbers and truth."""

from __future__ import annotations

from typing import Any

from swath.graph.expression import Expression
from swath.graph.type import Type
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.literal import Literal
from swath.types.promote import promote_to
from swath.types.proxy import Proxy


class Int(Literal):
    """A 64-bit signed integer: `Int(1)`; of a Float, Bool or Str proxy its conversion."""

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, obj: Any) -> Expression:
        """From a Python int, or a proxy to convert."""
        return _converted("Int.cast", obj, wanted)


class Float(Literal):
    """An IEEE 754 double: `Float(0.5)`; of an Int, Bool or Str proxy its conversion."""

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, obj: Any) -> Expression:
        """From a Python number, or a proxy to convert."""
        return _converted("Float.cast", obj, wanted)


class Bool(Literal):
    """True or False: `Bool(True)`."""

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, obj: Any) -> Expression:
        """From a Python bool."""
        return promote_to(obj, wanted)


def _converted(op: str, obj: Any, wanted: Type) -> Expression:
    if isinstance(obj, Proxy) and obj.expression.type != wanted:
        converted: Proxy = apply(op, obj)
        return converted.expression
    return promote_to(obj, wanted)


for _cls in (Int, Float, Bool):
    provide(_cls)
