"""An elementwise program: straight-line steps over planes, the same for every pixel.

Values are numbered: first the inputs, then the scalars, then one per step. Each value is data and
a mask. Interpreters: `engine.reference.elementwise` (the definition) and
`engine.kernels.elementwise` (numba); both give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One op on earlier values.

    `op` is a name of `OPS`; `dtype` is the dtype it computes in: operands are converted to it
    first; in `exact`, integers of any dtypes are compared as numbers. What it gives has dtype
    `dtype`, but `bool` for comparisons and `getmask`.
    """

    op: str
    args: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Program:
    """Steps, what goes in and what comes out."""

    inputs: tuple[str, ...]
    """dtype of each input plane."""
    scalars: tuple[str, ...]
    """dtype of each scalar: one number per image, or one for all; never masked, but NaN in a
    float scalar masks (it is not finite)."""
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    """Indices of the values that are wanted."""


UNARY = (
    "neg", "pos", "abs", "log", "log2", "log10", "log1p", "exp", "sqrt", "square",
    "sin", "arcsin", "cos", "arccos", "tan", "arctan", "invert", "getmask", "cast", "finite",
)  # fmt: skip
BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "arctan2",
    "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "lshift", "rshift",
    "mask", "mask_replace", "minimum", "maximum",
)  # fmt: skip
TERNARY = ("where",)
OPS = frozenset(UNARY + BINARY + TERNARY)
"""
* `cast` converts to `dtype`; integers to floats round to nearest even; never floats to integers.
* `mask(x, m)`, `mask_replace(x, m)`: rule M4; `m` may be any dtype, true where not 0.
* `minimum`, `maximum(x, y)`: y where y < x (y > x), else x; masked if either is (clip_values).
* `where(c, x, y)`: rule M3.
* every op on floats masks what is not finite (rule M2).
"""
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
