"""The block machine gives the bits of the reference, for any program on any planes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evaluate.program import OPS, TERNARY, UNARY, Program, Step
from engine.geo.stack import Stack
from engine.kernels import elementwise as fast
from engine.kernels import tape
from engine.reference import elementwise as slow
from engine.reference.elementwise import FLOATS, dtypes_of
from tests.unit.engine.kernels.programs import (
    allowed,
    inputs_of,
    mask,
    plane,
    programs,
    same_stack,
)

SEEDS = st.integers(0, 2**32 - 1)


def agree(program: Program, stacks: list[Stack], scalars: list[np.ndarray]) -> bool:
    got, wanted = fast.run(program, stacks, scalars), slow.run(program, stacks, scalars)
    return all(map(same_stack, got, wanted))


@settings(max_examples=300, deadline=None)
@given(programs(), SEEDS)
def test_any_program_gives_the_bits_of_the_reference(program: Program, seed: int) -> None:
    assert agree(program, *inputs_of(program, seed))


CASES = [
    (op, dtype, source)
    for op in sorted(OPS)
    for dtype in dtypes_of(op)
    for source in slow.DTYPES
    if allowed(op, "int64" if dtype == "exact" else dtype, [source] * 3)
]


@pytest.mark.parametrize("op", sorted(OPS))
def test_every_op_gives_the_bits_of_the_reference_in_every_dtype(op: str) -> None:
    arity = 1 if op in UNARY else 3 if op in TERNARY else 2
    rng = np.random.default_rng(7)
    for _, dtype, source in (case for case in CASES if case[0] == op):
        program = Program((source,) * arity, (), (Step(op, tuple(range(arity)), dtype),), (arity,))
        shape = (1, 40, 50)
        stacks = [Stack(plane(source, shape, rng), mask(shape, rng)) for _ in range(arity)]
        assert agree(program, stacks, []), (op, dtype, source)


@pytest.mark.parametrize("op", ["lt", "le", "gt", "ge", "eq", "ne"])
@pytest.mark.parametrize("pair", [("uint64", "int64"), ("int8", "uint64"), ("bool", "uint64")])
def test_integers_of_any_two_dtypes_compare_as_numbers(op: str, pair: tuple[str, str]) -> None:
    rng = np.random.default_rng(1)
    stacks = [Stack(plane(dtype, (1, 30, 40), rng), None) for dtype in pair]
    program = Program(pair, (), (Step(op, (0, 1), "exact"),), (2,))
    got = fast.run(program, stacks, [])[0].values
    left, right = (s.values.ravel().tolist() for s in stacks)
    python = {"lt": "__lt__", "le": "__le__", "gt": "__gt__", "ge": "__ge__"}
    name = python.get(op, f"__{op}__")
    assert got.ravel().tolist() == [
        getattr(int(a), name)(int(b)) for a, b in zip(left, right, strict=True)
    ]


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_nan_number_masks_and_an_infinite_one_compares(dtype: str) -> None:
    program = Program((dtype,), (dtype,), (Step("lt", (0, 1), dtype),), (2,))
    stack = Stack(np.array([[[1.0, 2.0]]], dtype), None)
    endless = fast.run(program, [stack], [np.array([np.inf], dtype)])[0]
    nothing = fast.run(program, [stack], [np.array([np.nan], dtype)])[0]
    assert endless.values.all() and not np.any(endless.mask)
    assert nothing.mask is not None and nothing.mask.all()


def test_results_go_into_the_arrays_that_are_given() -> None:
    program = Program(("uint16",), (), (Step("square", (0,), "float32"),), (1,))
    given_stack = Stack(np.full((1, 2, 2), 300, np.uint16), None)
    out = Stack(np.zeros((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.uint8))
    assert fast.run(program, [given_stack], [], [out])[0].values is out.values
    assert (out.values == 90_000).all()


def test_planes_that_are_not_contiguous_give_the_same() -> None:
    rng = np.random.default_rng(3)
    whole = Stack(plane("float32", (3, 40, 60), rng), (rng.random((3, 40, 60)) < 0.5).astype("u1"))
    assert whole.mask is not None
    part = Stack(whole.values[:, ::2, 5:31], whole.mask[:, ::2, 5:31])
    program = Program(("float32",), (), (Step("exp", (0,), "float32"),), (1,))
    assert agree(program, [part], [])


def test_an_input_and_a_number_can_be_outputs_themselves() -> None:
    program = Program(("int16",), ("float64",), (), (0, 1, 1))
    stack = Stack(np.arange(6, dtype=np.int16).reshape(1, 2, 3), np.eye(3, dtype="u1")[None, :2])
    assert agree(program, [stack], [np.array([2.5])])


def test_a_plane_and_its_square_may_both_be_wanted() -> None:
    steps = (Step("square", (0,), "float64"), Step("sqrt", (1,), "float64"))
    program = Program(("float64",), (), steps, (1, 2, 1))
    assert agree(program, [Stack(np.linspace(-9, 9, 2000).reshape(1, 40, 50), None)], [])


@pytest.mark.parametrize("large", [1, 1 << 40])
def test_bits_do_not_depend_on_the_length_of_blocks(
    monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(tape, "LARGE", large)
    steps = (Step("sin", (0,), "float32"), Step("pow", (1, 0), "float32"))
    stack = Stack(plane("float32", (2, 61, 67), np.random.default_rng(0)), None)
    assert agree(Program(("float32",), (), steps, (1, 2)), [stack], [])


def test_threads_that_run_one_program_at_once_do_not_meet() -> None:
    steps = (Step("exp", (0,), "float32"), Step("add", (1, 0), "float32"))
    program = Program(("float32",), (), steps, (2,))
    stacks = [Stack(np.full((1, 300, 300), i, np.float32), None) for i in range(32)]
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda s: fast.run(program, [s], [])[0], stacks))
    assert all(
        same_stack(g, slow.run(program, [s], [])[0]) for g, s in zip(got, stacks, strict=True)
    )


def test_programs_of_hundreds_of_steps_run() -> None:
    steps = tuple(Step("add", (i, 0), "float64") for i in range(500))
    program = Program(("float64",), (), steps, (500,))
    got = fast.run(program, [Stack(np.ones((1, 4, 4)), None)], [])[0]
    assert (got.values == 501).all()


def test_empty_windows_give_empty_planes() -> None:
    program = Program(("uint8",), (), (Step("neg", (0,), "float32"),), (1,))
    assert fast.run(program, [Stack(np.zeros((1, 0, 5), "u1"), None)], [])[0].values.shape == (
        1,
        0,
        5,
    )
