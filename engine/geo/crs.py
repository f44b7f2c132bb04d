"""Coordinate reference systems by their text, and cached transforms between them.

A crs is a string everywhere else in Swath: an authority code where there is one, else WKT 2.
Here is the one place that hands it to PROJ. x is always easting or longitude, y northing or
latitude, whatever order the authority wrote down.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.enums import WktVersion
from pyproj.exceptions import CRSError, ProjError

from swath.errors import InvalidGeoContext

WGS84 = "EPSG:4326"
MAX_CRS_CHARS = 32_768
"""Longest text that is parsed; the WKT of real systems stays below 10 000 characters."""

_FARTHEST_M = 6.0e7
"""Coordinates farther out than one and a half times round the earth mean a place at infinity."""

Coordinates = NDArray[np.float64]

# A grid file or an init file named in the text would make PROJ open a path of the caller's choice.
_NAMES_A_FILE = re.compile(
    r"(nadgrids|geoidgrids)\s*=\s*(?!@null\b)|init\s*=|PARAMETERFILE",
    re.IGNORECASE,
)


def normalise(text: str) -> str:
    """The text by which equal systems have equal names: authority code if it has one, else WKT 2.

    Args:
        text: anything PROJ takes: authority code, WKT, PROJJSON, a PROJ string, a bare EPSG number.

    Raises:
        InvalidGeoContext: unknown, or not a horizontal system with two axes.
    """
    return _normalised(text)


def is_geographic(crs: str) -> bool:
    """True where coordinates are longitude and latitude."""
    return bool(parse(crs).is_geographic)


def units(crs: str) -> str:
    """Name of the unit of both axes, such as `metre` or `degree`."""
    return str(parse(crs).axis_info[0].unit_name)


@lru_cache(maxsize=512)
def metres_per_unit(crs: str) -> float:
    """Length of one unit, in metres; of a degree (or grad) on the equator."""
    axis = parse(crs).axis_info[0]
    factor = float(axis.unit_conversion_factor)
    return factor * 6378137.0 if parse(crs).is_geographic else factor


@lru_cache(maxsize=512)
def full_turn(crs: str) -> float | None:
    """360° in the units of a geographic system; None for others."""
    parsed = parse(crs)
    if not parsed.is_geographic:
        return None
    factor = float(parsed.axis_info[0].unit_conversion_factor)
    return 360.0 if parsed.axis_info[0].unit_name == "degree" else 2 * np.pi / factor


@lru_cache(maxsize=4096)
def same(crs: str, other: str) -> bool:
    """True where both give a point equal coordinates, whatever they are called."""
    if crs == other or not (crs and other):
        return crs == other
    return bool(parse(crs).equals(parse(other), ignore_axis_order=True))


def transform(source: str, target: str, x: Any, y: Any) -> tuple[Coordinates, Coordinates]:
    """Coordinates of points in another system; inf where the transform is not defined.

    Raises:
        InvalidGeoContext: as `transformer`.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if source == target:
        return x.copy(), y.copy()
    out_x, out_y = transformer(source, target).transform(x, y)
    return np.asarray(out_x, np.float64), np.asarray(out_y, np.float64)


def is_place(coordinates: Any, crs: str) -> bool:
    """True where all coordinates (x or y) are finite and on the map of `crs`."""
    farthest = np.abs(np.asarray(coordinates, np.float64)).max()
    return bool(farthest <= _FARTHEST_M / metres_per_unit(crs))


@lru_cache(maxsize=512)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """The transform from one system to another; making one costs 2 ms, so they are kept.

    Raises:
        InvalidGeoContext: there is none, as between two planets.
    """
    here, there = parse(source), parse(target)
    try:
        return pyproj.Transformer.from_crs(here, there, always_xy=True)
    except ProjError as error:
        raise InvalidGeoContext(
            f"There is no way from the system {here.name!r} to {there.name!r}: do both describe "
            "the earth?"
        ) from error


def utm_zone(lon: float, lat: float) -> str:
    """The WGS 84 UTM zone of a point, by 6° strips without the exceptions of Norway and Svalbard.

    Raises:
        InvalidGeoContext: beyond 80° S … 84° N, where UTM is not defined.
    """
    if not -80.0 <= lat <= 84.0:
        raise InvalidGeoContext(
            f"UTM is defined from 80° S to 84° N, and the area is centred on latitude {lat:.4g}: "
            "use crs='EPSG:3413' (north) or 'EPSG:3031' (south)."
        )
    zone = int(np.floor((lon + 180.0) / 6.0)) % 60 + 1
    return f"EPSG:{(32600 if lat >= 0 else 32700) + zone}"


@lru_cache(maxsize=512)
def parse(text: str) -> pyproj.CRS:
    """The parsed system.

    Raises:
        InvalidGeoContext: as for `normalise`.
    """
    _check_text(text)
    try:
        parsed = pyproj.CRS.from_user_input(text.strip())
    except (CRSError, ValueError, TypeError, RecursionError):
        raise InvalidGeoContext(
            f"crs {_shown(text)} is not known: write an authority code such as 'EPSG:32633' or WKT."
        ) from None
    _check_horizontal(parsed, text)
    return parsed


def _check_text(text: str) -> None:
    if not text.strip():
        raise InvalidGeoContext("crs is empty: write an authority code such as 'EPSG:32633'.")
    if len(text) > MAX_CRS_CHARS:
        raise InvalidGeoContext(
            f"crs is {len(text)} characters long; at most {MAX_CRS_CHARS} are read."
        )
    if _NAMES_A_FILE.search(text):
        raise InvalidGeoContext(
            f"crs {_shown(text)} names a file; write an authority code or WKT without one."
        )


def _check_horizontal(parsed: pyproj.CRS, text: str) -> None:
    horizontal = parsed.is_geographic or parsed.is_projected
    if not horizontal or parsed.is_compound or len(parsed.axis_info) != 2:
        raise InvalidGeoContext(
            f"crs {_shown(text)} is a {parsed.type_name}; a grid needs a geographic or projected "
            "one with two axes."
        )


@lru_cache(maxsize=512)
def _normalised(text: str) -> str:
    parsed = parse(text)
    authority = None if parsed.is_bound else parsed.to_authority(min_confidence=70)
    if authority is not None and _says_the_same(parsed, ":".join(authority)):
        return ":".join(authority)
    return str(parsed.to_wkt(WktVersion.WKT2_2019))


def _says_the_same(parsed: pyproj.CRS, code: str) -> bool:
    try:
        return bool(parsed.equals(parse(code), ignore_axis_order=True))
    except InvalidGeoContext:
        return False


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
