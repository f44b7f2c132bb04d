"""What the records of a part come to: numbers with names, which budgets and reports speak of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hdrh.histogram import HdrHistogram

from loadtest.client import Used
from loadtest.histogram import PERCENTILES, histogram, percentile_ms
from loadtest.records import LOST, Records, joined
from loadtest.resources import Growth
from loadtest.scenario import Part

MOST_LATE_MS = 5.0
"""A generator that sends its requests later than this (99th percentile) measures itself."""
BURST_RATE = 2000.0
"""Requests per second that a client process is to send of those that are due all at once."""
MOST_BUSY = 0.9
"""Share of one core; a client process that uses more cannot keep the time."""

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Round:
    """One turn of a part."""

    records: Records
    """Times are after its start."""
    used: tuple[Used, ...]
    """Of each client process."""
    growth: tuple[Growth, ...] = ()
    """Of each process of the server that could be looked at."""
    further: Mapping[str, float] = field(default_factory=dict)
    """Figures of what went on beside it."""
    is_whole: bool = True
    """Whether it was not interrupted."""


@dataclass(frozen=True, slots=True)
class PartResult:
    """One part, with all its rounds."""

    part: Part
    rounds: tuple[Round, ...]

    @property
    def records(self) -> Records:
        """Of all rounds."""
        return joined([one.records for one in self.rounds])

    @property
    def histogram(self) -> HdrHistogram:
        """Of the requests that succeeded; failures are counted, not timed."""
        records = self.records
        return histogram(records.latency_s[records.is_ok])

    def bottleneck(self, scale: float = 1.0) -> str:
        """Why these figures are of the generator and not of the server; empty: they are not.

        `scale`: how many times as late half of the requests may be, instead of 99 in 100; and how
        much less of a core must be left.
        """
        if self.part.callers:
            return ""  # it is as fast as both together; there is no time to be kept
        found = figures_of(self)
        # One that cannot keep up is late ever after; a machine that others use pauses it, and each
        # pause is most of what is latest in a short part.
        percentile = "p50" if scale > 1 else "p99"
        late_ms = found[f"late_ms.{percentile}"]
        if late_ms > (MOST_LATE_MS + burst_ms(self.part)) * scale:
            return f"it sent its requests {late_ms:.1f} ms late ({percentile})"
        if found["generator.busy"] > 1 - (1 - MOST_BUSY) / scale:
            return f"a client process was busy for {found['generator.busy']:.0%} of the time"
        return ""


def burst_ms(part: Part) -> float:
    """How long a client process may take to send what is due at once."""
    return max(phase.burst for phase in part.phases) / part.processes / BURST_RATE * 1e3


def figures_of(result: PartResult) -> dict[str, float]:
    """The figures of a part, by name; nan where there is nothing to tell.

    `latency_ms.*` are of the requests that succeeded, from when they were due. `late_ms.*` is how
    much later they were sent.
    """
    records = result.records
    count = len(records)
    found: dict[str, float] = {"count": count, "throughput": _throughput(result.rounds)}
    of = result.histogram
    found |= {f"latency_ms.{name(p)}": percentile_ms(of, p) for p in PERCENTILES}
    late = histogram(np.maximum(records.late_s, 0.0))
    found |= {f"late_ms.{name(p)}": percentile_ms(late, p) for p in (50.0, 99.0)}
    by_code = records.count_by_code()
    found["errors"] = 1 - int(records.is_ok.sum()) / count if count else math.nan
    found |= {f"code.{code}": n for code, n in by_code.items()}
    found["lost"] = by_code.get(LOST, 0)
    found["outage_s"] = max((outage_s(one.records) for one in result.rounds), default=0.0)
    used = [used for one in result.rounds for used in one.used]
    found |= {f"generator.{k}": v for k, v in _generator(used, count).items()}
    found |= _of_server([one.growth for one in result.rounds if one.growth], count)
    for name_ in dict.fromkeys(key for one in result.rounds for key in one.further):
        # Of several rounds the largest: what is counted there is what went wrong.
        found[name_] = max(one.further[name_] for one in result.rounds if name_ in one.further)
    return found | _of_kinds(result)


def by_round(result: PartResult) -> list[dict[str, float]]:
    """The figures of each round by itself: how much they differ is the noise."""
    return [figures_of(PartResult(result.part, (one,))) for one in result.rounds]


def name(percentile: float) -> str:
    """`p50`, `p99`, `p99.9`; `max` of all."""
    return "max" if percentile == 100 else f"p{percentile:g}"


def all_figures(results: Sequence[PartResult]) -> dict[str, float]:
    """Of all parts, as `part.figure`."""
    return {
        f"{result.part.name}.{key}": value
        for result in results
        for key, value in figures_of(result).items()
    }


def _of_kinds(result: PartResult) -> dict[str, float]:
    """Of each kind of work by itself, as `kind.figure`, where a part has several."""
    kinds = dict.fromkeys(work.kind for work in result.part.work)
    if len(kinds) < 2:
        return {}
    found: dict[str, float] = {}
    for kind in kinds:
        numbers = [n for n, work in enumerate(result.part.work) if work.kind == kind]
        each = [one.records.where(np.isin(one.records.work, numbers)) for one in result.rounds]
        found |= {f"{kind}.{key}": value for key, value in _of_one(each).items()}
    return found


def _of_one(rounds: Sequence[Records]) -> dict[str, float]:
    records = joined(rounds)
    of = histogram(records.latency_s[records.is_ok])
    return {
        "count": len(records),
        **{f"latency_ms.{name(p)}": percentile_ms(of, p) for p in PERCENTILES},
        "failed": int((~records.is_ok).sum()),
        "outage_s": max(outage_s(one) for one in rounds),
        **{f"code.{code}": n for code, n in records.count_by_code().items()},
    }


def outage_s(records: Records) -> float:
    """The longest stretch without an answer that began with a failure, in seconds.

    From when the first that failed was due to when the next that succeeded was, or the last of all.
    """
    order = np.argsort(records.due_s, kind="stable")
    longest_s, began_s = 0.0, math.nan
    for due_s, is_ok in zip(records.due_s[order], records.is_ok[order], strict=True):
        if not is_ok and math.isnan(began_s):
            began_s = float(due_s)
        if not math.isnan(began_s):
            longest_s = max(longest_s, float(due_s) - began_s)
        if is_ok:
            began_s = math.nan
    return longest_s


def _throughput(rounds: Sequence[Round]) -> float:
    """Requests that succeeded, per second, from the first that was due to the last that ended."""
    count, wall_s = 0, 0.0
    for one in rounds:
        ended = one.records.ended_s[one.records.is_ok]
        if len(ended):
            count += len(ended)
            wall_s += float(ended.max() - one.records.due_s.min())
    return count / wall_s if wall_s > 0 else 0.0


def _generator(used: Sequence[Used], count: int) -> dict[str, float]:
    processor_s = sum(one.processor_s for one in used)
    busy = max((one.processor_s / one.wall_s for one in used if one.wall_s > 0), default=math.nan)
    each_us = processor_s / count * 1e6 if count else math.nan
    return {"busy": busy, "each_us": each_us, "most_rate": 1e6 / each_us if each_us else math.nan}


def _of_server(rounds: Sequence[Sequence[Growth]], count: int) -> dict[str, Any]:
    """Its processor time for each request, and its memory.

    What the process gained that gained most in a round; what all had at the end of one, at most.
    """
    if not rounds:
        return {}
    growth = [one for grown in rounds for one in grown]
    each_us = sum(g.processor_s for g in growth) / count * 1e6 if count else math.nan
    most = max(growth, key=lambda g: g.gained_bytes)
    memory_bytes = max(sum(g.last_bytes for g in grown) for grown in rounds)
    return {
        "server.each_us": each_us,
        "server.gained_mib": most.gained_bytes / (1 << 20),
        "server.peak_mib": max(g.peak_bytes for g in growth) / (1 << 20),
        "server.memory_mib": memory_bytes / (1 << 20),
    }
