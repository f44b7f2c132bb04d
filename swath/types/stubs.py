"""`swath/types/__init__.pyi`, made of the classes and the op table: `python -m swath.types.stubs`.

Editors and type checkers cannot see members that are made at import; this file tells them. Where
what an op gives depends on values, or on more than the class, the stub says `typing.Any`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import swath.types
from swath.errors import SwathError
from swath.graph.type import ANY, GENERIC, PLAIN, STR, Type
from swath.ops import ABSENT, OPS, REQUIRED, UNKNOWN, Argument, Op, OpParameter, infer
from swath.ops.reductions import AXES
from swath.types.derive import members
from swath.types.proxy import Proxy

TARGET = Path(__file__).with_name("__init__.pyi")

_HEAD = '''"""Proxies: what a user composes expressions of. Made by `swath.types.stubs`."""

# ruff: noqa: A001, E501
# fmt: off
import datetime as dt
import typing as t
from collections.abc import Callable, Iterator

from swath.geocontext import GeoContextValue
from swath.graph.type import Type
from swath.types.alias import Alias as Alias
from swath.types.graphs import bind_arguments as bind_arguments
from swath.types.graphs import build_graph as build_graph
from swath.types.graphs import graph_and_arguments as graph_and_arguments
from swath.types.literal import Literal as Literal
from swath.types.literal import proxify as proxify
from swath.types.proxy import Proxy as Proxy

__all__: list[str]

T = t.TypeVar("T")
K = t.TypeVar("K")
V = t.TypeVar("V")
Ts = t.TypeVarTuple("Ts")
'''

_BASES = {
    "List": "Proxy, t.Generic[T]",
    "Dict": "Proxy, t.Generic[K, V]",
    "KnownDict": "Proxy, t.Generic[*Ts]",
    "Tuple": "Proxy, t.Generic[*Ts]",
    "Function": "Proxy, t.Generic[*Ts]",
    "ImageCollectionGroupby": "Proxy, t.Generic[K]",
}
_PYTHON = {
    "Int": "int | Int",
    "Float": "float | Float",
    "Bool": "bool | Bool",
    "Str": "str | Str",
    "Datetime": "str | dt.date | Datetime",
    "Timedelta": "dt.timedelta | Timedelta",
    "NoneType": "None",
    "List": "list[t.Any] | List[t.Any]",
    "Tuple": "tuple[t.Any, ...] | Tuple[*tuple[t.Any, ...]]",
    "Dict": "dict[t.Any, t.Any] | Dict[t.Any, t.Any]",
    "KnownDict": "KnownDict[*tuple[t.Any, ...]]",
    "Function": "Callable[..., t.Any]",
    "ImageCollectionGroupby": "ImageCollectionGroupby[t.Any]",
}
"""What may be given for a parameter of a type."""

_SEVERAL_ROWS = 512
"""Most combinations of argument types that are tried to find what an op gives."""


def generate() -> str:
    """The text of the stub."""
    classes = sorted(
        (c for c in vars(swath.types).values() if _is_class(c)), key=lambda c: c.__name__
    )
    names = "".join(f'    "{name}",\n' for name in swath.types.__all__)
    head = _HEAD.replace("__all__: list[str]", f"__all__ = [\n{names}]")
    parts = [head, *(_class(c) for c in classes), "\n".join(_free_functions())]
    return "\n".join(parts) + "\n"


def _is_class(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, Proxy) and found is not Proxy


def _class(cls: type[Proxy]) -> str:
    bases = _BASES.get(cls.__name__, cls.__bases__[0].__name__)
    lines = [f"class {cls.__name__}({bases}):", *_constructor(cls)]
    own = {name for name in cls.__dict__ if not name.startswith("_") or _is_operator(name)}
    for name in sorted(own - {"make"}):
        lines += _member(cls, name)
    return "\n".join(lines) + "\n"


def _is_operator(name: str) -> bool:
    return name.startswith("__") and name not in (
        "__class_getitem__", "__doc__", "__module__", "__slots__",
    )  # fmt: skip


def _constructor(cls: type[Proxy]) -> list[str]:
    if "make" not in cls.__dict__:
        return []
    given = list(inspect.signature(cls.make).parameters.values())[1:]
    return [f"    def __init__({', '.join(['self', *map(_written, given)])}) -> None: ..."]


def _written(parameter: inspect.Parameter) -> str:
    star = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
    default = "" if parameter.default is inspect.Parameter.empty else " = ..."
    return f"{star}{parameter.name}: t.Any{default}"


def _member(cls: type[Proxy], name: str) -> list[str]:
    found = cls.__dict__[name]
    op = members().get(cls.__name__, {}).get(name)
    made = getattr(getattr(found, "__func__", found), "__module__", "") == "swath"
    is_operator = name.startswith("__") and op is not None
    if isinstance(found, property):
        gives = _property_type(cls, name, found)
        return ["    @property", f"    def {name}(self) -> {gives}: ..."]
    if is_operator and op is not None and name not in found.__class__.__dict__:
        return [_operator(cls, name, op)]
    if made and op is not None:
        return _derived(cls, name, op, is_class=isinstance(found, classmethod))
    return _handwritten(cls, name, found)


def _property_type(cls: type[Proxy], name: str, found: property) -> str:
    op = members().get(cls.__name__, {}).get(name)
    if op is None:
        annotation = inspect.get_annotations(found.fget).get("return", "t.Any")  # type: ignore[arg-type]
        return "t.Any" if annotation == "Any" else str(annotation)
    if op.name == "getattr":
        known = Argument("name", STR, name)
        return _named(infer(op, (Argument("obj", _self_type(cls.__name__)), known)))
    return _gives(op, cls.__name__)


def _operator(cls: type[Proxy], name: str, op: Op) -> str:
    if len(op.parameters) == 1:
        return f"    def {name}(self) -> {_gives(op, cls.__name__)}: ..."
    other = "key" if name == "__getitem__" else "other"
    # An operator of numbers is another op beside imagery, which gives something else.
    gives = "t.Any" if op.name.startswith("numpy.") else _gives(op, cls.__name__)
    clashes = name in ("__eq__", "__ne__") and gives != "t.Any"
    ignored = "  # type: ignore[override]" if clashes else ""
    return f"    def {name}(self, {other}: t.Any) -> {gives}: ...{ignored}"


def _derived(cls: type[Proxy], name: str, op: Op, *, is_class: bool) -> list[str]:
    given = op.parameters if is_class else op.parameters[1:]
    head = ["    @classmethod"] if is_class else []
    gives = _gives(op, None if is_class else cls.__name__)
    first = "cls" if is_class else "self"
    return [*head, f"    def {name}({', '.join([first, *_parameters(given)])}) -> {gives}: ..."]


def _parameters(given: tuple[OpParameter, ...]) -> Iterator[str]:
    for one in given:
        star = {"variadic": "*", "keywords": "**"}.get(one.kind, "")
        is_optional = one.default is not REQUIRED and not star
        default = _default(one) if is_optional else ""
        yield f"{star}{one.name}: {_accepted(one)}{default}"


def _default(one: OpParameter) -> str:
    return " = ..." if one.default is ABSENT else f" = {one.default!r}"


def _accepted(parameter: OpParameter) -> str:
    if ANY in parameter.accepts:
        return "t.Any"
    texts = dict.fromkeys(_PYTHON.get(t.name, t.name) for t in parameter.accepts)
    none = ["None"] if "None" in texts else []
    return " | ".join([*(text for text in texts if text != "None"), "Any", *none])


def _handwritten_type(cls: type[Proxy], name: str, annotation: str) -> str:
    """The annotation; where it is Any, what all ops that the member stands for give."""
    if annotation not in ("Any", "AnyValue"):
        return annotation.replace("AnyValue", "Any").replace("Any", "t.Any")
    is_class = isinstance(cls.__dict__[name], classmethod)
    rows = [op for op in OPS.values() if f"{cls.__name__}.{name}" in op.methods]
    gives = {_gives(op, None if is_class else cls.__name__) for op in rows}
    if len(gives) == 1:
        return gives.pop()
    return cls.__name__ if is_class and not rows and cls.__name__ in PLAIN else "t.Any"


def _handwritten(cls: type[Proxy], name: str, found: Any) -> list[str]:
    kind = type(found).__name__
    function = getattr(found, "__func__", found)
    head = [f"    @{kind}"] if kind in ("classmethod", "staticmethod") else []
    signature = inspect.signature(function)
    first, *given = signature.parameters.values()
    gives = str(signature.return_annotation)
    typed = _handwritten_type(cls, name, gives)
    arguments = ", ".join([first.name, *map(_written, given)])
    return [*head, f"    def {name}({arguments}) -> {typed}: ..."]


def _self_type(name: str) -> Type:
    if name in PLAIN:
        return Type(name)
    least, most = GENERIC[name]
    return Type(name, (ANY,) * (least if most is not None else 0))


def _gives(op: Op, cls: str | None) -> str:
    """What an op gives for a receiver of that class, where it is one type; else `t.Any`."""
    first = [] if cls is None else [[Argument(op.parameters[0].name, _self_type(cls))]]
    given = op.parameters[len(first) :]
    found: set[Type] = set()
    for row in islice(product(*first, *map(_candidates, given)), _SEVERAL_ROWS):
        try:
            found.add(infer(op, row))
        except SwathError:
            continue
    names = {_named(type_) for type_ in found}
    return names.pop() if len(names) == 1 else "t.Any"


def _candidates(parameter: OpParameter) -> list[Any]:
    if parameter.kind == "variadic":
        return [(), *((Argument(parameter.name, t),) for t in parameter.accepts)]
    if parameter.kind == "keywords":
        return [{}]
    if parameter.name == "axis":
        return [Argument("axis", STR, axis) for axis in AXES] + [parameter.omitted]
    values = [Argument(parameter.name, t, UNKNOWN) for t in parameter.accepts]
    return values if parameter.default is REQUIRED else [parameter.omitted, *values]


def _named(type_: Type) -> str:
    """A type as the stub names it."""
    if type_ == ANY:
        return "Any"
    if type_.name in ("KnownDict", "Function") or (type_.name == "Tuple" and not type_.args):
        return f"{type_.name}[*tuple[t.Any, ...]]"
    if not type_.args:
        return type_.name
    inside = ["t.Any" if arg == ANY else _named(arg) for arg in type_.args]
    return f"{type_.name}[{', '.join(inside)}]"


def _free_functions() -> Iterator[str]:
    for name in sorted(set(swath.types.__all__) & set(members()[""]) - {"ifelse"}):
        op = members()[""][name]
        arguments = ", ".join(_parameters(op.parameters))
        yield f"def {name}({arguments}) -> {_gives(op, None)}: ..."
    yield "def ifelse(condition: t.Any, true_value: t.Any, false_value: t.Any) -> t.Any: ..."
    yield "def parameter(name: str, type_: t.Any) -> t.Any: ..."


def main() -> None:
    """Write the stub."""
    TARGET.write_text(generate(), encoding="utf-8")


if __name__ == "__main__":
    main()
