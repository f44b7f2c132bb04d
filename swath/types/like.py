"""The geocontext of a result, of a grid, or of a product that the catalog knows."""

from __future__ import annotations

from typing import Any

from swath.errors import InvalidGeoContext, TypeMismatch
from swath.geocontext import GeoContextValue
from swath.graph.expression import Apply, Constant, Expression, parts
from swath.types.proxy import Proxy

PRODUCT, IMAGE = "ImageCollection.from_id", "Image.load"
"""The ops that load."""


def value_like(thing: Any) -> GeoContextValue:
    """Where `thing` is, as a geocontext to ask the next question with.

    Args:
        thing: a result, its `geocontext`, a product or image of `swath.catalog`, the id of a
            product, or imagery that comes from one product or one image: then the server is asked
            where that is.
    Raises:
        TypeMismatch: nothing that has a place.
        InvalidGeoContext: a product without images, or imagery of nothing or of several things.
        ProductNotFound, ImageNotFound, Unavailable: when the server is asked.
    """
    if isinstance(thing, GeoContextValue):
        return thing
    if isinstance(thing, Proxy | str):
        # Asking needs gRPC, and typing an expression does not.
        from swath.client import catalog

        op, id_ = (PRODUCT, thing) if isinstance(thing, str) else source_of(thing.expression)
        thing = catalog.product(id_) if op == PRODUCT else catalog.image(id_)
    where = getattr(thing, "geocontext", thing)
    value = getattr(where, "value", where)
    if isinstance(value, GeoContextValue):
        return value
    if hasattr(thing, "geocontext"):
        raise InvalidGeoContext(f"this {type(thing).__name__} is nowhere: it has no pixels")
    raise TypeMismatch(f"a {type(thing).__name__} has no geocontext").at(argument="thing")


def source_of(expression: Expression) -> tuple[str, str]:
    """The one product or image that an expression reads: the op that loads it, and its id.

    Raises:
        InvalidGeoContext: it reads none, several, or one whose id is computed.
    """
    found: set[tuple[str, str]] = set()
    seen, stack = {id(expression)}, [expression]
    while stack:
        top = stack.pop()
        if isinstance(top, Apply) and top.op in (PRODUCT, IMAGE):
            (named, *_) = top.args
            found.add((top.op, named.value if isinstance(named, Constant) else ""))
        for part in parts(top):
            if id(part) not in seen:
                seen.add(id(part))
                stack.append(part)
    names = sorted(name for _, name in found if name)
    if len(found) != 1 or not names:
        raise InvalidGeoContext(
            'A geocontext is like one product or image: name it, as in GeoContext.like("product"). '
            f"What this imagery names: {', '.join(names) or 'none'}."
        )
    return found.pop()
