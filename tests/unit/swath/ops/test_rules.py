"""What ops give, by the types and the written values of their arguments."""

from __future__ import annotations

from typing import Any

import pytest

from swath.errors import InvalidArgument, TypeMismatch
from swath.graph.type import (
    ANY,
    BOOL,
    COLLECTION,
    DATETIME,
    FLOAT,
    IMAGE,
    INT,
    NONE,
    PROPERTIES,
    STR,
    TIMEDELTA,
    Type,
    dict_of,
    function_of,
    groupby_of,
    known_dict_of,
    list_of,
    tuple_of,
)
from swath.ops import OPS, UNKNOWN, Argument, bind, infer


def seen(parameter: Any, given: Any) -> Any:
    """An argument: of a type, or (type, value)."""
    type_, value = given if isinstance(given, tuple) else (given, UNKNOWN)
    return Argument(parameter, type_, value)


def gives(name: str, *args: Any, **kwargs: Any) -> Type:
    """What an op gives for types, or (type, value) pairs."""
    op = OPS[name]
    positional = [seen(op.parameters[min(i, len(op.parameters) - 1)].name, a)
                  for i, a in enumerate(args)]  # fmt: skip
    named = {key: seen(key, a) for key, a in kwargs.items()}
    return infer(op, bind(op, positional, named, lambda p: p.omitted))


@pytest.mark.parametrize(
    ("name", "x", "y", "result"),
    [
        ("numpy.add", INT, INT, INT),
        ("numpy.add", INT, FLOAT, FLOAT),
        ("numpy.add", BOOL, BOOL, INT),
        ("numpy.true_divide", INT, INT, FLOAT),
        ("numpy.power", INT, INT, INT),
        ("numpy.less", INT, FLOAT, BOOL),
        ("numpy.equal", BOOL, BOOL, BOOL),
        ("add", IMAGE, INT, IMAGE),
        ("add", IMAGE, COLLECTION, COLLECTION),
        ("add", IMAGE, ANY, ANY),
        ("add", COLLECTION, ANY, COLLECTION),
        ("add", ANY, INT, ANY),
        ("add", DATETIME, TIMEDELTA, DATETIME),
        ("sub", DATETIME, DATETIME, TIMEDELTA),
        ("mul", FLOAT, TIMEDELTA, TIMEDELTA),
        ("div", TIMEDELTA, TIMEDELTA, FLOAT),
        ("floordiv", TIMEDELTA, TIMEDELTA, INT),
        ("add", list_of(INT), list_of(FLOAT), list_of(FLOAT)),
        ("add", tuple_of(INT), tuple_of(STR), tuple_of(INT, STR)),
        ("mul", INT, list_of(STR), list_of(STR)),
        ("add", STR, STR, STR),
        ("lt", IMAGE, FLOAT, IMAGE),
        ("lt", ANY, INT, ANY),
        ("lt", ANY, DATETIME, BOOL),
        ("eq", ANY, NONE, BOOL),
        ("eq", STR, NONE, BOOL),
        ("eq", COLLECTION, INT, COLLECTION),
        ("and", BOOL, BOOL, BOOL),
        ("and", INT, INT, INT),
        ("or", IMAGE, BOOL, IMAGE),
        ("lshift", IMAGE, INT, IMAGE),
        ("normalized_difference", INT, FLOAT, FLOAT),
        ("normalized_difference", IMAGE, IMAGE, IMAGE),
        ("arctan2", COLLECTION, FLOAT, COLLECTION),
        ("concat_bands", COLLECTION, IMAGE, COLLECTION),
        ("mask", IMAGE, COLLECTION, COLLECTION),
        ("contains", list_of(INT), INT, BOOL),
    ],
)
def test_a_combination_of_two_types_gives_one(name: str, x: Type, y: Type, result: Type) -> None:
    assert gives(name, x, y) == result


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("numpy.add", INT, STR),
        ("numpy.less", BOOL, BOOL),
        ("numpy.equal", BOOL, INT),
        ("add", IMAGE, STR),
        ("add", STR, INT),
        ("add", DATETIME, DATETIME),
        ("sub", TIMEDELTA, DATETIME),
        ("lt", IMAGE, STR),
        ("lt", STR, INT),
        ("eq", IMAGE, NONE),
        ("and", INT, BOOL),
        ("and", IMAGE, FLOAT),
        ("and", ANY, FLOAT),
        ("mask", IMAGE, BOOL),
        ("contains", list_of(INT), STR),
        ("concat_bands", IMAGE, INT),
    ],
)
def test_types_that_do_not_go_together_are_refused(name: str, x: Type, y: Type) -> None:
    with pytest.raises(TypeMismatch) as caught:
        gives(name, x, y)
    assert caught.value.where.op == name
    assert caught.value.where.argument is not None


@pytest.mark.parametrize(
    ("of", "axis", "result"),
    [
        (IMAGE, None, FLOAT),
        (IMAGE, ["pixels", "bands"], FLOAT),
        (IMAGE, "pixels", dict_of(STR, FLOAT)),
        (IMAGE, "bands", IMAGE),
        (COLLECTION, None, FLOAT),
        (COLLECTION, ["bands", "pixels", "images"], FLOAT),
        (COLLECTION, "images", IMAGE),
        (COLLECTION, "bands", COLLECTION),
        (COLLECTION, "pixels", list_of(dict_of(STR, FLOAT))),
        (COLLECTION, ["images", "pixels"], dict_of(STR, FLOAT)),
        (COLLECTION, ["bands", "pixels"], list_of(FLOAT)),
        (COLLECTION, ("images", "bands"), IMAGE),
        (groupby_of(INT), "images", COLLECTION),
        (groupby_of(INT), None, dict_of(INT, FLOAT)),
        (groupby_of(INT), ["images", "bands"], dict_of(INT, IMAGE)),
        (ANY, "images", ANY),
    ],
)
def test_the_axis_decides_what_a_reduction_gives(of: Type, axis: Any, result: Type) -> None:
    written = NONE if axis is None else STR if isinstance(axis, str) else list_of(STR)
    assert gives("median", of, (written, axis)) == result


