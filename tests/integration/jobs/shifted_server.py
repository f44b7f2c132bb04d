"""A job server on a machine whose wall clock is wrong by what a file says: a program."""

from __future__ import annotations

import os
import time
from pathlib import Path

FILE = "clock_shift_s"
"""Variable with the path of the file: seconds that the wall clock is ahead; less than 0: behind."""


def main() -> None:
    """Set the wall clock of this process, then run the job server.

    `time.time` stays: gRPC subtracts it from times that it took from the real clock.
    """
    file, right_ns = Path(os.environ[FILE]), time.time_ns
    time.time_ns = lambda: right_ns() + int(float(file.read_text()) * 1e9)
    from job_server.command import jobserver

    jobserver()


if __name__ == "__main__":
    main()
