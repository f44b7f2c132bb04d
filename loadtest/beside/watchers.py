"""Many streams that follow jobs: those of `loadtest.crowd`, in a process that slows no caller."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from loadtest.crowd import OPEN
from loadtest.target import Target
from swath.errors import InvalidArgument, SwathError

END_S = 30
"""For the process to end."""


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
def watchers(target: Target, argument: str) -> Iterator[Watchers]:
    """Start of `watchers:COUNT`.

    Raises:
        InvalidArgument: no number of streams. SwathError: they cannot be opened.
    """
    if not argument.isdecimal() or int(argument) < 1:
        raise InvalidArgument(f"{argument!r} is no number of watchers.")
    going = Watchers()
    with subprocess.Popen(
        [sys.executable, "-m", "loadtest.crowd", argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,  # Ctrl-C in the terminal is for the generator, which ends it
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(asdict(target.address)) + "\n")
            process.stdin.flush()
            if process.stdout.readline().strip() != OPEN:
                raise SwathError(f"{argument} streams of changes could not be opened.")
            yield going
            process.stdin.close()
            said: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
            going.said.update(said)
            process.wait(END_S)
        finally:
            if process.poll() is None:
                process.kill()
