"""Sets of byte ranges: which bytes are there, which are missing, and how to ask for few pieces."""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]
"""[start, end) in bytes."""


def union(ranges: Iterable[Range], gap: int = 0) -> list[Range]:
    """The ranges in order, those that touch or are at most `gap` apart made one.

    Laws:  every input byte is in the result;  with gap 0 no other byte is.
    """
    merged: list[Range] = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def missing(wanted: Iterable[Range], have: list[Range]) -> list[Range]:
    """The parts of `wanted` that are not in `have`; `have` is a union."""
    left: list[Range] = []
    for start, end in union(wanted):
        reached = start
        for there_start, there_end in have:
            if there_end <= reached or there_start >= end:
                continue
            if there_start > reached:
                left.append((reached, there_start))
            reached = there_end
        if reached < end:
            left.append((reached, end))
    return left
