"""Arguments are bound to parameters in one place, by position or by name."""

from __future__ import annotations

import pytest

from swath.errors import TypeMismatch
from swath.ops import ABSENT, OPS, bind


def test_arguments_come_in_the_order_of_the_parameters() -> None:
    assert bind(OPS["value_at"], ["image"], {"y": 2, "x": 1}) == ("image", 1, 2)


def test_a_default_stands_in_for_an_argument_that_is_left_out() -> None:
    assert bind(OPS["mosaic"], ["col"], {}) == ("col", False)


def test_a_keyword_argument_may_be_given_by_position() -> None:
    assert bind(OPS["mosaic"], ["col", True], {}) == ("col", True)


def test_an_optional_argument_without_default_is_absent() -> None:
    assert bind(OPS["reduce"], ["list", "f"], {}) == ("list", "f", ABSENT)


def test_a_variadic_parameter_collects_what_is_left() -> None:
    bound = bind(OPS["pick_bands"], ["image", "red", "nir"], {"allow_missing": True})
    assert bound == ("image", ("red", "nir"), True)


def test_named_arguments_are_sorted_by_name() -> None:
    _, fields = bind(OPS["dict.create"], [], {"b": 2, "a": 1})
    assert list(fields) == ["a", "b"]


def test_the_caller_may_say_what_stands_in_for_defaults() -> None:
    assert bind(OPS["range"], [3], {}, lambda p: p.name) == (3, "stop", "step")


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ([], {}, "needs the argument obj"),
        (["a", 1, 2, 3], {}, "takes 3 positional arguments, 4 given"),
        (["a", 1], {"x": 1, "y": 2}, "is given the argument x twice"),
        (["a", 1, 2], {"z": 3}, "has no argument z"),
    ],
)
def test_a_wrong_call_names_the_argument(
    args: list[object], kwargs: dict[str, object], problem: str
) -> None:
    with pytest.raises(TypeMismatch, match=problem) as caught:
        bind(OPS["value_at"], args, kwargs)
    assert caught.value.where.op == "value_at"
