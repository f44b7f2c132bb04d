"""Methods, properties and operators of proxies, made from the op table.

A member that a class defines itself is left alone: it has sugar that the table does not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from inspect import Parameter, Signature
from typing import Any

from swath.ops import ABSENT, OPS, REQUIRED, Op
from swath.ops.members import MEMBERS
from swath.types.apply import apply, operate
from swath.types.proxy import Proxy

PROPERTIES = frozenset({"nbands", "groups"})
"""Members without arguments that are read without a call, besides those of `getattr`."""

_KINDS = {
    "positional": Parameter.POSITIONAL_OR_KEYWORD,
    "keyword": Parameter.POSITIONAL_OR_KEYWORD,
    "variadic": Parameter.VAR_POSITIONAL,
    "keywords": Parameter.VAR_KEYWORD,
}
_NUMERIC = {
    "add": "numpy.add",
    "sub": "numpy.subtract",
    "mul": "numpy.multiply",
    "truediv": "numpy.true_divide",
    "floordiv": "numpy.floor_divide",
    "mod": "numpy.remainder",
    "pow": "numpy.power",
    "eq": "numpy.equal",
    "ne": "numpy.not_equal",
    "lt": "numpy.less",
    "le": "numpy.less_equal",
    "gt": "numpy.greater",
    "ge": "numpy.greater_equal",
}
"""The op of numbers that an operator gives."""
_GENERAL = {"truediv": "div"}
"""The op of everything else, where it is not named as the operator."""


@cache
def members() -> dict[str, dict[str, Op]]:
    """The op of each member that the table provides, by type and name; free functions under ''.

    Where several ops provide one member, the first of the table.
    """
    found: dict[str, dict[str, Op]] = {}
    for op in OPS.values():
        for method in op.methods:
            type_, _, name = method.rpartition(".")
            found.setdefault(type_, {}).setdefault(name, op)
    return found


def provide(cls: type[Proxy]) -> None:
    """Give a class the members that the table has for it and that it does not define itself."""
    for name, op in members().get(cls.__name__, {}).items():
        if name in cls.__dict__ or name in ("__init__", "__getattr__"):
            continue
        setattr(cls, name, _member(cls.__name__, name, op))


def _member(type_: str, name: str, op: Op) -> Any:
    if name.startswith("__") and len(op.parameters) == 2 and name != "__getitem__":
        return _operator(name, op)
    if op.name == "getattr":
        return _named(_attribute(name), type_, name, f"The {name}, `{MEMBERS[type_][name]}`.")
    if name in PROPERTIES:
        return _named(property(lambda self: apply(op.name, self)), type_, name, op.doc)
    if name.startswith("from_"):
        return classmethod(_named(_constructor(op), type_, name, documentation(op), op))
    return _named(_method(op), type_, name, documentation(op), op)


def _attribute(name: str) -> property:
    return property(lambda self: apply("getattr", self, name))


def _constructor(op: Op) -> Callable[..., Any]:
    def constructor(cls: type[Proxy], *args: Any, **kwargs: Any) -> Any:
        return apply(op.name, *args, **kwargs)

    return constructor


def _method(op: Op) -> Callable[..., Any]:
    def method(self: Proxy, *args: Any, **kwargs: Any) -> Any:
        return apply(op.name, self, *args, **kwargs)

    return method


def _operator(name: str, op: Op) -> Callable[[Any, Any], Any]:
    """A binary operator: `__add__`, or reflected `__radd__`."""
    word = name.strip("_")
    reflected = word not in _NUMERIC and word[0] == "r" and word[1:] in _words()
    word = word[1:] if reflected else word
    general = _GENERAL.get(word, word)
    numeric = _NUMERIC.get(word, general)

    def operator(self: Any, other: Any) -> Any:
        return operate(numeric, general, self, other)

    def reflection(self: Any, other: Any) -> Any:
        return operate(numeric, general, other, self)

    function = reflection if reflected else operator
    function.__name__ = function.__qualname__ = name
    function.__doc__ = op.doc
    return function


def _words() -> frozenset[str]:
    return frozenset(_NUMERIC) | {"and", "or", "xor", "lshift", "rshift", "divmod"}


def _named(member: Any, type_: str, name: str, doc: str, op: Op | None = None) -> Any:
    """The member with a name, a docstring and a signature of its own."""
    if isinstance(member, property):
        return property(member.fget, doc=doc)
    member.__name__, member.__doc__ = name, doc
    member.__qualname__ = f"{type_}.{name}" if type_ else name
    member.__module__ = "swath"
    if op is not None:
        member.__signature__ = signature(op, is_method=bool(type_))
    return member


@cache
def signature(op: Op, *, is_method: bool) -> Signature:
    """The signature of a member that gives an op; the first parameter of a method is `self`."""
    given = list(parameters(op))
    if is_method:
        self = Parameter("self", Parameter.POSITIONAL_ONLY)
        is_constructor = op.methods[0].partition(".")[2].startswith("from_")
        given = [self, *(given if is_constructor else given[1:])]
    return Signature(given)


def parameters(op: Op) -> Iterator[Parameter]:
    """The parameters of an op as Python has them; keyword-only after `*`."""
    seen_variadic = False
    for one in op.parameters:
        kind: Any = _KINDS[one.kind]
        if kind is Parameter.VAR_POSITIONAL:
            seen_variadic = True
        elif kind is Parameter.POSITIONAL_OR_KEYWORD and seen_variadic:
            kind = Parameter.KEYWORD_ONLY
        default = Parameter.empty if one.default in (REQUIRED, ABSENT) else one.default
        yield Parameter(one.name, kind, default=default)


def documentation(op: Op) -> str:
    """The docstring of a member: what it gives, and its arguments."""
    if len(op.parameters) < 2:
        return op.doc
    rows = [f"    {p.name} ({p.accepted}): {p.doc}" for p in op.parameters[1:]]
    return "\n".join([op.doc, "", "Args:", *rows])


def free_function(name: str) -> Callable[..., Any]:
    """The free function of that name in the table."""
    op = members()[""][name]

    def function(*args: Any, **kwargs: Any) -> Any:
        return apply(op.name, *args, **kwargs)

    named: Callable[..., Any] = _named(function, "", name, documentation(op), op)
    return named
