"""`python -m job_server.worker`: what `swath worker` starts, for installs without entry points."""

from __future__ import annotations

import sys

from job_server.worker.command import worker
from swath.errors import SwathError

if __name__ == "__main__":
    try:
        worker(prog_name="swath worker")
    except SwathError as error:
        sys.stderr.write(f"swath: {error}\n")
        sys.exit(1)
