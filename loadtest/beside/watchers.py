"""Many streams that follow jobs: those of `loadtest.crowd`, in a process that slows no caller."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from loadtest.crowd import OPEN
from loadtest.program import running
from loadtest.target import Target
from swath.errors import InvalidArgument, SwathError


@dataclass(slots=True)
class Watchers:
    """The process, and what it said at its end."""

    said: dict[str, float] = field(default_factory=dict)

    def figures(self) -> Mapping[str, float]:
        """What the streams saw.

        `watchers.open`: streams; `ended` before they were to; `behind`: they did not see the last
        change of their job; `messages` in all.
        """
        return {f"watchers.{name}": value for name, value in self.said.items()}


@contextmanager
def watchers(target: Target, argument: str, _seed: int = 0) -> Iterator[Watchers]:
    """Start of `watchers:COUNT`.

    Raises:
        InvalidArgument: no number of streams. SwathError: they cannot be opened.
    """
    if not argument.isdecimal() or int(argument) < 1:
        raise InvalidArgument(f"{argument!r} is no number of watchers.")
    going = Watchers()
    orders = json.dumps(asdict(target.address)) + "\n"
    with running("-m", "loadtest.crowd", argument, orders=orders) as program:
        if program.begun != OPEN:
            raise SwathError(f"{argument} streams of changes could not be opened.")
        yield going
    going.said.update(json.loads(program.said))
