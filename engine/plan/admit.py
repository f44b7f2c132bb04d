"""Says yes or no to a plan before it reads anything, by what it projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.plan.cover import covered_pixels
from engine.plan.plan import Plan
from swath.errors import ResultTooLarge
from swath.estimate import Estimate

NS_PER_PIXEL = 12.0
"""Rough cost of reading and computing one source pixel; measured on 2 cores, local COGs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take."""

    memory_bytes: int = 512 * 1024 * 1024
    """Most bytes of pixels held at once."""
    pixels: int = 4_000_000_000
    """Most source pixels, all bands and images."""
    result_bytes: int = 4 * 1024**3
    """Most bytes of pixels in the answer."""


def estimate(
    plans: Sequence[Plan], limits: Limits, result_bytes: int, is_lower_bound: bool = False
) -> Estimate:
    """The figures of some plans that run one after the other."""
    memory = max((p.projected_bytes for p in plans), default=0)
    pixels = sum(p.projected_pixels for p in plans)
    sources = {id(s) for p in plans for r in p.reads for s in r.sources if s is not None}
    fits = (
        memory <= limits.memory_bytes
        and pixels <= limits.pixels
        and result_bytes <= limits.result_bytes
    )
    return Estimate(
        projected_bytes=memory,
        limit_bytes=limits.memory_bytes,
        images=len(sources),
        pixels=pixels,
        bytes_read=sum(map(_bytes_read, plans)),
        result_bytes=result_bytes,
        seconds=pixels * NS_PER_PIXEL * 1e-9,
        is_lower_bound=is_lower_bound,
        fits=fits,
    )


def _bytes_read(plan: Plan) -> int:
    return sum(
        np.dtype(r.dtype).itemsize * covered_pixels(s.grid, plan.grid)
        for r in plan.reads
        for s in r.sources
        if s is not None
    )


def admit(found: Estimate, limits: Limits) -> None:
    """Return if the estimate is within the limits.

    Raises: ResultTooLarge, with the estimate and the way out.
    """
    if found.fits:
        return
    checks = (
        ("holds", found.projected_bytes, limits.memory_bytes, "bytes of pixels at once"),
        ("reads", found.pixels, limits.pixels, "source pixels"),
        ("gives", found.result_bytes, limits.result_bytes, "bytes"),
    )
    verb, actual, limit, unit = next(c for c in checks if c[1] > c[2])
    raise ResultTooLarge(
        f"Too large for inspect: it {verb} about {actual:,} {unit}, the limit is {limit:,}. "
        "Ask for a smaller area or a coarser resolution, or use compute.",
        projected_bytes=found.projected_bytes,
        limit_bytes=limits.memory_bytes,
        projected_pixels=found.pixels,
        result_bytes=found.result_bytes,
        use="obj.compute(geoctx)",
    )


def hold(plans: Sequence[Plan], memory_bytes: int) -> None:
    """Return if every plan keeps within `memory_bytes`; what it reads and gives is not limited.

    Raises: ResultTooLarge, with what takes the memory and the way out.
    """
    for plan in plans:
        if plan.projected_bytes > memory_bytes:
            raise ResultTooLarge(
                f"Too large for the memory of a job: {_reason(plan)}; the limit is "
                f"{memory_bytes:,} bytes. Take fewer images at once, a smaller area, a coarser "
                "resolution, or a worker with more memory.",
                projected_bytes=plan.projected_bytes,
                limit_bytes=memory_bytes,
            )


def _reason(plan: Plan) -> str:
    if plan.kept_bytes > plan.projected_bytes // 2:
        return f"a reduction over pixels keeps {plan.kept_bytes:,} bytes of samples until its end"
    rows, cols = (min(a, b) for a, b in zip(plan.window, plan.grid.shape, strict=True))
    return f"the smallest window, {rows} × {cols} pixels, holds {plan.projected_bytes:,} bytes"