def test_an_axis_that_is_not_written_leaves_the_type_open() -> None:
    assert gives("mean", IMAGE, STR) == ANY


@pytest.mark.parametrize("axis", ["images", "time", [], ["bands", "rows"]])
def test_an_image_has_no_such_axis(axis: Any) -> None:
    written = STR if isinstance(axis, str) else list_of(STR)
    with pytest.raises(InvalidArgument) as caught:
        gives("max", IMAGE, (written, axis))
    assert caught.value.where.argument == "axis"


def test_a_property_of_the_catalog_has_a_known_type() -> None:
    assert gives("get", PROPERTIES, (STR, "date")) == DATETIME
    assert gives("get", PROPERTIES, (STR, "cloud")) == ANY
    assert gives("get", PROPERTIES, STR) == ANY


def test_an_item_of_a_tuple_has_its_own_type() -> None:
    assert gives("get", tuple_of(INT, STR), (INT, -1)) == STR
    with pytest.raises(InvalidArgument):
        gives("get", tuple_of(INT, STR), (INT, 2))


def test_a_default_widens_what_get_gives() -> None:
    assert gives("get", dict_of(STR, INT), STR, FLOAT) == FLOAT
    assert gives("get", dict_of(STR, INT), STR, STR) == ANY


def test_a_missing_member_is_named_with_those_there_are() -> None:
    with pytest.raises(InvalidArgument, match="properties"):
        gives("getattr", IMAGE, (STR, "pixels"))


def test_a_function_must_take_what_it_is_called_with() -> None:
    assert gives("map", list_of(INT), function_of((FLOAT,), STR)) == list_of(STR)
    with pytest.raises(TypeMismatch, match=r"a function of \(Int\)"):
        gives("map", list_of(INT), function_of((STR,), STR))
    with pytest.raises(TypeMismatch):
        gives("map", list_of(INT), function_of((), STR))


def test_a_filter_needs_a_bool() -> None:
    assert gives("filter", COLLECTION, function_of((IMAGE,), ANY)) == COLLECTION
    with pytest.raises(TypeMismatch):
        gives("filter", COLLECTION, function_of((IMAGE,), INT))


def test_a_fold_carries_a_type_wide_enough_for_start_and_result() -> None:
    assert gives("reduce", list_of(INT), function_of((INT, INT), INT)) == INT
    assert gives("reduce", list_of(INT), function_of((FLOAT, INT), FLOAT)) == FLOAT
    with pytest.raises(TypeMismatch):
        gives("reduce", list_of(INT), function_of((INT, INT), FLOAT))


def test_sorting_needs_an_order() -> None:
    assert gives("sorted", list_of(INT)) == list_of(INT)
    assert gives("sorted", COLLECTION, function_of((IMAGE,), ANY)) == COLLECTION
    with pytest.raises(TypeMismatch):
        gives("sorted", COLLECTION)
    with pytest.raises(TypeMismatch):
        gives("sorted", list_of(dict_of(STR, INT)))


def test_groups_have_keys_that_can_be_compared() -> None:
    create = "ImageCollectionGroupby.create"
    assert gives(create, COLLECTION, function_of((IMAGE,), tuple_of(INT, INT))) == groupby_of(
        tuple_of(INT, INT)
    )
    with pytest.raises(TypeMismatch):
        gives(create, COLLECTION, function_of((IMAGE,), IMAGE))


def test_branches_of_ifelse_meet_in_what_both_are() -> None:
    branches = function_of((), INT), function_of((), FLOAT)
    assert gives("ifelse", BOOL, *branches) == FLOAT
    assert gives("ifelse", BOOL, function_of((), INT), function_of((), IMAGE)) == ANY
    with pytest.raises(TypeMismatch):
        gives("ifelse", INT, *branches)


def test_a_dict_of_different_values_knows_its_fields() -> None:
    assert gives("dict.create", (STR, "a"), INT, (STR, "b"), STR) == known_dict_of(
        {"a": INT, "b": STR}
    )
    assert gives("dict.create", (STR, "a"), INT, STR, STR) == dict_of(STR, ANY)
    with pytest.raises(InvalidArgument):
        gives("dict.create", (STR, "a"))


def test_written_values_that_mean_nothing_are_refused() -> None:
    for name, args, kwargs in (
        ("Image.load", [STR], {"resampler": (STR, "nearest")}),
        ("ImageCollection.from_id", [STR], {"limit": (INT, 0)}),
        ("reduction", [IMAGE, (STR, "mode")], {}),
        ("clip_values", [IMAGE], {}),
        ("range", [INT], {"step": (INT, 0)}),
    ):
        with pytest.raises(InvalidArgument):
            gives(name, *args, **kwargs)


def test_where_is_for_imagery_and_numbers() -> None:
    assert gives("where", IMAGE, IMAGE, INT) == IMAGE
    assert gives("where", IMAGE, COLLECTION, INT) == COLLECTION
    assert gives("where", BOOL, INT, FLOAT) == FLOAT
    with pytest.raises(TypeMismatch):
        gives("where", BOOL, IMAGE, IMAGE)
