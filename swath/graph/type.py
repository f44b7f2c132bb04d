"""Types of the language as plain values: `List[Int]`, `Function[Image, Bool]`, ...

The op table's type rules compute with these; proxies carry one; the wire encodes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from swath.errors import InvalidGraph

MAX_TYPE_DEPTH = 32
"""Deepest nesting of a type; a deeper one cannot be made."""
MAX_TYPE_SIZE = 4096
"""Most types that a type is built of, itself included, counted with repetition."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type: a name, its type arguments, and for KnownDict the fields known by name.

    `List[T]`: args (T,). `Dict[K, V]`: (K, V). `Tuple[A, B]`: (A, B), any number.
    `KnownDict[{a: A}, K, V]`: args (K, V) for unknown keys, fields ((a, A), ...).
    `Function[A, B, R]`: (A, B, R), the result last. `ImageCollectionGroupby[K]`: (K,).
    A generic name without arguments stands for all its types, where a type is asked for.

    Raises:
        InvalidGraph: nested deeper than MAX_TYPE_DEPTH, or larger than MAX_TYPE_SIZE. So whoever
            holds a Type may walk it by recursion.
    """

    name: str
    args: tuple[Type, ...] = ()
    fields: tuple[tuple[str, Type], ...] = ()
    depth: int = field(init=False, compare=False, repr=False, default=1)
    """Levels of nesting; 1 for a type without arguments."""
    size: int = field(init=False, compare=False, repr=False, default=1)
    """Number of types that it is built of, itself included."""
    _hash: int = field(init=False, compare=False, repr=False, default=0)

    def __post_init__(self) -> None:
        if self.args or self.fields:
            parts = (*self.args, *(type_ for _, type_ in self.fields))
            depth, size = 1 + max(p.depth for p in parts), 1 + sum(p.size for p in parts)
            if depth > MAX_TYPE_DEPTH:
                raise InvalidGraph(f"a type nests deeper than {MAX_TYPE_DEPTH} levels")
            if size > MAX_TYPE_SIZE:
                raise InvalidGraph(f"a type is built of more than {MAX_TYPE_SIZE} types")
            object.__setattr__(self, "depth", depth)
            object.__setattr__(self, "size", size)
        object.__setattr__(self, "_hash", hash((self.name, self.args, self.fields)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Hashes of text differ between processes, so the cached one must not travel.
        return Type, (self.name, self.args, self.fields)

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
GENERIC = {
    "List": (1, 1), "Dict": (2, 2), "Tuple": (0, None), "KnownDict": (2, 2),
    "Function": (1, None), "ImageCollectionGroupby": (1, 1),
}  # fmt: skip
"""Names of the types that take arguments, with the least and most of them (None: any number)."""


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


PROPERTIES = known_dict_of(
    {
        "id": STR, "product": STR, "date": DATETIME, "crs": STR, "geotrans": tuple_of(*[FLOAT] * 6)
    }
)  # fmt: skip
"""Properties of an image: those of the catalog have a known type, other keys are `Any`."""
BANDINFO = dict_of(
    STR,
    known_dict_of(
        {
            "id": STR, "name": STR, "dtype": STR, "kind": STR,
            "data_range": tuple_of(FLOAT, FLOAT),
        }
    ),
)  # fmt: skip
"""What is known of each band of an image, by band name."""


def is_well_formed(type_: Type) -> bool:
    """Whether it names types of the language, each with as many arguments as it takes."""
    if type_.fields and type_.name != "KnownDict":
        return False
    if type_.name in PLAIN:
        return not type_.args
    if type_.name not in GENERIC:
        return False
    least, most = GENERIC[type_.name]
    if len(type_.args) < least or (most is not None and len(type_.args) > most):
        return False
    return all(map(is_well_formed, type_.args)) and all(is_well_formed(t) for _, t in type_.fields)
