"""A result as a whole, for formats that cannot be written window by window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from swath.results import assemble
from swath.stream import Event, Header, Trailer


def whole(header: Header, rest: Iterable[Event]) -> tuple[Any, Trailer]:
    """The Python value of a result and its trailer, from its header and the events after it.

    Raises: as `assemble`.
    """
    trailers: list[Trailer] = []
    value = assemble(chain([header], _watched(rest, trailers)))
    return value, trailers[0]


def _watched(events: Iterable[Event], trailers: list[Trailer]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, Trailer):
            trailers.append(event)
        yield event
