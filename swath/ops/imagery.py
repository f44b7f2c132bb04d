"""Where images and collections come from, stack operations, and groups."""

from __future__ import annotations

from swath.errors import InvalidArgument
from swath.graph.type import (
    ANY,
    ARRAY,
    COLLECTION,
    DATETIME,
    GRID,
    IMAGE,
    INT,
    NONE,
    STR,
    Type,
    dict_of,
    groupby_of,
    list_of,
    tuple_of,
)
from swath.ops.op import Argument, Op
from swath.ops.row import (
    GROUPBY,
    NUMBER,
    SCALAR,
    TUPLE,
    always,
    function,
    given,
    named,
)

RESAMPLERS = (
    "near", "bilinear", "cubic", "cubicspline", "lanczos", "average", "mode", "max", "min", "med",
    "q1", "q3",
)  # fmt: skip
"""Names of the ways to resample."""

KEYS = frozenset({"Int", "Float", "Bool", "Str", "Datetime", "Timedelta", "NoneType", "Tuple"})
"""Types that a collection can be grouped by, besides `Any`."""

_RESAMPLER = named(
    "resampler", (STR, NONE),
    "One of " + ", ".join(RESAMPLERS) + "; None: that of the geocontext, else near.", default=None,
)  # fmt: skip
_LEVEL = named(
    "processing_level", (STR, NONE), "Level of processing; None: that of the product.", default=None
)


def check_resampler(resampler: Argument) -> None:
    """Nothing, if it is unknown yet or one of RESAMPLERS.

    Raises:
        InvalidArgument: otherwise.
    """
    if resampler.is_known and resampler.value not in (None, *RESAMPLERS):
        problem = f"resampler is one of {', '.join(RESAMPLERS)}"
        raise InvalidArgument(problem).at(argument=resampler.name)


def _loaded(_image_id: Argument, resampler: Argument, _level: Argument) -> Type:
    check_resampler(resampler)
    return IMAGE


def _found(*arguments: Argument) -> Type:
    _product, _start, _end, limit, resampler, _level = arguments
    check_resampler(resampler)
    if limit.is_known and type(limit.value) is int and limit.value < 1:
        raise InvalidArgument("limit is at least 1").at(argument="limit")
    return COLLECTION


def _from_array(array: Argument, _grid: Argument, _nodata: Argument) -> Type:
    if array.is_known and array.value is not None and array.value.ndim not in (2, 3):
        raise InvalidArgument("array has axes (y, x) or (band, y, x)").at(argument="array")
    return IMAGE


def _mapped(_obj: Argument, func: Argument) -> Type:
    if func.result not in (IMAGE, ANY):
        raise func.mismatch("a function that gives an Image")
    return COLLECTION


def _of_image(*_: Argument) -> tuple[Type, ...]:
    return (IMAGE,)


def _key(groupby: Argument) -> Type:
    return groupby.type.args[0] if groupby.type.args else ANY


def _of_group(groupby: Argument, *_: Argument) -> tuple[Type, ...]:
    return _key(groupby), COLLECTION


def _grouped(_imgs: Argument, func: Argument) -> Type:
    key = func.result
    if key != ANY and key.name not in KEYS:
        raise func.mismatch(f"a function that gives one of {', '.join(sorted(KEYS))}")
    return groupby_of(key)


def _groups(groupby: Argument) -> Type:
    return dict_of(_key(groupby), COLLECTION)


def _one(groupby: Argument) -> Type:
    return tuple_of(_key(groupby), COLLECTION)


def _mapped_groups(groupby: Argument, func: Argument) -> Type:
    return dict_of(_key(groupby), func.result)


_COLLECTION = given("obj", COLLECTION, "A collection.")
_GROUPBY = given("groupby", GROUPBY, "A grouped collection.")
_GROUP_DOC = "Called with the key and the collection of each group."

SOURCES = (
    Op(
        "Image.load", "The image of that id in the catalog, with the bands it has.",
        (given("image_id", STR, "As `properties['id']` has it."), _RESAMPLER, _LEVEL),
        _loaded, ("Image.from_id",), reads_values=True,
    ),
    Op(
        "Image.from_array", "An image of given pixels, with bands named `band_1`, … (rule W8).",
        (
            given("array", ARRAY, "(y, x) or (band, y, x)."),
            given("grid", GRID, "Where the pixels are."),
            given("nodata", (*NUMBER, NONE), "Pixels of this value are masked.", default=None),
        ),
        _from_array, ("Image.from_array",), reads_values=True,
    ),
    Op(
        "ImageCollection.from_id", "The images of a product, by date, then id (rules O1, O3, W3).",
        (
            given("product_id", STR, "Name of the product in the catalog."),
            named("start_datetime", (DATETIME, NONE), "First instant; None: no limit.",
                  default=None),
            named("end_datetime", (DATETIME, NONE), "First instant that is too late.",
                  default=None),
            named("limit", (INT, NONE), "Most images to take, in order; None: 10,000.",
                  default=None),
            _RESAMPLER,
            _LEVEL,
        ),
        _found, ("ImageCollection.from_id",), reads_values=True,
    ),
    Op(
        "ImageCollection.from_images", "A collection of images with the same bands.",
        (given("images", list_of(IMAGE), "In order."),), always(COLLECTION),
        ("ImageCollection.__init__",),
    ),
)  # fmt: skip

STACK = (
    Op(
        "ImageCollection.head", "The first n images, or all if there are fewer.",
        (_COLLECTION, given("n", INT, "At least 0.")), always(COLLECTION),
        ("ImageCollection.head",),
    ),
    Op(
        "ImageCollection.tail", "The last n images, or all if there are fewer.",
        (_COLLECTION, given("n", INT, "At least 0.")), always(COLLECTION),
        ("ImageCollection.tail",),
    ),
    Op(
        "map_imagery", "The collection of the images that a function gives for each image.",
        (_COLLECTION, function("func", _of_image, "Called with each image; gives an Image.")),
        _mapped, ("ImageCollection.map",),
    ),
)  # fmt: skip

GROUPS = (
    Op(
        "ImageCollectionGroupby.create", "Images grouped by a key, in order of appearance.",
        (
            given("imgs", COLLECTION, "A collection."),
            function("func", _of_image, "Called with each image; gives its key."),
        ),
        _grouped, ("ImageCollection.groupby", "ImageCollectionGroupby.__init__"),
    ),
    Op(
        "ImageCollectionGroupby.groups", "The collection of each group, by key.", (_GROUPBY,),
        _groups, ("ImageCollectionGroupby.groups",),
    ),
    Op(
        "ImageCollectionGroupby.get", "The group of a key; empty for an unknown key.",
        (_GROUPBY, given("key", (*SCALAR, STR, DATETIME, TUPLE, NONE), "A key.")),
        always(COLLECTION), ("ImageCollectionGroupby.__getitem__",),
    ),
    Op(
        "ImageCollectionGroupby.one", "The first group as (key, collection).", (_GROUPBY,),
        _one, ("ImageCollectionGroupby.one",),
    ),
    Op(
        "ImageCollectionGroupby.map", "What a function gives for each group, by key.",
        (_GROUPBY, function("func", _of_group, _GROUP_DOC)), _mapped_groups,
        ("ImageCollectionGroupby.map",),
    ),
    Op(
        "ImageCollectionGroupby.map_ic", "The collection of the image made of each group.",
        (_GROUPBY, function("func", _of_group, _GROUP_DOC + " Gives an Image.")), _mapped,
        ("ImageCollectionGroupby.map",),
    ),
)  # fmt: skip

ROWS = SOURCES + STACK + GROUPS
