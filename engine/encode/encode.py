"""Formats other than native: from the events of a result to the events of an encoded one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from engine.encode import geotiff, json
from swath.stream import Event

Encoder = Callable[[Iterable[Event], Mapping[str, Any]], Iterator[Event]]

ENCODERS: Mapping[str, Encoder] = {"json": json.encode, "geotiff": geotiff.encode}
"""Format name → encoder. An encoder gives the header with its format, Data, and the trailer.

Encoders raise UnsupportedFormat where the result does not fit the format, and InvalidArgument for
an option that the format has not.
"""


def encode(format: str, events: Iterable[Event], options: Mapping[str, Any]) -> Iterator[Event]:
    """The same result in `format`.

    Raises: UnsupportedFormat: the result does not fit. InvalidArgument: an unknown option.
    """
    return ENCODERS[format](events, options)
