"""Scales of charts: where on an axis a value lies, and which values are marked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

MARKS = 6
"""Of an even scale, about."""
DENSE = 3
"""Decades up to which a logarithmic scale has marks at 2 and 5 as well."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis, from its beginning (0) to its end (1)."""

    low: float
    high: float
    """More than `low`."""
    marks: tuple[float, ...]
    """In order; all are within."""
    is_log: bool = False
    """Whether equal ratios are equally far apart; then `low` is more than 0."""

    def place(self, value: float) -> float:
        """Where a value lies, from 0 to 1; what is beyond an end lies at that end."""
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)


def even(values: Iterable[float], marks: int = MARKS) -> Scale:
    """A scale from 0 to a round number that is no less than any value."""
    most = max(values, default=0.0) or 1.0
    step = _round_up(most / marks)
    count = math.ceil(most / step - 1e-9)
    return Scale(0.0, count * step, tuple(step * i for i in range(count + 1)))


def stretch(low: float, high: float, marks: int = MARKS) -> Scale:
    """An even scale that ends where the values do, such as one of time."""
    step = _round_up((high - low) / marks)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Scale(low, high, tuple(step * i for i in range(first, last + 1)))


def logarithmic(values: Iterable[float]) -> Scale:
    """A logarithmic scale between round numbers; values that are not above 0 have no place."""
    above = [value for value in values if value > 0] or [1.0]
    low, high = _round_down(min(above)), _round_up(max(above))
    if low == high:
        high = _round_up(high * 1.5)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if math.log10(high / low) <= DENSE else (1,)
    marks = (digit * 10.0**power for power in decades for digit in digits)
    return Scale(low, high, tuple(m for m in marks if _within(m, low, high)), is_log=True)


def _within(mark: float, low: float, high: float) -> bool:
    return low * (1 - 1e-9) <= mark <= high * (1 + 1e-9)


def _round_up(step: float) -> float:
    """1, 2 or 5 times a power of ten, no less than `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= step * (1 - 1e-9))


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(digit * power for digit in (5, 2, 1) if digit * power <= value * (1 + 1e-9))
