"""What proxies of simple values have in common: the value, where it is written out."""

from __future__ import annotations

from typing import Any

from swath.graph.expression import Constant
from swath.types.promote import promote
from swath.types.proxy import Proxy, proxy_of


class Literal(Proxy):
    """A proxy that may stand for a value written out."""

    __slots__ = ()

    @property
    def literal_value(self) -> Any:
        """The Python value of a literal; None where it is computed."""
        expression = self.expression
        return expression.value if isinstance(expression, Constant) else None


def proxify(obj: Any) -> Any:
    """The proxy of a Python value: of a list a List, of a number an Int or Float, ….

    Proxies are given back. A dict becomes a Dict, or a KnownDict where its values have different
    types.

    Raises:
        TypeMismatch: the language has no such value.
    """
    return obj if isinstance(obj, Proxy) else proxy_of(promote(obj))
