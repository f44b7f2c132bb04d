"""Hypothesis strategies: random programs, planes of awkward numbers, and equality of bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.evaluate.program import BINARY, UNARY, Program, Step
from engine.geo.stack import Stack
from engine.reference.elementwise import ARITHMETIC, DTYPES, FLOATS, INTEGERS, dtypes_of

AWKWARD = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -3.0, 1e-45, -1e-40, 1.1754944e-38, 3.4e38, -3.4e38,
    1e300, -1e-310, 123456.789, 65535.0, 1e5, 7.8e6, float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
SHAPES = ((1, 1), (3, 7), (1, 511), (1, 512), (1, 513), (23, 47))

Array = np.ndarray[Any, np.dtype[Any]]


def plane(dtype: str, shape: tuple[int, int, int], rng: np.random.Generator) -> Array:
    """Random values of a dtype: for floats plain, awkward and arbitrary bits; for integers all."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        whole = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        small = rng.integers(0, 5, shape).astype(dtype)
        extreme = rng.choice(np.array([info.min, info.max, 0, 1], dtype), shape)
        return (
            np.asarray(rng.permuted(np.where(rng.random(shape) < 0.4, whole, small)))
            if rng.random() < 0.7
            else extreme
        )
    kind = rng.integers(0, 4, shape)
    unsigned = np.uint32 if dtype == "float32" else np.uint64
    pattern = rng.integers(0, np.iinfo(unsigned).max, shape, unsigned).view(dtype)
    with np.errstate(all="ignore"):
        awkward = rng.choice(np.array(AWKWARD), shape).astype(dtype)
    plain = rng.normal(0, 3, shape).astype(dtype)
    return np.choose(kind, [plain, plain, awkward, pattern]).astype(dtype)


def mask(shape: tuple[int, int, int], rng: np.random.Generator) -> Array | None:
    """No mask, or a random one."""
    if rng.random() < 0.4:
        return None
    return (rng.random(shape) < rng.choice([0.0, 0.3, 1.0])).astype(np.uint8)


def inputs_of(program: Program, seed: int) -> tuple[list[Stack], list[Array]]:
    """Random stacks and scalars for a program: 1 or 3 images, some broadcast."""
    rng = np.random.default_rng(seed)
    rows, cols = SHAPES[rng.integers(len(SHAPES))]
    many = int(rng.choice([1, 3]))
    stacks = []
    for dtype in program.inputs:
        shape = (int(rng.choice([1, many])), rows, cols)
        stacks.append(Stack(plane(dtype, shape, rng), mask(shape, rng)))
    scalars = [
        plane(d, (1, 1, int(rng.choice([1, many]))), rng).reshape(-1) for d in program.scalars
    ]
    return stacks, scalars


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programs of up to 12 steps whose operands have dtypes that the planner would give them."""
    inputs = draw(st.lists(st.sampled_from(DTYPES), min_size=1, max_size=4))
    scalars = draw(st.lists(st.sampled_from(DTYPES), max_size=2))
    dtypes = [*inputs, *scalars]
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 12))):
        step = draw(steps_on(tuple(dtypes)))
        steps.append(step)
        dtypes.append(result_dtype(step))
    first = len(inputs) + len(scalars)
    last = st.integers(0, len(dtypes) - 1)
    outputs = draw(st.lists(last, min_size=1, max_size=3))
    outputs.append(draw(st.integers(first, len(dtypes) - 1)))
    return Program(tuple(inputs), tuple(scalars), tuple(steps), tuple(outputs))


@st.composite
def steps_on(draw: st.DrawFn, dtypes: tuple[str, ...]) -> Step:
    """A step on values of these dtypes that the planner could write."""
    op = draw(st.sampled_from((*UNARY, *BINARY, "where")))
    arity = 3 if op == "where" else 1 if op in UNARY else 2
    args = tuple(draw(st.integers(0, len(dtypes) - 1)) for _ in range(arity))
    used = [dtypes[a] for a in args]
    choices = [d for d in dtypes_of(op) if allowed(op, d, used)]
    if not choices:
        return Step("abs", args[:1], "float64")
    return Step(op, args, draw(st.sampled_from(choices)))


def allowed(op: str, dtype: str, used: list[str]) -> bool:
    """Whether operands of these dtypes may enter a step: never floats to integers."""
    if op == "getmask":
        return True
    if op in ("mask", "mask_replace"):
        used = used[:1]
    if op == "where":
        used = used[1:]
    if dtype == "exact":
        return not any(u in FLOATS for u in used)
    return dtype in FLOATS or not any(u in FLOATS for u in used)


def result_dtype(step: Step) -> str:
    """dtype of what a step gives."""
    gives_bool = {"lt", "le", "gt", "ge", "eq", "ne", "getmask"}
    return "bool" if step.op in gives_bool else step.dtype


def same_bits(left: Array, right: Array) -> bool:
    """Equal in dtype, shape and every bit, but for the bits of a nan, which nothing can see."""
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    if left.dtype.kind != "f":
        return bool(np.array_equal(left, right))
    nan = np.isnan(left) & np.isnan(right)
    unsigned = f"u{left.dtype.itemsize}"
    return bool((nan | (left.view(unsigned) == right.view(unsigned))).all())


def same_stack(left: Stack, right: Stack) -> bool:
    """Equal values, also under the mask, and equal masks; no mask equals a mask of zeros."""
    masks = [
        np.zeros(s.values.shape, np.uint8) if s.mask is None else s.mask for s in (left, right)
    ]
    return same_bits(left.values, right.values) and same_bits(*masks)


__all__ = ["ARITHMETIC", "inputs_of", "mask", "plane", "programs", "same_bits", "same_stack"]
