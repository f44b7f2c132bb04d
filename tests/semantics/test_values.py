"""Rules T and S: types, strings, containers, functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import swath as wf
from swath.errors import InvalidArgument, TypeMismatch

from .conftest import image

Ask = Callable[..., Any]


def test_t1_any_is_decided_by_the_value(ask: Ask) -> None:
    anything = image(1).with_properties(n=41).properties["n"]
    assert ask(anything + 1) == 42


def test_t2_a_wrong_type_at_run_time_is_a_type_mismatch(ask: Ask) -> None:
    anything = image(1).with_properties(n="text").properties["n"]
    with pytest.raises(TypeMismatch):
        ask(anything + 1)


def test_t2_each_image_is_checked_when_a_function_is_mapped(ask: Ask) -> None:
    images = wf.ImageCollection([image(1).with_properties(n=1), image(1).with_properties(n="text")])
    with pytest.raises(TypeMismatch):
        ask(images.map(lambda img: img.properties["n"] + 1))


def test_t2_a_wrong_type_is_refused_when_it_is_typed() -> None:
    with pytest.raises(TypeError):
        wf.Int(1) + wf.Str("a")


def test_t3_an_int_is_used_where_a_float_is_asked_for(ask: Ask) -> None:
    assert ask(wf.Float(1)) == 1.0


def test_t3_a_bool_counts_as_one_in_arithmetic(ask: Ask) -> None:
    assert ask(wf.Int(1) + wf.Bool(True)) == 2


def test_t4_only_the_branch_that_is_taken_is_evaluated(ask: Ask) -> None:
    assert ask(wf.ifelse(True, wf.Int(1), wf.Int(1) // 0)) == 1


def test_t4_an_image_that_is_filtered_out_is_not_evaluated(ask: Ask) -> None:
    images = wf.ImageCollection([image(1), image(2)])
    one = images.filter(lambda i: i.max() > 1)
    assert ask(one.map(lambda i: wf.Int(6) // wf.Int(i.max() - 1))) == [6]


def test_s1_negative_indices_count_from_the_end(ask: Ask) -> None:
    assert ask(wf.List([1, 2, 3])[-1]) == 3


def test_s1_a_missing_key_names_those_there_are(ask: Ask) -> None:
    with pytest.raises(InvalidArgument, match="red"):
        ask(wf.Dict({"red": 1})["blue"])


def test_s2_a_dict_keeps_its_order(ask: Ask) -> None:
    assert list(ask(wf.Dict({"b": 1, "a": 2}))) == ["b", "a"]


def test_s2_get_with_a_default_never_fails(ask: Ask) -> None:
    assert ask(wf.Dict({"a": 1}).get("b", 7)) == 7


def test_s3_sorting_is_stable_in_reverse_too(ask: Ask) -> None:
    pairs: wf.List = wf.List([(1, "a"), (2, "b"), (1, "c"), (2, "d")])
    result = ask(pairs.sorted(key=lambda p: p[0], reverse=True))
    assert [p[1] for p in result] == ["b", "d", "a", "c"]


def test_s3_nan_sorts_after_all_numbers(ask: Ask) -> None:
    result = ask(wf.List([math.nan, 2.0, 1.0]).sorted())
    assert result[:2] == [1.0, 2.0]
    assert math.isnan(result[2])


def test_s4_reduce_folds_from_the_left(ask: Ask) -> None:
    assert ask(wf.List([8, 4, 2]).reduce(lambda a, b: a - b)) == 2


def test_s4_reduce_of_nothing_needs_an_initial_value(ask: Ask) -> None:
    numbers = wf.List([1, 2]).filter(lambda n: n > 5)
    with pytest.raises(InvalidArgument, match="initial"):
        ask(numbers.reduce(lambda a, b: a + b))


def test_s4_reduce_with_an_initial_value(ask: Ask) -> None:
    assert ask(wf.List([1, 2]).reduce(lambda a, b: a + b, initial=10)) == 13


def test_s4_map_keeps_the_order(ask: Ask) -> None:
    assert ask(wf.List([3, 1, 2]).map(lambda n: n * 10)) == [30, 10, 20]


def test_s4_filter_keeps_the_order(ask: Ask) -> None:
    assert ask(wf.List([3, 1, 2]).filter(lambda n: n > 1)) == [3, 2]


def test_s5_a_function_closes_over_the_values_around_it(ask: Ask) -> None:
    result = ask(wf.List([1, 2]).map(lambda a: wf.List([10, 20]).map(lambda b: a * b)))
    assert result == [[10, 20], [20, 40]]


def test_s5_a_function_that_ignores_its_argument_gives_the_same_for_each(ask: Ask) -> None:
    assert ask(wf.List([1, 2, 3]).map(lambda _: wf.List([7, 8, 9]))) == [[7, 8, 9]] * 3


def test_s5_a_function_may_close_over_an_image(ask: Ask) -> None:
    base = image(5)
    result = ask(wf.List([1, 2]).map(lambda n: (base * n).max()))
    assert result == [5.0, 10.0]
