"""`List[Int]`, `Dict[Str, Float]`, …: a class of proxies with its type arguments."""

from __future__ import annotations

from typing import Any

from swath.errors import TypeMismatch
from swath.graph.subtype import fits
from swath.graph.type import GENERIC, Type
from swath.types.proxy import CLASSES, Proxy, construct


class Alias:
    """A generic class with its arguments: constructs proxies of that type, and tells them."""

    __slots__ = ("origin", "type")

    def __init__(self, origin: type[Proxy], type_: Type) -> None:
        self.origin, self.type = origin, type_

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A proxy of the type, from what the class is constructed from."""
        proxy = object.__new__(self.origin)
        construct(proxy, self.type, args, kwargs)
        return proxy

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self.origin) and fits(instance.expression.type, self.type)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.origin, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alias) and self.type == other.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __repr__(self) -> str:
        return f"swath.{self.type}"


def type_named(spec: Any) -> Type:
    """The type that a class of proxies, `List[Int]`, None or a Type stands for.

    A bare generic class is that of `Any`: `List` is `List[Any]`, but Tuple and Function stay bare.

    Raises:
        TypeMismatch: something else.
    """
    if isinstance(spec, Type):
        return spec
    if isinstance(spec, Alias):
        return spec.type
    if spec is None:
        return Type("NoneType")
    if isinstance(spec, type) and spec in CLASSES.values():
        return _bare(spec.__name__)
    raise TypeMismatch(f"{spec!r} is no type: write one like swath.Int or swath.List[swath.Str]")


def _bare(name: str) -> Type:
    least, most = GENERIC.get(name, (0, 0))
    if name == "KnownDict":
        return Type(name, (Type("Str"), Type("Any")))
    return Type(name, (Type("Any"),) * least if most is not None else ())


def alias(origin: type[Proxy], arguments: Any) -> Alias:
    """What `origin[arguments]` is.

    Raises:
        TypeMismatch: the wrong number of arguments, or one that is no type.
    """
    name = origin.__name__
    given = arguments if isinstance(arguments, tuple) else (arguments,)
    fields: tuple[tuple[str, Type], ...] = ()
    if name == "KnownDict" and given and isinstance(given[0], dict):
        fields = tuple((key, type_named(spec)) for key, spec in given[0].items())
        given = given[1:] or (Type("Str"), Type("Any"))
    args = tuple(map(type_named, given))
    least, most = GENERIC[name]
    if len(args) < least or (most is not None and len(args) > most):
        raise TypeMismatch(f"{name} takes {least} type arguments, {len(args)} given")
    return Alias(origin, Type(name, args, fields))
