"""The root of all proxies: a typed handle on an expression that the user composes.

A proxy has no value until it is inspected, so Python's `bool`, `len`, `iter` and `in` cannot
work on it; each refuses and says what to use instead.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self

from swath.errors import SwathError, TypeMismatch
from swath.graph.build import written_at
from swath.graph.expression import Expression, Place
from swath.graph.type import Type

_PACKAGE = str(Path(__file__).parents[1]) + "/"

CLASSES: dict[str, type[Proxy]] = {}
"""The class of each type's proxies, by the type's name."""


def place() -> Place | None:
    """The file and line of the first caller outside of Swath; None when there is none.

    Cost: under 1 µs; nothing is read.
    """
    frame = sys._getframe(1)  # noqa: SLF001  the documented way, and the only cheap one
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)


class Proxy:
    """What all proxies have in common."""

    __slots__ = ("__weakref__", "expression")

    __array_ufunc__: ClassVar[None] = None  # numpy leaves `array + proxy` to the proxy
    expression: Expression

    def __init_subclass__(cls) -> None:
        CLASSES[cls.__name__] = cls

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        construct(self, Type(type(self).__name__), args, kwargs)

    @staticmethod
    def make(wanted: Type, *_args: Any, **_kwargs: Any) -> Expression:
        """The expression that constructor arguments give, of type `wanted`, which may be bare."""
        raise TypeMismatch(f"{wanted} is not constructed: it comes from what other values give")

    def inspect(self, geoctx: Any = None, **options: Any) -> Any:
        """The value, computed now. See `swath.inspect` for the options."""
        # Asking needs gRPC, and typing an expression does not.
        from swath.client.inspect import inspect

        return inspect(self, geoctx, **options)

    def compute(self, geoctx: Any = None, **options: Any) -> Any:
        """The value, computed as a job. See `swath.compute` for the options."""
        from swath.client.compute import compute

        return compute(self, geoctx, **options)

    def estimate(self, geoctx: Any = None, **options: Any) -> Any:
        """What `inspect` would read and take, without reading a pixel."""
        from swath.client.inspect import estimate

        return estimate(self, geoctx, **options)

    def __repr__(self) -> str:
        from swath.graph.text import show_short

        return f"<swath.{self.expression.type}: {show_short(self.expression)}>"

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self._what()} has no value yet, so it cannot decide in Python: use swath.ifelse or "
            "swath.where instead of `if`, `&`, `|` and `~` instead of `and`, `or` and `not`, and "
            "`(a < b) & (b < c)` instead of `a < b < c`"
        )

    def __len__(self) -> int:
        raise TypeError(f"{self._what()} has no len() yet: use .length()")

    def __iter__(self) -> Any:
        raise TypeError(f"{self._what()} cannot be looped over in Python: use .map() or .filter()")

    def __contains__(self, item: object) -> bool:
        raise TypeError(f"{self._what()} does not know what it contains yet: use .contains()")

    def __index__(self) -> NoReturn:
        raise TypeError(f"{self._what()} has no value yet: use .inspect() to get it")

    __int__ = __float__ = __complex__ = __index__

    def _what(self) -> str:
        return f"a swath.{self.expression.type}"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def construct(proxy: Proxy, wanted: Type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Give a new proxy its expression, of type `wanted`, from constructor arguments.

    Raises:
        TypeMismatch, InvalidArgument: with the user's line.
    """
    try:
        proxy.expression = proxy.make(wanted, *args, **kwargs)
    except SwathError as error:
        error.at(line=written_at(place()))
        raise


def proxy_of(expression: Expression) -> Proxy:
    """The proxy of an expression, of the class that its type has."""
    proxy = object.__new__(CLASSES[expression.type.name])
    proxy.expression = expression
    return proxy
