"""What each figure of a part means: its unit, and whether more of it is worse.

One table for all that show figures: the page, the comparison of two runs, `docs/loadtest.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Better = Literal["less", "more", ""]


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row."""

    name: str
    """Of the figure; `*` stands for anything, where a figure has a name of its own in each run."""
    unit: str
    """Empty: a bare number."""
    better: Better
    """What a user wants; empty: neither, it only tells what was done."""
    text: str
    is_compared: bool = False
    """Whether two runs are compared by it."""

    def is_of(self, figure: str) -> bool:
        """Whether it tells what that figure means."""
        return fnmatchcase(figure, self.name)


MEANINGS = (
    Meaning("count", "requests", "", "requests that were due"),
    Meaning(
        "throughput", "1/s", "more",
        "requests that succeeded per second, from the first that was due to the last that ended",
        is_compared=True,
    ),
    Meaning(
        "latency_ms.p50", "ms", "less",
        "half of the requests that succeeded took no longer, from when each was due",
        is_compared=True,
    ),
    Meaning("latency_ms.p90", "ms", "less", "nine in ten took no longer", is_compared=True),
    Meaning("latency_ms.p99", "ms", "less", "99 in 100 took no longer", is_compared=True),
    Meaning("latency_ms.p99.9", "ms", "less", "999 in 1000 took no longer", is_compared=True),
    Meaning("latency_ms.max", "ms", "less", "the longest", is_compared=True),
    Meaning(
        "late_ms.p50", "ms", "less",
        "half of the requests were sent no later than so much after they were due: the "
        "generator's own doing",
    ),
    Meaning("late_ms.p99", "ms", "less", "the same of 99 in 100; beyond 5 the part is no measure"),
    Meaning(
        "errors", "share", "less", "of all requests, those that did not end with OK",
        is_compared=True,
    ),
    Meaning(
        "code.*", "requests", "",
        "how many ended with each status: a name of gRPC, `WRONG` (the answer is not what was "
        "asked for) or `LOST`",
    ),
    Meaning(
        "lost", "requests", "less",
        "had no end when the part was over, not even that of their deadline",
    ),
    Meaning(
        "outage_s", "s", "less",
        "from when the first request that failed was due to when the next that succeeded was: the "
        "longest such time",
    ),
    Meaning(
        "generator.busy", "share of a core", "less",
        "used by the client process that used most; beyond 0.9 the part is no measure",
    ),
    Meaning("generator.each_us", "µs", "less", "processor time of the client for one request"),
    Meaning(
        "generator.most_rate", "1/s", "more",
        "requests that one client process could send by that, if it did nothing else",
    ),
    Meaning(
        "server.each_us", "µs", "less",
        "processor time of all processes of the servers for one request",
        is_compared=True,
    ),
    Meaning(
        "server.gained_mib", "MiB", "less",
        "resident memory that the process which gained most had more at the end of a round than "
        "at its beginning",
    ),
    Meaning(
        "server.peak_mib", "MiB", "less",
        "most memory of a process at any look, less what it had at the beginning of the part",
    ),
    Meaning(
        "server.memory_mib", "MiB", "less",
        "resident memory of all processes of the servers at the end of a round, pages that they "
        "share counted in each",
        is_compared=True,
    ),
)  # fmt: skip

UNKNOWN = Meaning("*", "", "", "what went on beside the part measured it")


def meaning_of(figure: str) -> Meaning:
    """The row of a figure of a part; UNKNOWN for one that only what went on beside it has.

    `ndvi.latency_ms.p50` means of the ndvi alone what `latency_ms.p50` means of all.
    """
    found = next((row for row in MEANINGS if row.is_of(figure)), None)
    if found is not None:
        return found
    _, dot, rest = figure.partition(".")
    return meaning_of(rest) if dot else UNKNOWN
