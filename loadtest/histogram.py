"""Latencies as an HDR histogram: any percentile to a fifth of a percent, mergeable, small.

The histograms are those of the library `hdrhistogram`; what is recorded are whole microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

LOWEST_US, HIGHEST_US = 1, 3600 * 1_000_000
DIGITS = 3
PERCENTILES = (50.0, 90.0, 99.0, 99.9, 100.0)
"""What every report tells; 100 is the longest."""


def histogram(latency_s: NDArray[np.float64]) -> HdrHistogram:
    """A histogram of latencies in seconds; those that never ended (nan) are left out."""
    found = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    whole = np.rint(latency_s[np.isfinite(latency_s)] * 1e6).clip(LOWEST_US, HIGHEST_US)
    values, counts = np.unique(whole.astype(np.int64), return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        found.record_value(value, count)
    return found


def percentile_ms(of: HdrHistogram, percentile: float) -> float:
    """The latency that so many percent did not exceed, in ms; nan where there is none."""
    if of.get_total_count() == 0:
        return float("nan")
    return float(of.get_value_at_percentile(percentile)) / 1e3


def curve(of: HdrHistogram, ticks: int = 5) -> Iterator[tuple[float, float]]:
    """(percentile, ms) of the usual plot, whose axis halves the distance to 100 % at each step."""
    if of.get_total_count() == 0:
        return
    for item in of.get_percentile_iterator(ticks):
        yield float(item.percentile_level_iterated_to), float(item.value_iterated_to) / 1e3


def merged(parts: Iterable[HdrHistogram]) -> HdrHistogram:
    """All of them in one."""
    whole = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    for part in parts:
        whole.add(part)
    return whole


def over_time(
    ended_s: NDArray[np.float64], latency_s: NDArray[np.float64], edges_s: Sequence[float]
) -> list[dict[float, float]]:
    """The percentiles of each stretch between two edges, in ms."""
    found = []
    for begin_s, end_s in pairwise(edges_s):
        inside = latency_s[(ended_s >= begin_s) & (ended_s < end_s)]
        of = histogram(inside)
        found.append({p: percentile_ms(of, p) for p in PERCENTILES})
    return found
