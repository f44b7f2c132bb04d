"""Results as JSON (RFC 8259), UTF-8.

Images and collections are objects with `ndarray` (nested lists, null where masked), `properties`,
`bandinfo` and `geocontext`; times are ISO 8601 text; a Timedelta is seconds; nan and ±inf are null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from engine.encode.options import check_options, check_size
from engine.encode.whole import whole
from swath.geocontext import GeoContextValue
from swath.grid import Grid
from swath.results import GeoContextResult, ImageCollectionResult, ImageResult
from swath.stream import Data, Event, Header


def encode(events: Iterable[Event], options: Mapping[str, Any]) -> Iterator[Event]:
    """The result as one JSON text.

    Raises: InvalidArgument: an option. ResultTooLarge: too many pixels for text.
    """
    check_options(options, (), "json")
    rest = iter(events)
    header = next(rest)
    assert isinstance(header, Header)
    check_size(header, "json")
    value, trailer = whole(header, rest)
    yield Header(header.type, None, (), header.geocontext, "json")
    yield Data(json.dumps(plain(value), allow_nan=False, ensure_ascii=False).encode())
    yield trailer


def plain(value: Any) -> Any:
    """The value in terms of JSON."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {_key(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return _object(value)


def _key(key: Any) -> str:
    shown = plain(key)
    return shown if isinstance(shown, str) else json.dumps(shown)


def _object(value: Any) -> Any:
    if isinstance(value, ImageResult | ImageCollectionResult):
        parts = ("properties", "bandinfo")
        found = {name: plain(getattr(value, name)) for name in parts}
        where = None if value.geocontext is None else _where(value.geocontext)
        return {"ndarray": _pixels(value.ndarray), **found, "geocontext": where}
    if isinstance(value, Grid):
        return {"crs": value.crs, "transform": list(value.transform), "shape": list(value.shape)}
    if isinstance(value, GeoContextValue):
        names = GeoContextValue.__slots__
        return {name: plain(getattr(value, name)) for name in names}
    assert isinstance(value, np.ndarray), f"{type(value)} is a value of the language"
    return _pixels(np.ma.asarray(value))


def _where(where: GeoContextResult) -> dict[str, Any]:
    names = ("crs", "shape", "resolution", "bounds", "gdal_geotrans", "geometry")
    return {name: plain(getattr(where, name)) for name in names}


def _pixels(array: Any) -> Any:
    if array is None:
        return None
    if array.dtype.kind == "f":
        array = np.ma.masked_invalid(array)
    return array.tolist()
