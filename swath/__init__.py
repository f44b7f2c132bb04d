"""Swath computes on satellite imagery: `import swath as wf`.

Compose an expression of proxies, then ask for its value: `(wf.Int(1) + 1).inspect()`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from swath import exceptions
from swath.graph.text import show
from swath.job import Stage, Status
from swath.types import (
    Any,
    Bool,
    Datetime,
    Dict,
    Float,
    Function,
    GeoContext,
    Image,
    ImageCollection,
    ImageCollectionGroupby,
    Int,
    KnownDict,
    List,
    NoneType,
    Proxy,
    Str,
    Timedelta,
    Tuple,
    arccos,
    arcsin,
    arctan,
    arctan2,
    build_graph,
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
    proxify,
    range,  # noqa: A004  the name users know
    sin,
    sqrt,
    square,
    tan,
    where,
    zip,  # noqa: A004  the name users know
)

if TYPE_CHECKING:
    from engine import Engine as Engine  # not in __all__: see there
    from swath.client import catalog
    from swath.client.compute import compute
    from swath.client.inspect import InspectClient, estimate, inspect, validate
    from swath.client.job import Job
    from swath.client.jobs import JobClient

e = 2.718281828459045
"""Euler's number."""
pi = 3.141592653589793
"""The ratio of a circle's circumference to its diameter."""
inf = float("inf")
"""Larger than every number."""
nan = float("nan")
"""Not a number."""

_LAZY = {
    "Engine": ("engine", "Engine"),
    "InspectClient": ("swath.client.inspect", "InspectClient"),
    "Job": ("swath.client.job", "Job"),
    "JobClient": ("swath.client.jobs", "JobClient"),
    "catalog": ("swath.client.catalog", None),
    "compute": ("swath.client.compute", "compute"),
    "estimate": ("swath.client.inspect", "estimate"),
    "inspect": ("swath.client.inspect", "inspect"),
    "validate": ("swath.client.inspect", "validate"),
}
"""Names that bring gRPC, or the engine, along only when they are used."""

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
    "InspectClient",
    "Int",
    "Job",
    "JobClient",
    "KnownDict",
    "List",
    "NoneType",
    "Proxy",
    "Stage",
    "Status",
    "Str",
    "Timedelta",
    "Tuple",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "build_graph",
    "catalog",
    "compute",
    "concat",
    "cos",
    "e",
    "estimate",
    "exceptions",
    "exp",
    "ifelse",
    "inf",
    "inspect",
    "log",
    "log1p",
    "log2",
    "log10",
    "nan",
    "normalized_difference",
    "parameter",
    "pi",
    "proxify",
    "range",
    "show",
    "sin",
    "sqrt",
    "square",
    "tan",
    "validate",
    "where",
    "zip",
]
"""Without `Engine`: `import *` and `help(swath)` go through all of these, and work without it."""


def __getattr__(name: str) -> _Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'swath' has no attribute {name!r}")
    module, member = _LAZY[name]
    found = import_module(module)
    value = found if member is None else getattr(found, member)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
