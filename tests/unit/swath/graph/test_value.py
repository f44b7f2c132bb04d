"""The types of Python values, and when two values are the same to the bit."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pytest

from swath.errors import InvalidArgument, InvalidGraph, TypeMismatch
from swath.graph.type import (
    ANY,
    ARRAY,
    BOOL,
    DATETIME,
    FLOAT,
    INT,
    NONE,
    STR,
    TIMEDELTA,
    Type,
    dict_of,
    known_dict_of,
    list_of,
    tuple_of,
)
from swath.graph.value import check_value, key_of, type_of


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (None, NONE),
        (True, BOOL),
        (1, INT),
        (1.0, FLOAT),
        ("a", STR),
        (dt.datetime(2019, 1, 1, tzinfo=dt.UTC), DATETIME),
        (dt.timedelta(1), TIMEDELTA),
        (np.zeros(2), ARRAY),
        ([], list_of(ANY)),
        ([1, 2.0], list_of(FLOAT)),
        ((1, "a"), tuple_of(INT, STR)),
        ({"a": 1, "b": 2}, dict_of(STR, INT)),
        ({"a": 1, "b": "c"}, known_dict_of({"a": INT, "b": STR})),
    ],
)
def test_a_value_has_its_narrowest_type(value: Any, type_: Type) -> None:
    assert type_of(value) == type_


def test_an_int_of_more_than_64_bits_is_refused() -> None:
    assert type_of(2**63 - 1) == INT
    with pytest.raises(InvalidArgument):
        type_of(2**63)


def test_a_value_that_nests_without_end_is_refused() -> None:
    value: list[Any] = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(InvalidGraph):
        type_of(value)


@pytest.mark.parametrize("value", [object(), {1: 2}, 1j, b"bytes", {1, 2}])
def test_what_the_language_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(TypeMismatch):
        type_of(value)


def test_a_value_may_be_written_where_its_type_fits() -> None:
    check_value(1, FLOAT)
    check_value([], list_of(STR))
    with pytest.raises(TypeMismatch):
        check_value(1.0, INT)


def test_values_are_the_same_to_the_bit_only() -> None:
    assert key_of(1) != key_of(True)
    assert key_of(1) != key_of(1.0)
    assert key_of(0.0) != key_of(-0.0)
    assert key_of(math.nan) == key_of(-math.nan)
    assert key_of([1, 2]) == key_of([1, 2])
    assert key_of([1]) != key_of((1,))
