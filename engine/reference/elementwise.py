"""What every elementwise op means, in plain numpy: the definition that all faster tiers must match.

Rules D, M and N of docs/semantics.md; ops of `engine.evaluate.program`. Written to be read, not to
be fast: each op is one row of a table, each step allocates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.program import COMPARISONS, Program, Step
from engine.geo.stack import Stack
from engine.reference import angles, transcendental
from swath.errors import InternalError

Array = NDArray[Any]

FLOATS: Final = ("float32", "float64")
INTEGERS: Final = (
    "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
)  # fmt: skip
DTYPES: Final = ("bool", *INTEGERS, *FLOATS)


@dataclass(frozen=True, slots=True)
class Plane:
    """A value of a program while it runs."""

    data: Array
    """(n, y, x) or, broadcast, (1, y, x), (n, 1, 1), (1, 1, 1)."""
    mask: Array | None
    """bool, broadcast with `data`; True = masked. Absent: nothing is."""


def in_double(function: Callable[..., Array]) -> Callable[..., Array]:
    """`function` computed in float64 and rounded once to the dtype of its operands."""

    def rounded(*operands: Array) -> Array:
        return np.asarray(function(*(o.astype(np.float64) for o in operands))).astype(
            operands[0].dtype
        )

    return rounded


def power(x: Array, y: Array) -> Array:
    """x to the y: `power_single` is enough for float32."""
    if x.dtype == np.float32:
        return in_double(transcendental.power_single)(x, y)
    return np.asarray(transcendental.power(x, y))


def left_shift(x: Array, y: Array) -> Array:
    """x · 2ʸ as int64; 0 where y is not in 0 … 63."""
    inside = (y >= 0) & (y < 64)
    return np.where(inside, np.left_shift(x, np.where(inside, y, 0)), 0).astype(x.dtype)


def right_shift(x: Array, y: Array) -> Array:
    """⌊x / 2ʸ⌋; as if y were very large where it is not in 0 … 63."""
    inside = (y >= 0) & (y < 64)
    shifted = np.right_shift(x, np.where(inside, y, 0).astype(x.dtype))
    return np.where(inside, shifted, np.where(x < 0, -1, 0).astype(x.dtype))


ARITHMETIC: Final[Mapping[str, Callable[..., Array]]] = {
    "neg": np.negative,
    "pos": np.positive,
    "abs": np.abs,
    "square": lambda x: x * x,
    "sqrt": np.sqrt,
    "exp": in_double(transcendental.exp),
    "log": in_double(transcendental.log),
    "log2": in_double(transcendental.log2),
    "log10": in_double(transcendental.log10),
    "log1p": in_double(transcendental.log1p),
    "sin": in_double(angles.sin),
    "cos": in_double(angles.cos),
    "tan": in_double(angles.tan),
    "arcsin": in_double(transcendental.arcsin),
    "arccos": in_double(transcendental.arccos),
    "arctan": in_double(transcendental.arctan),
    "arctan2": in_double(transcendental.arctan2),
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.divide,
    "floordiv": in_double(transcendental.floor_divide),
    "mod": in_double(transcendental.modulo),
    "pow": power,
    "minimum": lambda x, y: np.asarray(np.where(y < x, y, x)),
    "maximum": lambda x, y: np.asarray(np.where(y > x, y, x)),
}
"""Ops of floats: masked where an operand is, or where the result is not finite (M2)."""

BITWISE: Final[Mapping[str, Callable[..., Array]]] = {
    "invert": np.invert,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": left_shift,
    "rshift": right_shift,
}
"""Ops of integers, and of bool but for the shifts (D6)."""

COMPARE: Final[Mapping[str, Callable[..., Array]]] = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
"""Comparisons give bool; in dtype `exact`, integers of any two dtypes compare as numbers (D5)."""

MASKING: Final = ("getmask", "cast", "finite", "mask", "mask_replace", "where")
"""Ops on masks and on any dtype."""


def dtypes_of(op: str) -> tuple[str, ...]:
    """The values of `Step.dtype` that an op has.

    Raises:
        InternalError: there is no such op.
    """
    if op in ARITHMETIC:
        return FLOATS
    if op in ("lshift", "rshift"):
        return ("int64",) if op == "lshift" else INTEGERS
    if op in BITWISE:
        return ("bool", *INTEGERS)
    if op in COMPARISONS:
        return (*DTYPES, "exact")
    if op == "getmask":
        return ("bool",)
    if op in MASKING:
        return DTYPES
    raise InternalError(f"There is no elementwise op {op!r}.")


def check(step: Step) -> None:
    """Return if the step's op has its dtype.

    Raises:
        InternalError: it has not: a planner's bug.
    """
    if step.dtype not in dtypes_of(step.op):
        raise InternalError(f"The elementwise op {step.op} does not compute in {step.dtype}.")


def run(program: Program, inputs: Sequence[Stack], scalars: Sequence[Array]) -> list[Stack]:
    """The program's outputs.

    Args:
        inputs: of the dtypes that the program names; each of n images, or of one that serves all.
        scalars: each of shape (n,) or (1,).
    Returns:
        One stack of n images per output, in fresh arrays. Values under a mask are those that the
        ops computed from the values under the masks of the inputs.
    Raises:
        InternalError: a step has a dtype that its op has not.
    """
    values = [_input(stack) for stack in inputs]
    values += [_scalar(s, dtype) for s, dtype in zip(scalars, program.scalars, strict=True)]
    with np.errstate(all="ignore"):
        for step in program.steps:
            check(step)
            values.append(_step(step, [values[i] for i in step.args]))
    shape = (count(inputs, scalars), *inputs[0].values.shape[1:])
    return [_output(values[i], shape) for i in program.outputs]


def count(inputs: Sequence[Stack], scalars: Sequence[Array]) -> int:
    """Number of images that inputs and scalars make together: their n, where one has n."""
    counts = {stack.values.shape[0] for stack in inputs} | {s.shape[0] for s in scalars}
    many = counts - {1}
    assert len(many) <= 1, f"stacks of {sorted(counts)} images in one program"
    return int(many.pop()) if many else 1


def _input(stack: Stack) -> Plane:
    return Plane(stack.values, None if stack.mask is None else stack.mask != 0)


def _scalar(scalar: Array, dtype: str) -> Plane:
    """A number per image; nan is "no value" (N5) and masks what it meets, inf does not."""
    data = np.asarray(scalar).astype(dtype).reshape(-1, 1, 1)
    return Plane(data, np.isnan(data) if dtype in FLOATS and np.isnan(data).any() else None)


def _output(plane: Plane, shape: tuple[int, ...]) -> Stack:
    data = np.array(np.broadcast_to(plane.data, shape))
    if plane.mask is None:
        return Stack(data, None)
    return Stack(data, np.array(np.broadcast_to(plane.mask, shape)).astype(np.uint8))


def _step(step: Step, args: list[Plane]) -> Plane:
    if step.op == "getmask":
        return Plane(_masked(args[0]), None)
    if step.op == "where":
        return _finite(_where(step.dtype, *args))
    if step.op in ("mask", "mask_replace"):
        return _finite(_mask(step, *args))
    operands = args if step.dtype == "exact" else [_cast(a, step.dtype) for a in args]
    merged = _either(*(a.mask for a in operands))
    if step.op in ("cast", "finite"):
        return _finite(operands[0])
    function = ARITHMETIC.get(step.op) or BITWISE.get(step.op) or COMPARE[step.op]
    return _finite(Plane(np.asarray(function(*(a.data for a in operands))), merged))


def _cast(plane: Plane, dtype: str) -> Plane:
    return plane if plane.data.dtype == dtype else Plane(plane.data.astype(dtype), plane.mask)


def _masked(plane: Plane) -> Array:
    return np.zeros(plane.data.shape, np.bool_) if plane.mask is None else plane.mask


def _either(*masks: Array | None) -> Array | None:
    merged: Array | None = None
    for mask in masks:
        if mask is not None:
            merged = mask if merged is None else merged | mask
    return merged


def _finite(plane: Plane) -> Plane:
    """The plane, masked also where it is not finite (M2)."""
    if plane.data.dtype.name not in FLOATS:
        return plane
    return Plane(plane.data, _either(plane.mask, ~np.isfinite(plane.data)))


def _where(dtype: str, condition: Plane, x: Plane, y: Plane) -> Plane:
    """Rule M3."""
    chosen = condition.data != 0
    x, y = _cast(x, dtype), _cast(y, dtype)
    mask = None
    if x.mask is not None or y.mask is not None:
        mask = np.where(chosen, _masked(x), _masked(y))
    return Plane(np.where(chosen, x.data, y.data), _either(mask, condition.mask))


def _mask(step: Step, image: Plane, m: Plane) -> Plane:
    """Rule M4."""
    image = _cast(image, step.dtype)
    if step.op == "mask_replace":
        return Plane(image.data, (m.data != 0) | _masked(m))
    return Plane(image.data, _either(image.mask, (m.data != 0) & ~_masked(m)))
