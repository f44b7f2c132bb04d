"""The few operations that formulas need beyond arithmetic; numpy here, instructions in kernels.

`engine.kernels.compile` replaces these functions by the machine's instructions, so a formula
that is written with them and `+ - * /` has the same bits in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def bits(x: Any) -> Any:
    """The 64 bits of a float64, as int64."""
    return np.asarray(x, np.float64).view(np.int64)


def value(i: Any) -> Any:
    """The float64 with these 64 bits."""
    return np.asarray(i, np.int64).view(np.float64)


def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; both are computed."""
    return np.where(condition, x, y)


def root(x: Any) -> Any:
    """The square root of a float64, correctly rounded; nan for negative x."""
    return np.sqrt(x)


def floor(x: Any) -> Any:
    """The largest integer that is not above the float64 x."""
    return np.floor(x)


def remainder(x: Any, y: Any) -> Any:
    """x - y·trunc(x / y), exact, of float64; the sign is that of x."""
    return np.fmod(x, y)


def invoke(function: int, count: int, a: int, b: int, c: int, d: int, e: int) -> None:
    """Call the compiled function at an address; only compiled code can."""
    raise TypeError("only compiled code can call an address")
