"""Types of the language as plain values: `List[Int]`, `Function[Image, Bool]`, ...

The op table's type rules compute with these; proxies carry one; the wire encodes them.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_TYPE_DEPTH = 32
"""Deepest nesting of a type that is accepted from outside."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a name, its type arguments, and for KnownDict the fields known by name.

    `List[T]`: args (T,). `Dict[K, V]`: (K, V). `Tuple[A, B]`: (A, B), any number.
    `KnownDict[{a: A}, K, V]`: args (K, V) for unknown keys, fields ((a, A), ...).
    `Function[A, B, R]`: (A, B, R), the result last. `ImageCollectionGroupby[K]`: (K,).
    """

    name: str
    args: tuple[Type, ...] = ()
    fields: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        if not self.args and not self.fields:
            return self.name
        inside = [str(arg) for arg in self.args]
        if self.name == "KnownDict":
            known = ", ".join(f"{name}: {type_}" for name, type_ in self.fields)
            inside.insert(0, "{" + known + "}")
        return f"{self.name}[{', '.join(inside)}]"


ANY = Type("Any")
NONE = Type("NoneType")
BOOL = Type("Bool")
INT = Type("Int")
FLOAT = Type("Float")
STR = Type("Str")
DATETIME = Type("Datetime")
TIMEDELTA = Type("Timedelta")
IMAGE = Type("Image")
COLLECTION = Type("ImageCollection")
GEOCONTEXT = Type("GeoContext")
ARRAY = Type("Array")
GRID = Type("Grid")

PLAIN = frozenset(
    t.name
    for t in (
        ANY, NONE, BOOL, INT, FLOAT, STR, DATETIME, TIMEDELTA, IMAGE, COLLECTION, GEOCONTEXT,
        ARRAY, GRID,
    )
)  # fmt: skip
"""Names of the types that take no arguments."""


def list_of(item: Type) -> Type:
    """`List[item]`."""
    return Type("List", (item,))


def dict_of(key: Type, value: Type) -> Type:
    """`Dict[key, value]`."""
    return Type("Dict", (key, value))


def tuple_of(*items: Type) -> Type:
    """`Tuple[items...]`."""
    return Type("Tuple", items)


def function_of(parameters: tuple[Type, ...], result: Type) -> Type:
    """`Function[parameters..., result]`."""
    return Type("Function", (*parameters, result))


def known_dict_of(fields: dict[str, Type], key: Type = STR, value: Type = ANY) -> Type:
    """`KnownDict[{fields}, key, value]`."""
    return Type("KnownDict", (key, value), tuple(fields.items()))


def groupby_of(key: Type) -> Type:
    """`ImageCollectionGroupby[key]`."""
    return Type("ImageCollectionGroupby", (key,))
