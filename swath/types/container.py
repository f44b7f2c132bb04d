"""List, Tuple, Dict, KnownDict: containers of values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from swath.graph.expression import Expression
from swath.graph.type import Type
from swath.types.alias import Alias, alias
from swath.types.apply import apply
from swath.types.derive import provide
from swath.types.promote import promote_to
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
    return promote_to(dict(*dct, **kwargs), wanted)


def pairs_of(pairs: Iterable[Any]) -> Any:
    """A list of pairs as `dict.from_pairs` takes it."""
    return pairs if isinstance(pairs, Proxy) else [tuple(pair) for pair in pairs]


for _cls in (List, Tuple, Dict, KnownDict):
    provide(_cls)
