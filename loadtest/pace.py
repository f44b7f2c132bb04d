"""When requests are due: pure functions of a schedule, with no clock in them.

An open-loop load sends each request when its time has come, whether or not those before it were
answered: so a server that stands still is met by all that would have come meanwhile, and the wait
of each counts. All times are seconds after the start.
Source: the pacers of vegeta; "coordinated omission" after Gil Tene.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swath.errors import InvalidArgument

MOST_ARRIVALS = 10_000_000
"""Of one schedule; they are held as one array."""

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of time in which the rate goes evenly from one value to another."""

    seconds: float
    from_rate: float
    """Requests per second at its beginning."""
    to_rate: float
    """The same at its end; equal to `from_rate`: constant. Both 0: a pause."""
    burst: int = 0
    """Requests that are due all at once at its beginning, besides."""

    def __post_init__(self) -> None:
        numbers = (self.seconds, self.from_rate, self.to_rate, self.burst)
        if not all(math.isfinite(n) and n >= 0 for n in numbers):
            raise InvalidArgument("Seconds, rates and bursts of a phase are 0 or more.")

    @property
    def count(self) -> float:
        """Requests at its rates; a part of one is left to the next phase."""
        return self.seconds * (self.from_rate + self.to_rate) / 2


def arrivals(phases: Sequence[Phase]) -> Times:
    """When each request is due, in order.

    The n-th comes when the integral of the rate reaches n: at a constant rate they are evenly
    spaced, the first at once.

    Raises:
        InvalidArgument: as `count`.
    """
    count(phases)
    parts: list[Times] = []
    begin_s, carried = 0.0, 0.0
    for phase in phases:
        parts.append(np.full(phase.burst, begin_s))
        parts.append(begin_s + _within(phase, carried))
        carried += phase.count
        begin_s += phase.seconds
    return np.concatenate([np.empty(0), *parts])


def count(phases: Sequence[Phase]) -> float:
    """How many they are, up to a part of one.

    Raises:
        InvalidArgument: more than MOST_ARRIVALS.
    """
    total = sum(phase.count + phase.burst for phase in phases)
    if total > MOST_ARRIVALS:
        raise InvalidArgument(f"{total:,.0f} requests are more than {MOST_ARRIVALS:,}.")
    return total


def duration_s(phases: Sequence[Phase]) -> float:
    """From the start to the end of the last phase."""
    return sum(phase.seconds for phase in phases)


def _within(phase: Phase, carried: float) -> Times:
    """Those of one phase, from its beginning, where `carried` were due before it.

    Solves carried + from t + (to - from) / (2 seconds) t² = n for every whole n in the phase.
    """
    # What rounding left below a whole number is that number: 10 s at 0.1/s are one request.
    first, end = math.ceil(carried - _TINY), math.ceil(carried + phase.count - _TINY)
    wanted = np.arange(first, end, dtype=np.float64) - carried
    wanted = np.maximum(wanted, 0.0)
    growth = (phase.to_rate - phase.from_rate) / phase.seconds if phase.seconds else 0.0
    root = np.sqrt(np.maximum(phase.from_rate**2 + 2 * growth * wanted, 0.0))
    # The form that does not cancel where the rate grows little or not at all.
    below = phase.from_rate + root
    return np.divide(2 * wanted, below, out=np.zeros_like(wanted), where=below > 0)


_TINY = 1e-9
