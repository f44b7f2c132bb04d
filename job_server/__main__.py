"""`python -m job_server`: the job server alone, as `swath serve` starts it."""

from __future__ import annotations

import sys

from job_server.command import jobserver
from swath.serving.program import run

if __name__ == "__main__":
    sys.exit(run(jobserver, "job_server"))
