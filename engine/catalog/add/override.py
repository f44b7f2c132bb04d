"""What --band says: it beats what files and items say, for all images of the product."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.catalog.names import check_band, shown
from swath.errors import InvalidArgument

_KINDS = ("class", "flag", "physical")


@dataclass(frozen=True, slots=True)
class Override:
    """What was said about one band."""

    band: str
    """Its name, as files or users have it."""
    values: Mapping[str, Any]
    """Some of scale, offset, nodata (None: there is none), kind, data_range, name."""


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def _scale(text: str) -> float:
    value = _finite(text)
    if value == 0:
        raise ValueError
    return value


def _nodata(text: str) -> float | None:
    # NaN in a float file means no data whether it is said or not.
    return None if text.lower() in ("none", "nan") else float(text)


def _range(text: str) -> list[float]:
    low, _, high = text.partition("..")
    values = [_finite(low), _finite(high)]
    if values[0] >= values[1]:
        raise ValueError
    return values


_KEYS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "scale": ("scale", _scale, "a number other than 0, as scale=1e-4"),
    "offset": ("offset", _finite, "a number, as offset=-0.1"),
    "nodata": ("nodata", _nodata, "a number, nan or none, as nodata=0"),
    "range": ("data_range", _range, "smallest and largest physical value, as range=0..1"),
    "name": ("name", check_band, "the new name, as name=red"),
}
"""Key → field, reader of the value, what the value is."""


def parse_override(text: str) -> Override:
    """The meaning of one `BAND:key=value,…,class` text.

    Raises:
        InvalidArgument: no band, an unknown key, a value that means nothing, a key said twice.
    """
    band, _, options = text.rpartition(":")
    if not band or not options.strip():
        raise InvalidArgument(
            f"--band {shown(text)} says nothing; write as B04:scale=1e-4,offset=-0.1,nodata=0 "
            "or SCL:class."
        )
    values: dict[str, Any] = {}
    for option in options.split(","):
        field, value = _option(option.strip(), text)
        if values.get(field, value) != value:
            raise InvalidArgument(f"--band {shown(text)} says {field} twice.")
        values[field] = value
    return Override(band, values)


def _option(option: str, text: str) -> tuple[str, Any]:
    key, equals, value = option.partition("=")
    if not equals and key in _KINDS:
        return "kind", key
    if not equals or key not in _KEYS:
        raise InvalidArgument(
            f"--band {shown(text)}: {shown(option)} is not understood; there are "
            f"{', '.join(f'{known}=' for known in _KEYS)}, {', '.join(_KINDS)}."
        )
    field, read, meaning = _KEYS[key]
    try:
        return field, read(value.strip())
    except ValueError as error:  # InvalidArgument of check_band is one, too
        raise InvalidArgument(
            f"--band {shown(text)}: {key} takes {meaning}, not {shown(value)}."
        ) from error


def parse_overrides(texts: Iterable[str]) -> list[Override]:
    """All that was said, one `Override` per band.

    Raises:
        InvalidArgument: as `parse_override`, or two texts disagree about a band.
    """
    merged: dict[str, dict[str, Any]] = {}
    for text in texts:
        said = parse_override(text)
        values = merged.setdefault(said.band, {})
        for field, value in said.values.items():
            if values.get(field, value) != value:
                raise InvalidArgument(f"--band says two things about {field} of {said.band}.")
            values[field] = value
    return [Override(band, values) for band, values in merged.items()]


def fits(nodata: float, dtype: str) -> bool:
    """Whether a pixel of that dtype can have that value."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return True
    if not math.isfinite(nodata) or nodata != int(nodata):
        return False
    limits = np.iinfo(kind)
    return bool(limits.min <= int(nodata) <= limits.max)
