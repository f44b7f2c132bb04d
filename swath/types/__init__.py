"""Proxies: what a user composes expressions of. Methods and operators come from the op table."""

from swath.types.container import Dict, KnownDict, List, Tuple
from swath.types.free import (
    arccos,
    arcsin,
    arctan,
    arctan2,
    concat,
    cos,
    exp,
    ifelse,
    log,
    log1p,
    log2,
    log10,
    normalized_difference,
    parameter,
    range,  # noqa: A004  the name users know
    sin,
    sqrt,
    square,
    tan,
    where,
    zip,  # noqa: A004  the name users know
)
from swath.types.function import Function
from swath.types.geocontext import GeoContext
from swath.types.graphs import bind_arguments, build_graph, graph_and_arguments
from swath.types.imagery import Image, ImageCollection, ImageCollectionGroupby
from swath.types.literal import proxify
from swath.types.number import Bool, Float, Int
from swath.types.proxy import Proxy
from swath.types.text import Any, NoneType, Str
from swath.types.time import Datetime, Timedelta

__all__ = [
    "Any",
    "Bool",
    "Datetime",
    "Dict",
    "Float",
    "Function",
    "GeoContext",
    "Image",
    "ImageCollection",
    "ImageCollectionGroupby",
    "Int",
    "KnownDict",
    "List",
    "NoneType",
    "Proxy",
    "Str",
    "Timedelta",
    "Tuple",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "bind_arguments",
    "build_graph",
    "concat",
    "cos",
    "exp",
    "graph_and_arguments",
    "ifelse",
    "log",
    "log1p",
    "log2",
    "log10",
    "normalized_difference",
    "parameter",
    "proxify",
    "range",
    "sin",
    "sqrt",
    "square",
    "tan",
    "where",
    "zip",
]
