"""Finds objects of the result store that nothing names, and never one that may still be named.

An object is stored first and named by a row after. Only the lease under which it was stored can
name it, and its fence is in its key: so it is dead for ever when that lease has ended and no row
names it. No clock decides that, and an upload that takes a day is safe.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from job_server.queue.writer import Writer
from job_server.results.key import parse_key
from job_server.results.store import ResultStore
from job_server.store.store import Transaction
from swath.errors import JobNotFound

JOBS_AT_ONCE = 50
"""Jobs that one transaction looks at."""


class Sweep:
    """The search for dead objects, and which were found when."""

    def __init__(
        self, writer: Writer, results: ResultStore, now_us: Callable[[], int], grace_us: int
    ) -> None:
        """`grace_us`: how long an object stays after it was found dead the first time.

        It is for people: a database that was put back from an older copy knows nothing of newer
        objects, and whoever notices must have the time to put the right one back.
        """
        self._writer = writer
        self._results = results
        self._now_us = now_us
        self._grace_us = grace_us
        self._found_us: dict[str, int] = {}

    async def run(self) -> int:
        """Look at every object once; how many were removed.

        Raises:
            Unavailable: the store or the result store does not answer; it may be repeated.
        """
        removed = 0
        found_us: dict[str, int] = {}
        jobs = await asyncio.to_thread(self._listed)
        for some in _batches(jobs, JOBS_AT_ONCE):
            keys = await asyncio.to_thread(self._keys, some)
            if not keys:
                continue
            dead = await self._writer.run(partial(dead_among, keys=keys))
            overdue = [key for key in dead if self._is_overdue(key)]
            await asyncio.to_thread(self._results.delete, overdue)
            removed += len(overdue)
            now_us = self._now_us()
            stays = set(dead).difference(overdue)
            found_us |= {key: self._found_us.get(key, now_us) for key in stays}
        self._found_us = found_us
        return removed

    def _is_overdue(self, key: str) -> bool:
        found_us = self._found_us.get(key)
        return found_us is not None and self._now_us() - found_us >= self._grace_us

    def _listed(self) -> list[str]:
        return list(self._results.jobs())

    def _keys(self, jobs: Sequence[str]) -> list[str]:
        return [key for job in jobs for key in self._results.keys(job)]


def dead_among(transaction: Transaction, keys: Sequence[str]) -> list[str]:
    """Those of the keys that no row names, and that none can come to name.

    The leases are read before the names: where each statement sees the newest commits, a piece
    that was recorded under a lease that is over by then is seen too.
    """
    parsed = {key: parse_key(key) for key in keys}
    jobs = sorted({found.job for found in parsed.values()})
    fences = {job: _leased_fence(transaction, job) for job in jobs}
    named = transaction.referenced(jobs)
    return [
        key for key, part in parsed.items() if key not in named and fences[part.job] != part.fence
    ]


def _leased_fence(transaction: Transaction, job: str) -> int | None:
    """The fence of the lease that a job has now; absent: it has none."""
    try:
        found = transaction.get(job)
    except JobNotFound:
        return None
    return found.fence if found.is_leased else None


def _batches(items: Iterable[str], most: int) -> Iterator[list[str]]:
    source = iter(items)
    while batch := list(islice(source, most)):
        yield batch
