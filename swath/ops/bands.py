"""Bands, masks and pixels of imagery: choosing, naming, combining, masking, looking up."""

from __future__ import annotations

from swath.errors import InvalidArgument
from swath.graph.type import (
    ANY,
    BOOL,
    COLLECTION,
    DATETIME,
    FLOAT,
    IMAGE,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    Type,
    dict_of,
    list_of,
)
from swath.ops import combination as c
from swath.ops.op import Argument, Op
from swath.ops.row import (
    DICT,
    IMAGERY,
    KNOWN_DICT,
    LIST,
    NUMBER,
    SCALAR,
    TUPLE,
    always,
    function,
    given,
    named,
    on,
    others,
    rest,
    same,
)

_BOTH = "Image ImageCollection"
_OBJ = given("obj", IMAGERY, "Imagery.")
_METADATA = (*SCALAR, STR, DATETIME, TIMEDELTA, NONE, LIST, TUPLE, DICT, KNOWN_DICT)
_MISSING = named(
    "allow_missing", BOOL, "Leave out bands that there are not, instead of failing.", default=False
)


def _combined(obj: Argument, other: Argument, *_: Argument) -> Type:
    found = c.imagery(obj.type, other.type, ())
    return ANY if found is None else found


def _concatenated(obj: Argument, images: tuple[Argument, ...]) -> Type:
    types = {obj.type, *(image.type for image in images)}
    if COLLECTION in types:
        return COLLECTION
    return ANY if ANY in types else IMAGE


def _band_and_imagery(obj: Argument, *_: Argument) -> tuple[Type, ...]:
    return STR, obj.type


def _by_band(_obj: Argument, func: Argument) -> Type:
    if func.result == ANY:
        return ANY
    return func.result if func.result in IMAGERY else dict_of(STR, func.result)


def _imagery_by_band(_obj: Argument, func: Argument) -> Type:
    if func.result not in (*IMAGERY, ANY):
        raise func.mismatch("a function that gives Image or ImageCollection")
    return func.result


def _clipped(obj: Argument, low: Argument, high: Argument) -> Type:
    if low.type == NONE and high.type == NONE:
        raise InvalidArgument("clip_values needs min or max").at(argument="min")
    return obj.type


def _values_at(obj: Argument, *_: Argument) -> Type:
    by_band = dict_of(STR, FLOAT)
    if obj.type == ANY:
        return ANY
    return by_band if obj.type == IMAGE else list_of(by_band)


def _where(condition: Argument, x: Argument, y: Argument) -> Type:
    types = (condition.type, x.type, y.type)
    if COLLECTION in types and condition.type != BOOL:
        return COLLECTION
    if condition.type == IMAGE:
        return ANY if ANY in types else IMAGE
    if ANY in types:
        return ANY
    number = c.number(x.type, y.type)
    if condition.type == BOOL and number is not None:
        return x.type if x.type == y.type else number
    raise condition.mismatch("imagery; of a Bool use ifelse")


CHOOSING = (
    Op(
        "pick_bands", "The bands named, in that order.",
        (_OBJ, rest("bands", STR, "A band name, or several separated by spaces."), _MISSING),
        same, on("pick_bands", _BOTH) + on("unpack_bands", _BOTH),
    ),
    Op(
        "pick_bands_list", "The bands of a computed list, in that order.",
        (_OBJ, given("bands", list_of(STR), "Band names."), _MISSING), same,
        on("pick_bands", _BOTH),
    ),
    Op(
        "rename_bands", "The same bands, some with new names.",
        (_OBJ, given("names", dict_of(STR, STR), "Old name to new name.")), same,
        on("rename_bands", _BOTH),
    ),
    Op(
        "rename_bands_positionally", "The same bands with new names.",
        (_OBJ, given("names", list_of(STR), "A name for every band, in order.")), same,
        on("rename_bands", _BOTH),
    ),
    Op(
        "concat_bands", "The bands of both; a name that is taken gets a suffix `_1`, `_2`, ….",
        (_OBJ, given("other", IMAGERY, "Bands to append.")), _combined, on("concat_bands", _BOTH),
    ),
    Op(
        "concat", "Images and collections one after the other; of images alone: their bands.",
        (_OBJ, rest("images", IMAGERY, "What follows.")), _concatenated,
        ("concat", *on("concat", _BOTH)),
    ),
    Op("nbands", "Number of bands.", (_OBJ,), always(INT), on("nbands", _BOTH)),
    Op(
        "map_bands", "What a function gives for each band: images joined, else a dict by band.",
        (_OBJ, function("func", _band_and_imagery, "Called with band name and one-band imagery.")),
        _by_band, on("map_bands", _BOTH),
    ),
    Op(
        "map_bands_imagery", "The bands that a function gives for each band.",
        (_OBJ, function("func", _band_and_imagery, "Called with band name and one-band imagery.")),
        _imagery_by_band, on("map_bands", _BOTH),
    ),
)  # fmt: skip

