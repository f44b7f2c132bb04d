"""`python -m inspect_server`: the inspect server alone, as `swath serve` starts it."""

from __future__ import annotations

import sys

from inspect_server.command import inspectserver
from swath.serving.program import run

if __name__ == "__main__":
    sys.exit(run(inspectserver, "inspect_server"))
