"""Python values made expressions: numbers, text, time, containers, arrays, and proxies in them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from swath.errors import InvalidArgument, TypeMismatch
from swath.geocontext import GeoContextValue
from swath.graph.expression import Apply, Constant, Expression
from swath.graph.subtype import fits
from swath.graph.type import DATETIME, FLOAT, STR, Type
from swath.graph.value import type_of
from swath.grid import Grid
from swath.ops import OPS, Argument, infer
from swath.types.proxy import Proxy, place

_PLAIN = frozenset({type(None), bool, int, float, str})
_AS_THEY_ARE = (dt.timedelta, GeoContextValue, Grid)


def promote(value: Any) -> Expression:
    """The expression of a Python value or proxy.

    Numbers of numpy become Int, Float and Bool; a date is its first instant; times without a zone
    are UTC. A container that holds proxies becomes a call of `list`, `tuple` or `dict.create`.

    Raises:
        TypeMismatch: there is nothing in the language for it.
        InvalidArgument: an int over 64 bits.
    """
    if isinstance(value, Proxy):
        return value.expression
    if type(value) in _PLAIN:
        return Constant(value, type_of(value))
    return _promote_container(value) if isinstance(value, (list, tuple, dict)) else _scalar(value)


def promote_to(value: Any, wanted: Type) -> Expression:
    """The expression of a value that is to be of type `wanted`; text is read as a Datetime.

    Raises:
        TypeMismatch: the value is of another type.
        InvalidArgument: an int that no Float holds.
        and what `promote` raises.
    """
    if wanted == DATETIME and isinstance(value, str):
        return Constant(instant(value), DATETIME)
    if wanted == FLOAT and type(value) is int:
        value = _as_float(value)
    expression = promote(value)
    if not fits(expression.type, wanted):
        problem = f"expected {wanted}, got {expression.type}"
        raise TypeMismatch(problem, expected=str(wanted), got=str(expression.type))
    if isinstance(expression, Constant) and expression.type != wanted and wanted.args:
        return Constant(expression.value, wanted)
    return expression


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidArgument("a Float has 64 bits, which end at 1.8e308") from None


def instant(text: str) -> dt.datetime:
    """The instant that an ISO 8601 text writes; UTC when it names no zone.

    Raises:
        InvalidArgument: not such a text.
    """
    try:
        return _in_utc(dt.datetime.fromisoformat(text))
    except ValueError:
        raise InvalidArgument(f"{text!r} is no date: write it like 2019-06-01") from None


def _in_utc(value: dt.datetime) -> dt.datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=dt.UTC)
    return value.astimezone(dt.UTC)


def _scalar(value: Any) -> Expression:
    plain = _plain(value)
    return Constant(plain, type_of(plain))


def _plain(value: Any) -> Any:
    """The value of the language that a Python or numpy scalar stands for."""
    if isinstance(value, np.ndarray) and not isinstance(value, np.ma.MaskedArray):
        return value if type(value) is np.ndarray else np.asarray(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value)
    if isinstance(value, str):
        return str(value)
    return _plain_time(value)


def _plain_time(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return _in_utc(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return _plain_time(value.astype("M8[us]" if value.dtype.kind == "M" else "m8[us]").item())
    if isinstance(value, _AS_THEY_ARE):
        return value
    raise TypeMismatch(f"{type(value).__name__} is nothing that the language knows")


def _promote_container(value: Any) -> Expression:
    """One Constant where everything inside is constant, else a call that makes the container."""
    if isinstance(value, dict):
        return _promote_dict(value)
    items = tuple(map(promote, value))
    if all(type(item) is Constant for item in items):
        values = [item.value for item in items if type(item) is Constant]
        constant = tuple(values) if isinstance(value, tuple) else values
        return Constant(constant, type_of(constant))
    name = "tuple" if isinstance(value, tuple) else "list"
    type_ = infer(OPS[name], (tuple(Argument("items", item.type) for item in items),))
    return Apply(name, items, (), type_, place())


def _promote_dict(value: dict[Any, Any]) -> Expression:
    keys, items = tuple(map(promote, value)), tuple(map(promote, value.values()))
    is_constant = all(type(item) is Constant for item in (*keys, *items))
    if is_constant and all(key.type == STR for key in keys):
        constant = {
            key.value: item.value
            for key, item in zip(keys, items, strict=True)
            if type(key) is Constant and type(item) is Constant
        }
        return Constant(constant, type_of(constant))
    pairs = tuple(part for pair in zip(keys, items, strict=True) for part in pair)
    seen = tuple(
        Argument("pairs", part.type, part.value)
        if type(part) is Constant
        else Argument("pairs", part.type)
        for part in pairs
    )
    type_ = infer(OPS["dict.create"], (seen, {}))
    return Apply("dict.create", pairs, (), type_, place())
