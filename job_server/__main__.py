"""`python -m job_server`: the job server alone, as `swath serve` starts it."""

from __future__ import annotations

import sys

from job_server.command import jobserver
from swath.errors import SwathError


def main() -> int:
    """Run the command; a problem is one line on standard error."""
    try:
        jobserver.main(prog_name="job_server")
    except SwathError as error:
        sys.stderr.write(f"swath: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
