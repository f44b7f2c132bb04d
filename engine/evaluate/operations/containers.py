"""Ops on lists, tuples, dicts and functions: rules S1–S5; `get`, `getattr`, `length`."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.evaluate.batch import ImageBatch, RowBatch
from engine.evaluate.context import Closure, Context
from engine.evaluate.deferred import apply
from engine.evaluate.lazy import (
    LazyCollection,
    LazyGroups,
    LazyImage,
    PropertyTable,
)
from engine.evaluate.operations.arithmetic import check_length
from engine.evaluate.operations.where import geocontext_member
from swath.errors import InvalidArgument, TypeMismatch
from swath.geocontext import GeoContextValue

NO_INITIAL = object()


def _list(_: Context, *items: Any) -> list[Any]:
    return list(items)


def _tuple(_: Context, *items: Any) -> tuple[Any, ...]:
    return tuple(items)


def _dict(_: Context, *pairs: Any, **named: Any) -> dict[Any, Any]:
    flat = list(pairs)
    return {**dict(zip(flat[::2], flat[1::2], strict=True)), **named}


def _from_pairs(_: Context, pairs: Sequence[tuple[Any, Any]]) -> dict[Any, Any]:
    return dict(pairs)


def _length(_: Context, value: Any) -> int:
    if isinstance(value, LazyCollection):
        return value.count
    return len(value)


def mapped(context: Context, value: Any, function: Closure) -> list[Any]:
    """The function's value for each element or image, in order (S4)."""
    result = context.map(function, value)
    if isinstance(result, ImageBatch):
        images = range(result.collection.count)
        return [result.collection.image(i, context.planes) for i in images]
    return list(result.table if isinstance(result, RowBatch) else result.items)


def decisions(context: Context, value: Any, function: Closure) -> list[bool]:
    """The function as a condition on each element or image; no value counts as False (N5)."""
    return [bool(v) for v in context.force(list(mapped(context, value, function)))]


def _filter(context: Context, value: Any, function: Closure) -> Any:
    keep = decisions(context, value, function)
    if isinstance(value, LazyCollection):
        return value.take([i for i, k in enumerate(keep) if k], context.planes)
    return [v for v, k in zip(value, keep, strict=True) if k]


def _sorted(context: Context, value: Any, key: Closure | None = None, reverse: bool = False) -> Any:
    is_imagery = isinstance(value, LazyCollection)
    if key is None and is_imagery:
        raise InvalidArgument("sorted needs a key for an ImageCollection.").at(argument="key")
    keys = list(value) if key is None else list(mapped(context, value, key))
    order = sorted_indices(context.force(keys), reverse)
    if is_imagery:
        return value.take(order, context.planes)
    return [value[i] for i in order]


def sorted_indices(keys: Sequence[Any], reverse: bool) -> list[int]:
    """Positions in sorted order: stable, nan after all numbers, no value last (S3).

    Raises: TypeMismatch: the keys cannot be compared.
    """
    usual = [i for i, k in enumerate(keys) if not (k is None or _is_nan(k))]
    nans = [i for i, k in enumerate(keys) if k is not None and _is_nan(k)]
    try:
        usual.sort(key=lambda i: keys[i], reverse=reverse)
    except TypeError:
        raise TypeMismatch("sorted: the keys cannot be compared with each other.") from None
    return usual + nans + [i for i, k in enumerate(keys) if k is None]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _reduce(context: Context, value: Any, function: Closure, initial: Any = NO_INITIAL) -> Any:
    items = _elements(context, value)
    if initial is NO_INITIAL:
        if not items:
            raise InvalidArgument("reduce of an empty list needs `initial`.")
        return functools.reduce(lambda a, b: context.call(function, a, b), items)
    return functools.reduce(lambda a, b: context.call(function, a, b), items, initial)


def _elements(context: Context, value: Any) -> list[Any]:
    if isinstance(value, LazyCollection):
        return [value.image(i, context.planes) for i in range(value.count)]
    return list(value)


def _map(context: Context, value: Any, function: Closure) -> Any:
    return mapped(context, value, function)


def _ifelse(context: Context, condition: Any, true: Closure, false: Closure) -> Any:
    return context.call(true if context.decide(condition) else false)


def _contains(context: Context, value: Any, item: Any) -> bool:
    if isinstance(value, dict | str):
        return item in value
    known = context.force(list(value))
    return bool(context.force([item])[0] in known)


def _reversed(context: Context, value: Any) -> Any:
    if isinstance(value, LazyCollection):
        return value.take(range(value.count - 1, -1, -1), context.planes)
    return value[::-1]


