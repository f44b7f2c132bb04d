"""What goes on beside a part while its load runs: other load, or harm that is done to the servers.

A scenario names it as `name` or `name:argument`, such as `watchers:1000`.
"""

from __future__ import annotations

from loadtest.beside import harm, watchers
from loadtest.beside.abusers import abusers
from loadtest.beside.beside import Beside, Start
from loadtest.beside.large_job import large_job
from swath.errors import InvalidArgument

STARTS: dict[str, Start] = {
    "abusers": abusers,
    "large_job": large_job,
    "kill": harm.kill,
    "stop": harm.stop,
    "pause": harm.pause,
    "watchers": watchers.watchers,
}
"""By name."""


def start_of(name: str) -> tuple[Start, str]:
    """What starts it, and the argument for it.

    Raises:
        InvalidArgument: there is none of that name.
    """
    kind, _, argument = name.partition(":")
    if kind not in STARTS:
        there = ", ".join(STARTS) or "none"
        raise InvalidArgument(f"There is nothing {kind!r} to go on beside; there are: {there}.")
    return STARTS[kind], argument


__all__ = ["STARTS", "Beside", "start_of"]
