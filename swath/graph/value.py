"""The type of a Python value as the language sees it.

Values: None, bool, int, float, str, datetime, timedelta, Grid, GeoContextValue, numpy arrays, and
list, tuple and dict (string keys) of those.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from typing import Any

import numpy as np

from swath.errors import InvalidArgument, InvalidGraph, TypeMismatch
from swath.geocontext import GeoContextValue
from swath.graph.subtype import fits, join
from swath.graph.type import (
    ANY,
    ARRAY,
    BOOL,
    DATETIME,
    FLOAT,
    GEOCONTEXT,
    GRID,
    INT,
    MAX_TYPE_DEPTH,
    NONE,
    STR,
    TIMEDELTA,
    Type,
    dict_of,
    known_dict_of,
    list_of,
    tuple_of,
)
from swath.grid import Grid

MIN_INT, MAX_INT = -(2**63), 2**63 - 1
"""The range of `Int` (rule N1)."""

_SIMPLE: dict[type, Type] = {
    type(None): NONE,
    bool: BOOL,
    float: FLOAT,
    str: STR,
    dt.datetime: DATETIME,
    dt.timedelta: TIMEDELTA,
    GeoContextValue: GEOCONTEXT,
    Grid: GRID,
    np.ndarray: ARRAY,
}


def type_of(value: Any, depth: int = 0) -> Type:
    """The narrowest type of a value; that of an empty list is `List[Any]`.

    A dict whose values have nothing in common is a `KnownDict` of its keys, else a `Dict`.

    Raises:
        TypeMismatch: not a value of the language, or a dict with keys that are not text.
        InvalidArgument: an int outside 64 bits.
        InvalidGraph: nested deeper than a type may be.
    """
    kind = type(value)
    if kind is int:
        if not MIN_INT <= value <= MAX_INT:
            raise InvalidArgument("an Int has 64 bits; write a Float for larger numbers")
        return INT
    simple = _SIMPLE.get(kind)
    if simple is not None:
        return simple
    if depth > MAX_TYPE_DEPTH:
        raise InvalidGraph(f"a value nests deeper than {MAX_TYPE_DEPTH} levels")
    return _type_of_container(value, kind, depth + 1)


def _type_of_container(value: Any, kind: type, depth: int) -> Type:
    if kind is list:
        return list_of(join({type_of(item, depth) for item in value}))
    if kind is tuple:
        return tuple_of(*(type_of(item, depth) for item in value))
    if kind is dict:
        return _type_of_dict(value, depth)
    raise TypeMismatch(f"{kind.__name__} is not a value of the language")


def _type_of_dict(value: dict[Any, Any], depth: int) -> Type:
    if not all(type(key) is str for key in value):
        raise TypeMismatch("the keys of a dict in a graph are text")
    types = {key: type_of(item, depth) for key, item in value.items()}
    common = join(types.values())
    if types and common == ANY and ANY not in types.values():
        return known_dict_of(types)
    return dict_of(STR, common)


def check_value(value: Any, wanted: Type) -> None:
    """Nothing, if the value may be written where `wanted` is asked for.

    Raises:
        TypeMismatch: it may not.
        and what `type_of` raises.
    """
    got = type_of(value)
    if got != wanted and not fits(got, wanted) and not _is_of(value, wanted):
        raise TypeMismatch(
            f"{got} is written where {wanted} is declared", expected=str(wanted), got=str(got)
        )


def _is_of(value: Any, wanted: Type) -> bool:
    """Whether a value, looked at part by part, is of a type: each field of a KnownDict by itself.

    By recursion: `type_of` has passed the value, so it is not nested too deep.
    """
    if isinstance(value, dict) and wanted.name == "KnownDict" and wanted.args:
        known, (_, other) = dict(wanted.fields), wanted.args
        return all(_is_of(one, known.get(key, other)) for key, one in value.items())
    if isinstance(value, dict) and wanted.name == "Dict" and wanted.args:
        return all(_is_of(one, wanted.args[1]) for one in value.values())
    if isinstance(value, list) and wanted.name == "List" and wanted.args:
        return all(_is_of(one, wanted.args[0]) for one in value)
    if isinstance(value, tuple) and wanted.name == "Tuple" and len(value) == len(wanted.args):
        return all(map(_is_of, value, wanted.args))
    return fits(type_of(value), wanted)


def key_of(value: Any) -> object:
    """Something hashable that is equal for values that are the same to the bit, and only for those.

    1, 1.0 and True differ, 0.0 and −0.0 too; every NaN is the same. Arrays are the same only as
    objects: comparing their pixels would cost more than it saves.
    """
    kind = type(value)
    if kind is float:
        return float, b"nan" if math.isnan(value) else struct.pack("<d", value)
    if kind is list or kind is tuple:
        return kind, tuple(map(key_of, value))
    if kind is dict:
        return dict, tuple((key, key_of(item)) for key, item in value.items())
    if kind is np.ndarray:
        return np.ndarray, id(value)
    return kind, value
