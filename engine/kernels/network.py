"""Sorting networks: fixed lists of compare-exchanges, so that pixels sort side by side in SIMD.

Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M), without
the exchanges on which the wanted ranks do not depend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

Exchange = tuple[int, int]
"""(i, j), i < j: afterwards row i holds the smaller."""


def merge_exchange(rows: int) -> Iterator[Exchange]:
    """Exchanges that sort any number of rows, in order."""
    size = 1
    while size < rows:
        step = size
        while step >= 1:
            for start in range(step % size, rows - step, 2 * step):
                for i in range(start, start + min(step, rows - start - step)):
                    if i // (2 * size) == (i + step) // (2 * size):
                        yield i, i + step
            step //= 2
        size *= 2


def only_for(ranks: Iterable[int], exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """The exchanges on which these ranks depend, in order."""
    wanted = set(ranks)
    kept = []
    for i, j in reversed(list(exchanges)):
        if i in wanted or j in wanted:
            wanted |= {i, j}
            kept.append((i, j))
    return tuple(reversed(kept))


def middle_ranks(rows: int) -> tuple[int, int]:
    """Ranks that can hold the median once masked samples are -inf and +inf in turn (-inf first).

    Where an even number is masked, the median of an odd number of rows is the first of the two;
    where an odd number is, their mean. Of an even number of rows it is the other way round, and
    the one alone is the second.
    """
    return (rows // 2, min(rows // 2 + 1, rows - 1)) if rows % 2 else (rows // 2 - 1, rows // 2)


@lru_cache(maxsize=128)
def median_exchanges(rows: int) -> tuple[Exchange, ...]:
    """Exchanges after which the middle ranks are in place."""
    return only_for(middle_ranks(rows), merge_exchange(rows))
