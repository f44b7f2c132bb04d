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

from swath.errors import SwathError

BEGIN_S = 120.0
"""For one to say that it has begun."""
END_S = 30.0
"""For one to end when it is told to."""


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
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,  # Ctrl-C in the terminal is for the generator, which ends it
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        try:
            with suppress(BrokenPipeError):  # why it has ended is asked for below
                process.stdin.write(orders)
                process.stdin.flush()
            if not select.select([process.stdout], [], [], BEGIN_S)[0]:
                process.kill()
            program = Program(process.stdout.readline().strip())
            if program.begun:
                yield program
            with suppress(subprocess.TimeoutExpired):
                program.said, _ = process.communicate(timeout=END_S)
        finally:
            process.kill()
        if process.wait() or not program.begun:
            errors.seek(0)
            raise SwathError(f"{' '.join(words)[:80]} failed: {errors.read()[-2000:]}")
