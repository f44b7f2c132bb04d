"""Str, NoneType, Any: text, nothing, and what is not known yet."""

from __future__ import annotations

from typing import Any as AnyValue

from swath.graph.expression import Cast, Expression
from swath.graph.type import Type
from swath.types.alias import type_named
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.literal import Literal
from swath.types.promote import promote, promote_to
from swath.types.proxy import Proxy, proxy_of


class Str(Literal):
    """Text: `Str("B04")`."""

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, obj: AnyValue) -> Expression:
        """From Python text."""
        return promote_to(obj, wanted)


class NoneType(Literal):
    """Nothing: `NoneType(None)`."""

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, obj: AnyValue = None) -> Expression:
        """From None."""
        return promote_to(obj, wanted)


class Any(Proxy):
    """A value whose type is known only when it is computed: a property, an element of a mixed list.

    Operators work as on the value that it turns out to be; other members are those of the value,
    read by `getattr`. `cast(type)` says what it is.
    """

    __slots__ = ()

    @staticmethod
    def make(wanted: Type, value: AnyValue) -> Expression:
        """From anything."""
        return Cast(promote(value), wanted)

    def __getattr__(self, name: str) -> AnyValue:
        if name.startswith("_") or name == "expression":
            raise AttributeError(name)
        return apply("getattr", self, name)

    def cast(self, type_: AnyValue) -> AnyValue:
        """The same value as a proxy of `type_`; the engine still checks what it is.

        Raises:
            TypeMismatch: `type_` is no type.
        """
        return proxy_of(Cast(self.expression, type_named(type_)))


for _cls in (Str, NoneType, Any):
    provide(_cls)
