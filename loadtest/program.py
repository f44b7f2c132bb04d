"""Programs of ours beside the generator: started, given orders, and ended with their block.

Each says a line when it has begun, goes on until its standard input is closed, and may say what it
found before it ends.
"""

from __future__ import annotations

import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from swath.errors import SwathError

BEGIN_S = 120.0
"""For one to say that it has begun."""
END_S = 30.0
"""For one to end when it is told to."""


@dataclass(frozen=True, slots=True)
class Process:
    """One that was started here; it goes with its block."""

    popen: subprocess.Popen[str]
    errors: IO[str]
    """What it says when something is wrong: a file, which takes any amount of it."""

    def last_words(self) -> str:
        """The end of what it said there; it has ended."""
        self.errors.seek(0)
        return self.errors.read()[-2000:]


@contextmanager
def process(*words: str) -> Iterator[Process]:
    """`python WORDS`, with pipes to its input and output; killed at the end of the block."""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,  # Ctrl-C in the terminal is for the generator, which ends it
        ) as popen,
    ):
        try:
            yield Process(popen, errors)
        finally:
            popen.kill()


@dataclass(slots=True)
class Program:
    """One that runs."""

    begun: str
    """What it said when it had begun."""
    said: str = ""
    """What it said after that, once it has ended."""


@contextmanager
def running(*words: str, orders: str = "") -> Iterator[Program]:
    """`python WORDS`, told `orders` on its standard input, while the block runs.

    Raises:
        SwathError: it did not begin, did not end when told to, or failed; with its last words.
    """
    with process(*words) as one:
        popen = one.popen
        assert popen.stdin is not None and popen.stdout is not None
        with suppress(BrokenPipeError):  # why it has ended is asked for below
            popen.stdin.write(orders)
            popen.stdin.flush()
        if not select.select([popen.stdout], [], [], BEGIN_S)[0]:
            popen.kill()
        program = Program(popen.stdout.readline().strip())
        if program.begun:
            yield program
        with suppress(subprocess.TimeoutExpired):
            program.said, _ = popen.communicate(timeout=END_S)
        popen.kill()
        if popen.wait() or not program.begun:
            raise SwathError(f"{' '.join(words)[:80]} failed: {one.last_words()}")