PIXELS = (
    Op(
        "mask", "The same pixels, masked where `mask` is true; masked pixels of it are ignored.",
        (
            _OBJ,
            given("mask", IMAGERY, "True (not 0) means invalid; one band applies to all."),
            named("replace", BOOL, "The mask becomes exactly this one (rule M4).", default=False),
        ),
        _combined, on("mask", _BOTH), elementwise=True,
    ),
    Op(
        "getmask", "True where masked, for each band.", (_OBJ,), same, on("getmask", _BOTH),
        elementwise=True,
    ),
    Op(
        "clip_values", "Values below min become min, above max become max.",
        (
            _OBJ,
            given("min", (*NUMBER, NONE), "Least value; None: no limit.", default=None),
            given("max", (*NUMBER, NONE), "Largest value; None: no limit.", default=None),
        ),
        _clipped, on("clip_values", _BOTH), elementwise=True,
    ),
    Op(
        "scale_values", "Values mapped linearly from the domain to the range; nothing is clipped.",
        (
            _OBJ,
            given("range_min", NUMBER, "What domain_min becomes."),
            given("range_max", NUMBER, "What domain_max becomes."),
            given("domain_min", (*NUMBER, NONE), "None: from data_range.", default=None),
            given("domain_max", (*NUMBER, NONE), "None: from data_range.", default=None),
        ),
        same, on("scale_values", _BOTH), elementwise=True,
    ),
    Op(
        "where", "x where the condition is true, else y; the other side never matters (rule M3).",
        (
            given("condition", (*IMAGERY, BOOL), "True (not 0) chooses x."),
            given("x", (*IMAGERY, *SCALAR), "Taken where true."),
            given("y", (*IMAGERY, *SCALAR), "Taken where false."),
        ),
        _where, ("where",), elementwise=True,
    ),
    Op(
        "value_at", "The values of the pixel at a point, by band name (rule W7).",
        (
            _OBJ,
            given("x", NUMBER, "In units of the geocontext's crs."),
            given("y", NUMBER, "In units of the geocontext's crs."),
        ),
        _values_at, on("value_at", _BOTH),
    ),
)  # fmt: skip

METADATA = (
    Op(
        "with_properties", "The same image with more, or other, properties.",
        (given("obj", IMAGE, "An image."), others("properties", _METADATA, "Keys and values.")),
        same, ("Image.with_properties",),
    ),
    Op(
        "without_properties", "The same image without some properties.",
        (given("obj", IMAGE, "An image."), rest("property_keys", STR, "Keys to remove.")),
        same, ("Image.without_properties",),
    ),
    Op(
        "with_bandinfo", "The same imagery with more, or other, bandinfo of one band.",
        (_OBJ, given("band", STR, "Band name."), others("bandinfo", _METADATA, "Keys, values.")),
        same, on("with_bandinfo", _BOTH),
    ),
    Op(
        "without_bandinfo", "The same imagery without some bandinfo of one band.",
        (_OBJ, given("band", STR, "Band name."), rest("bandinfo_keys", STR, "Keys to remove.")),
        same, on("without_bandinfo", _BOTH),
    ),
)  # fmt: skip

ROWS = CHOOSING + PIXELS + METADATA
