"""Members of values that `getattr` gives, with their types."""

from __future__ import annotations

from collections.abc import Mapping

from swath.errors import InvalidArgument
from swath.graph.type import (
    BANDINFO,
    BOOL,
    FLOAT,
    INT,
    PROPERTIES,
    STR,
    Type,
    list_of,
    tuple_of,
)

_DATE = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_SPAN = ("days", "seconds", "microseconds")

MEMBERS: Mapping[str, Mapping[str, Type]] = {
    "Image": {"properties": PROPERTIES, "bandinfo": BANDINFO},
    "ImageCollection": {"properties": list_of(PROPERTIES), "bandinfo": BANDINFO},
    "Datetime": dict.fromkeys(_DATE, INT),
    "Timedelta": dict.fromkeys(_SPAN, INT),
    "GeoContext": {
        "all_touched": BOOL,
        "align_pixels": BOOL,
        "arr_shape": tuple_of(INT, INT),
        "bounds": tuple_of(*[FLOAT] * 4),
        "bounds_crs": STR,
        "crs": STR,
        "gdal_geotrans": tuple_of(*[FLOAT] * 6),
        "projected_bounds": tuple_of(*[FLOAT] * 4),
        "resolution": FLOAT,
        "shape": tuple_of(INT, INT),
    },
}
"""Members by type; those of a GeoContext are of the grid that it resolves to."""


def member_type(type_: Type, name: str) -> Type:
    """The type of a member.

    Raises:
        InvalidArgument: there is no such member.
    """
    members = MEMBERS.get(type_.name, {})
    if name not in members:
        there = ", ".join(members) or "none"
        raise InvalidArgument(f"{type_} has no member {name}; there are: {there}").at(
            argument="name"
        )
    return members[name]
