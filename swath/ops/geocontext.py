"""Geocontexts as values of the language (rule W2)."""

from __future__ import annotations

from swath.errors import InvalidArgument
from swath.graph.type import BOOL, FLOAT, GEOCONTEXT, INT, NONE, STR, Type, list_of, tuple_of
from swath.ops.imagery import check_resampler
from swath.ops.op import Argument, Op
from swath.ops.row import NUMBER, always, given, named

_FOUR = (tuple_of(*[FLOAT] * 4), list_of(FLOAT), NONE)
_CONTEXT = given("geoctx", GEOCONTEXT, "A geocontext.")
_ALL_TOUCHED = named(
    "all_touched", BOOL,
    "Keep each pixel that the geometry touches, instead of those whose centre is inside.",
    default=False,
)  # fmt: skip


def _created(*arguments: Argument) -> Type:
    by_name = {argument.name: argument for argument in arguments}
    check_resampler(by_name["resampler"])
    sizes = [by_name[name] for name in ("resolution", "shape")]
    if all(size.type == NONE for size in sizes):
        raise InvalidArgument("give resolution or shape").at(argument="resolution")
    if not any(size.type == NONE or not size.is_known for size in sizes):
        raise InvalidArgument("give resolution or shape, not both").at(argument="shape")
    return GEOCONTEXT


ROWS = (
    Op(
        "GeoContext.create", "An area with a crs and pixels of a size.",
        (
            named("geometry", (STR, NONE), "GeoJSON text in EPSG:4326; outside is masked.",
                  default=None),
            named("resolution", (*NUMBER, NONE), "Pixel size in units of crs.", default=None),
            named("crs", (STR, NONE), "Authority code or WKT of the grid.", default=None),
            named("align_pixels", BOOL, "Edges lie on multiples of resolution.", default=True),
            named("bounds", _FOUR, "(min x, min y, max x, max y); None: those of geometry.",
                  default=None),
            named("bounds_crs", STR, "Coordinate system of bounds.", default="EPSG:4326"),
            named("shape", (tuple_of(INT, INT), list_of(INT), NONE),
                  "Rows, columns: instead of resolution.", default=None),
            _ALL_TOUCHED,
            named("resampler", (STR, NONE), "For imagery that names none; None: near.",
                  default=None),
        ),
        _created, ("GeoContext.__init__",), reads_values=True,
    ),
    Op(
        "GeoContext.from_xyz_tile", "A web-mercator tile of 256 × 256 pixels.",
        (
            given("x", INT, "Column, from the west."),
            given("y", INT, "Row, from the north."),
            given("z", INT, "Zoom."),
            _ALL_TOUCHED,
        ),
        always(GEOCONTEXT), ("GeoContext.from_xyz_tile",),
    ),
    Op(
        "GeoContext.from_dltile_key", "A tile of a UTM zone.",
        (given("key", STR, "`tilesize:pad:resolution:zone:ti:tj`."), _ALL_TOUCHED),
        always(GEOCONTEXT), ("GeoContext.from_dltile_key",),
    ),
    Op(
        "GeoContext.index_to_coords", "(x, y) of the centre of a pixel, in the geocontext's crs.",
        (_CONTEXT, given("row", NUMBER, "From the top."), given("col", NUMBER, "From the left.")),
        always(tuple_of(FLOAT, FLOAT)), ("GeoContext.index_to_coords",),
    ),
    Op(
        "GeoContext.coords_to_index", "(row, col) of the pixel that holds a point.",
        (
            _CONTEXT,
            given("x", NUMBER, "In units of the geocontext's crs."),
            given("y", NUMBER, "In units of the geocontext's crs."),
        ),
        always(tuple_of(INT, INT)), ("GeoContext.coords_to_index",),
    ),
)  # fmt: skip