def _range(_: Context, start: int, stop: int | None = None, step: int = 1) -> list[int]:
    if step == 0:
        raise InvalidArgument("range: step is 0.").at(argument="step")
    whole = range(start) if stop is None else range(start, stop, step)
    check_length(len(whole))
    return list(whole)


def _zip(context: Context, *sequences: Any) -> list[tuple[Any, ...]]:
    return list(zip(*(_elements(context, s) for s in sequences), strict=False))


def _get(context: Context, value: Any, key: Any, default: Any = NO_INITIAL) -> Any:
    if isinstance(value, dict):
        return _of_key(value, key, default)
    if not isinstance(value, list | tuple | str | PropertyTable | LazyCollection):
        raise TypeMismatch("Only lists, tuples, strings, dicts and collections have elements.")
    index = context.force([key])[0]
    count = value.count if isinstance(value, LazyCollection) else len(value)
    if isinstance(index, slice):
        return _slice(context, value, index)
    if not isinstance(index, int) or isinstance(index, bool):
        raise TypeMismatch("An index must be an Int.", expected="Int").at(argument="index")
    if not -count <= index < count:
        raise InvalidArgument(f"Index {index} is outside 0 … {count - 1} (there are {count}).")
    if isinstance(value, LazyCollection):
        return value.image(index % count, context.planes)
    return value.row(index % count) if isinstance(value, PropertyTable) else value[index]


def _slice(context: Context, value: Any, index: slice) -> Any:
    if isinstance(value, LazyCollection):
        return value.take(range(value.count)[index], context.planes)
    if isinstance(value, PropertyTable):
        return value.take(range(len(value))[index])
    return value[index]


def _of_key(value: dict[Any, Any], key: Any, default: Any) -> Any:
    if key in value:
        return value[key]
    if default is not NO_INITIAL:
        return default
    names = ", ".join(map(str, list(value)[:24]))
    raise InvalidArgument(f"There is no key {key!r}; there are: {names or 'none'}.")


Attribute = Callable[[Any], Any]
ATTRIBUTES: dict[tuple[type, str], Attribute] = {
    (LazyImage, "properties"): lambda v: dict(v.properties),
    (LazyImage, "bandinfo"): lambda v: {b.name: dict(b.info) for b in v.bands},
    (LazyCollection, "properties"): lambda v: v.table,
    (LazyCollection, "bandinfo"): lambda v: {b.name: dict(b.info) for b in v.bands},
    (LazyGroups, "groups"): lambda v: dict(zip(v.keys, v.groups, strict=True)),
}


def _getattr(_: Context, value: Any, name: str) -> Any:
    found = ATTRIBUTES.get((type(value), name))
    if found is not None:
        return found(value)
    if isinstance(value, GeoContextValue):
        return geocontext_member(value, name)
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, datetime | timedelta) and not name.startswith("_"):
        return _component(value, name)
    raise InvalidArgument(f"There is no attribute {name!r} here.").at(argument="name")


def _component(value: datetime | timedelta, name: str) -> Any:
    own = ("days", "seconds", "microseconds")
    known = own if isinstance(value, timedelta) else (
        "year", "month", "day", "hour", "minute", "second", "microsecond",
    )  # fmt: skip
    if name not in known:
        raise InvalidArgument(f"{name!r} is not one of {', '.join(known)}.").at(argument="name")
    return getattr(value, name)


def _int(_: Context, value: Any) -> Any:
    return apply(_to_int, value)


def _to_int(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        raise InvalidArgument(f"{value!r} is not an Int.") from None


def _float(_: Context, value: Any) -> Any:
    return apply(_to_float, value)


def _to_float(value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        raise InvalidArgument(f"{value!r} is not a Float.") from None


ROWS: dict[str, Callable[..., Any]] = {
    "list": _list,
    "tuple": _tuple,
    "dict.create": _dict,
    "dict.from_pairs": _from_pairs,
    "dict.keys": lambda _, value: list(value),
    "dict.values": lambda _, value: list(value.values()),
    "dict.items": lambda _, value: list(value.items()),
    "length": _length,
    "map": _map,
    "filter": _filter,
    "sorted": _sorted,
    "reduce": _reduce,
    "ifelse": _ifelse,
    "contains": _contains,
    "reversed": _reversed,
    "range": _range,
    "zip": _zip,
    "get": _get,
    "getattr": _getattr,
    "Int.cast": _int,
    "Float.cast": _float,
}
