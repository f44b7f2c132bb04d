"""The definition of elementwise ops, rule by rule of docs/semantics.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evaluate.program import OPS, Program, Step
from engine.geo.stack import Stack
from engine.reference.elementwise import (
    ARITHMETIC,
    BITWISE,
    COMPARE,
    MASKING,
    dtypes_of,
    run,
)
from swath.errors import InternalError

NAN, INF = float("nan"), float("inf")


def plane(values: list[Any], dtype: str, mask: list[int] | None = None) -> Stack:
    hidden = None if mask is None else np.array(mask, np.uint8).reshape(1, 1, -1)
    return Stack(np.array(values, dtype).reshape(1, 1, -1), hidden)


def one(op: str, dtype: str, *stacks: Stack) -> tuple[list[Any], list[int]]:
    inputs = tuple(s.values.dtype.name for s in stacks)
    step = Step(op, tuple(range(len(stacks))), dtype)
    result = run(Program(inputs, (), (step,), (len(stacks),)), list(stacks), [])[0]
    mask = np.zeros(result.values.shape, int) if result.mask is None else result.mask
    return result.values.ravel().tolist(), mask.ravel().tolist()


def test_every_op_is_defined_and_no_other() -> None:
    assert {*ARITHMETIC, *BITWISE, *COMPARE, *MASKING} == OPS
    assert all(dtypes_of(op) for op in OPS)


def test_an_unknown_op_is_a_bug() -> None:
    with pytest.raises(InternalError):
        dtypes_of("conjugate")


def test_a_step_in_a_dtype_that_its_op_lacks_is_a_bug() -> None:
    with pytest.raises(InternalError, match="sqrt does not compute in uint8"):
        one("sqrt", "uint8", plane([4], "uint8"))


def test_integers_never_wrap() -> None:
    assert one("sub", "float32", plane([1], "uint16"), plane([2], "uint16")) == ([-1.0], [0])


def test_what_is_not_finite_is_masked_at_that_op() -> None:
    _, mask = one("log", "float64", plane([0.0, -1.0, 1.0, INF, NAN], "float64"))
    assert mask == [1, 1, 0, 1, 1]


def test_a_hidden_infinity_still_masks_what_comes_after() -> None:
    steps = (Step("truediv", (0, 1), "float32"), Step("truediv", (0, 2), "float32"))
    program = Program(("float32", "float32"), (), steps, (3,))
    result = run(program, [plane([1], "float32"), plane([0], "float32")], [])[0]
    assert result.values.item() == 0.0
    assert result.mask is not None and result.mask.item() == 1


def test_operands_that_are_masked_mask_the_result() -> None:
    _, mask = one("add", "float32", plane([1, 1], "uint8", [1, 0]), plane([1, 1], "uint8"))
    assert mask == [1, 0]


def test_values_under_the_mask_stay_what_was_computed() -> None:
    values, mask = one("neg", "float32", plane([5], "float32", [1]))
    assert (values, mask) == ([-5.0], [1])


def test_where_takes_the_mask_of_the_chosen_side_only() -> None:
    chosen = plane([1, 1, 0, 0, 1], "bool", [0, 0, 0, 0, 1])
    left = plane([1, 1, 1, 1, 1], "uint8", [1, 0, 1, 0, 0])
    right = plane([2, 2, 2, 2, 2], "uint8", [0, 1, 0, 1, 0])
    assert one("where", "uint8", chosen, left, right) == ([1, 1, 2, 2, 1], [1, 0, 0, 1, 1])


def test_a_mask_that_is_masked_itself_is_ignored() -> None:
    image, m = plane([1, 2, 3], "uint8", [1, 0, 0]), plane([0, 7, 7], "uint8", [0, 0, 1])
    assert one("mask", "uint8", image, m) == ([1, 2, 3], [1, 1, 0])


def test_replacing_the_mask_shows_what_was_under_it() -> None:
    image = plane([1, 2, 3, NAN], "float32", [1, 0, 1, 1])
    m = plane([0, 1, 0, 0], "bool", [0, 0, 1, 0])
    assert one("mask_replace", "float32", image, m)[1] == [0, 1, 1, 1]


def test_getmask_is_never_masked() -> None:
    assert one("getmask", "bool", plane([1, 2], "float32", [1, 0])) == ([True, False], [0, 0])


def test_integers_compare_exactly_beyond_the_floats() -> None:
    big = plane([2**63, 2**63 - 1], "uint64")
    other = plane([2**63 - 1, 2**63 - 1], "int64")
    assert one("gt", "exact", big, other)[0] == [True, False]


def test_clipping_keeps_the_first_of_two_zeros() -> None:
    values, _ = one("minimum", "float64", plane([-0.0], "float64"), plane([0.0], "float64"))
    assert np.signbit(values[0])


@pytest.mark.parametrize(("count", "wanted"), [(-1, 0), (0, 3), (2, 12), (64, 0)])
def test_a_left_shift_out_of_range_is_zero(count: int, wanted: int) -> None:
    assert one("lshift", "int64", plane([3], "int64"), plane([count], "int64"))[0] == [wanted]


def test_a_right_shift_keeps_the_sign() -> None:
    shifted = one("rshift", "int8", plane([-128, -128, 127], "int8"), plane([1, 100, 100], "int8"))
    assert shifted[0] == [-64, -1, 0]


def test_a_number_per_image_broadcasts_one_image_to_many() -> None:
    program = Program(("uint8",), ("float64",), (Step("mul", (0, 1), "float32"),), (2,))
    result = run(program, [plane([2], "uint8")], [np.array([1.0, 0.5, NAN])])[0]
    assert result.values.ravel()[:2].tolist() == [2.0, 1.0]
    assert result.mask is not None and result.mask.ravel().tolist() == [0, 0, 1]


@settings(deadline=None)
@given(st.integers(-(2**40), 2**40), st.integers(-(2**20), 2**20).filter(bool))
def test_division_with_rest_is_that_of_python(x: int, y: int) -> None:
    left, right = plane([x], "float64"), plane([y], "float64")
    assert one("floordiv", "float64", left, right)[0] == [x // y]
    assert one("mod", "float64", left, right)[0] == [x % y]
