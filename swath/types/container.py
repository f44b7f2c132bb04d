"""List, Tuple, Dict, KnownDict: containers of values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swath.errors import TypeMismatch
from swath.graph.expression import Apply, Cast, Constant, Expression
from swath.graph.subtype import as_dict, fits
from swath.graph.type import Type, known_dict_of
from swath.graph.value import type_of
from swath.types.alias import Alias, alias
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.promote import promote, promote_to
from swath.types.proxy import Proxy


class List(Proxy):
    """Values of one type in order: `List([1, 2])`, `List[Int]([])`."""

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Alias:
        return alias(cls, arguments)

    @staticmethod
    def make(wanted: Type, iterable: Any) -> Expression:
        """From an iterable of Python values and proxies, or another List."""
        return promote_to(iterable if isinstance(iterable, Proxy) else list(iterable), wanted)


class Tuple(Proxy):
    """A fixed number of values, each of its own type: `Tuple((1, "a"))`; can be unpacked."""

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Alias:
        return alias(cls, arguments)

    @staticmethod
    def make(wanted: Type, iterable: Any) -> Expression:
        """From an iterable of Python values and proxies, or another Tuple."""
        return promote_to(iterable if isinstance(iterable, Proxy) else tuple(iterable), wanted)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))  # type: ignore[index]  # from the table

    def __len__(self) -> int:
        return len(self.expression.type.args)


class Dict(Proxy):
    """Values by key, in order: `Dict({"red": 1})`, `Dict[Str, Int](red=1)`."""

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Alias:
        return alias(cls, arguments)

    @staticmethod
    def make(wanted: Type, *dct: Any, **kwargs: Any) -> Expression:
        """From a dict, named values, or both; or another Dict."""
        return _dict(wanted, dct, kwargs)

    def get(self, key: Any, default: Any) -> Any:
        """The value of a key, or `default` where it is missing."""
        return apply("get", self, key, default)


class KnownDict(Proxy):
    """Values of different types by known keys: `KnownDict(id="a", cloud=0.1)`."""

    __slots__ = ()

    def __class_getitem__(cls, arguments: Any) -> Alias:
        return alias(cls, arguments)

    @staticmethod
    def make(wanted: Type, *args: Any, **kwargs: Any) -> Expression:
        """From a dict, named values, or both; or another KnownDict."""
        return _dict(wanted, args, kwargs)

    def get(self, key: Any, default: Any) -> Any:
        """The value of a key, or `default` where it is missing."""
        return apply("get", self, key, default)


def _dict(wanted: Type, dct: tuple[Any, ...], kwargs: dict[str, Any]) -> Expression:
    if len(dct) == 1 and isinstance(dct[0], Proxy) and not kwargs:
        return promote_to(dct[0], wanted)
    made = promote(dict(*dct, **kwargs))
    if wanted.name == "Dict" and made.type.name == "KnownDict":
        return _told(made, as_dict(made.type), wanted)
    if wanted.name == "KnownDict" and made.type.name == "Dict":
        return _told(made, _fields_known(made), wanted)
    return _told(made, made.type, wanted)


def _fields_known(made: Expression) -> Type:
    """The KnownDict that a dict with written keys is."""
    if isinstance(made, Constant):
        return known_dict_of({key: type_of(one) for key, one in made.value.items()})
    assert isinstance(made, Apply)
    keys, values = made.args[::2], made.args[1::2]
    return known_dict_of(
        {
            key.value: one.type
            for key, one in zip(keys, values, strict=True)
            if isinstance(key, Constant) and isinstance(key.value, str)
        }
    )


def _told(made: Expression, type_: Type, wanted: Type) -> Expression:
    """The dict as one of `type_`, if it fits where `wanted` is asked for."""
    if not fits(type_, wanted):
        problem = f"expected {wanted}, got {type_}"
        raise TypeMismatch(problem, expected=str(wanted), got=str(type_))
    told = wanted if wanted.args else type_
    if isinstance(made, Constant):
        return Constant(made.value, told)
    return made if told == made.type else Cast(made, told)


for _cls in (List, Tuple, Dict, KnownDict):
    provide(_cls)
