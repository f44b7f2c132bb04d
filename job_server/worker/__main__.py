"""`python -m job_server.worker`: one worker, as `swath serve` starts it."""

from __future__ import annotations

import sys

from job_server.worker.command import worker
from swath.serving.program import run

if __name__ == "__main__":
    sys.exit(run(worker, "worker"))
