"""The geocontext of a result, of a grid, or of a product that the catalog knows."""

from __future__ import annotations

from typing import Any

from swath.errors import InvalidGeoContext, TypeMismatch
from swath.geocontext import GeoContextValue
from swath.graph.expression import Apply, Constant, Expression, parts
from swath.types.proxy import Proxy


def value_like(thing: Any) -> GeoContextValue:
    """Where `thing` is, as a geocontext to ask the next question with.

    Args:
        thing: a result, its `geocontext`, a product of `swath.catalog`, the id of one, or imagery
            that comes from one product: then the server is asked where its images are.
    Raises:
        TypeMismatch: nothing that has a place.
        InvalidGeoContext: a product without images, or imagery of no or of several products.
        ProductNotFound, Unavailable: when the server is asked.
    """
    if isinstance(thing, GeoContextValue):
        return thing
    if isinstance(thing, Proxy):
        thing = product_of(thing.expression)
    if isinstance(thing, str):
        # Asking needs gRPC, and typing an expression does not.
        from swath.client import catalog

        thing = catalog.product(thing)
    where = getattr(thing, "geocontext", thing)
    value = getattr(where, "value", where)
    if isinstance(value, GeoContextValue):
        return value
    if hasattr(thing, "geocontext"):
        raise InvalidGeoContext(f"this {type(thing).__name__} is nowhere: it has no pixels")
    raise TypeMismatch(f"a {type(thing).__name__} has no geocontext").at(argument="thing")


def product_of(expression: Expression) -> str:
    """The id of the one product that an expression reads.

    Raises:
        InvalidGeoContext: it reads none, several, or one whose id is computed.
    """
    found: set[str] = set()
    seen, stack = {id(expression)}, [expression]
    while stack:
        top = stack.pop()
        if isinstance(top, Apply) and top.op == "ImageCollection.from_id":
            (product, *_) = top.args
            found.add(product.value if isinstance(product, Constant) else "")
        for part in parts(top):
            if id(part) not in seen:
                seen.add(id(part))
                stack.append(part)
    if len(found) != 1 or "" in found:
        named = ", ".join(sorted(found - {""})) or "none"
        raise InvalidGeoContext(
            'A geocontext is like one product: name it, as in GeoContext.like("product"). The '
            f"products that this imagery names: {named}."
        )
    return found.pop()
