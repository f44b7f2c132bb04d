"""Rules N: numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import swath as wf
from swath.errors import ArithmeticProblem, InvalidArgument

from .conftest import image

Ask = Callable[..., Any]


def test_n1_an_int_that_overflows_is_an_error_and_never_wraps(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem, match="64-bit"):
        ask(wf.Int(2**63 - 1) + 1)


def test_n1_the_largest_int_is_an_int(ask: Ask) -> None:
    assert ask(wf.Int(2**62) + (2**62 - 1)) == 2**63 - 1


def test_n1_multiplication_overflows_too(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem):
        ask(wf.Int(2**40) * wf.Int(2**40))


def test_n2_int_by_int_is_a_float(ask: Ask) -> None:
    result = ask(wf.Int(6) / 3)
    assert (result, type(result)) == (2.0, float)


@pytest.mark.parametrize(
    ("numerator", "expected"), [(1, math.inf), (-1, -math.inf), (1.5, math.inf)]
)
def test_n2_division_by_zero_is_infinite(ask: Ask, numerator: float, expected: float) -> None:
    typed = wf.Int(numerator) if isinstance(numerator, int) else wf.Float(numerator)
    assert ask(typed / 0) == expected


def test_n2_zero_by_zero_is_nan(ask: Ask) -> None:
    assert math.isnan(ask(wf.Int(0) / 0))


def test_n2_floor_division_of_an_int_by_zero_is_an_error(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem):
        ask(wf.Int(1) // 0)


def test_n2_remainder_of_an_int_by_zero_is_an_error(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem):
        ask(wf.Int(1) % 0)


def test_n2_floor_division_of_a_float_by_zero_is_infinite(ask: Ask) -> None:
    assert ask(wf.Float(1.0) // 0) == math.inf


def test_n3_floor_division_rounds_down(ask: Ask) -> None:
    assert ask(wf.Int(-7) // 2) == -4


def test_n3_the_sign_of_a_remainder_is_that_of_the_divisor(ask: Ask) -> None:
    assert ask(wf.Int(-7) % 3) == 2


def test_n3_int_to_the_int_is_an_int(ask: Ask) -> None:
    result = ask(wf.Int(3) ** 4)
    assert (result, type(result)) == (81, int)


def test_n3_a_negative_exponent_of_an_int_is_an_error(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem, match="Float"):
        ask(wf.Int(2) ** -1)


def test_n3_a_huge_power_is_refused_without_computing_it(ask: Ask) -> None:
    with pytest.raises(ArithmeticProblem):
        ask(wf.Int(3) ** (2**62))


def test_n4_bools_are_logic(ask: Ask) -> None:
    assert ask((wf.Bool(True) & False) | True) is True


def test_n4_not_of_a_bool_is_a_bool(ask: Ask) -> None:
    assert ask(~wf.Bool(True)) is False


def test_n4_not_of_an_int_is_twos_complement(ask: Ask) -> None:
    assert ask(~wf.Int(5)) == -6


def test_n4_shifts(ask: Ask) -> None:
    assert ask((wf.Int(5) << 4) >> 2) == 20


@pytest.mark.parametrize("count", [-1, 64])
def test_n4_a_shift_outside_the_word_is_an_error(ask: Ask, count: int) -> None:
    with pytest.raises(ArithmeticProblem):
        ask(wf.Int(1) << count)


def test_n5_a_reduction_over_nothing_has_no_value(ask: Ask) -> None:
    assert ask(image(7, nodata=7).mean()) is None


def test_n5_arithmetic_on_no_value_is_no_value(ask: Ask) -> None:
    assert ask(image(7, nodata=7).mean() + 1) is None


def test_n5_no_value_as_a_condition_is_false(ask: Ask) -> None:
    assert ask(wf.ifelse(image(7, nodata=7).mean() > 1, 10, 20)) == 20


def test_n5_no_value_sorts_last(ask: Ask) -> None:
    numbers: wf.List = wf.List([image(7, nodata=7).mean(), image(3).mean(), image(1).mean()])
    assert ask(numbers.sorted()) == [1.0, 3.0, None]


def test_n6_numbers_do_not_wrap_like_arrays_do(ask: Ask) -> None:
    assert ask(wf.Int(200) + 100) == 300


def test_n7_log_of_zero_is_minus_infinity(ask: Ask) -> None:
    assert ask(wf.log(wf.Float(0.0))) == -math.inf


def test_n7_the_root_of_a_negative_number_is_nan(ask: Ask) -> None:
    assert math.isnan(ask(wf.sqrt(wf.Float(-1.0))))


def test_n7_exp_overflows_to_infinity(ask: Ask) -> None:
    assert ask(wf.exp(wf.Float(1e4))) == math.inf


def test_s1_an_index_out_of_range_is_an_error(ask: Ask) -> None:
    with pytest.raises(InvalidArgument, match="there are 2"):
        ask(wf.List([1, 2])[2])
