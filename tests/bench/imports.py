"""`import swath` against what it stands on, each in fresh processes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from tests.bench.figure import Figure
from tests.bench.rounds import Times

ROUNDS = 15
TIMED = "import time; began = time.perf_counter(); {}; print(time.perf_counter() - began)"
OURS = "import swath"
THEIRS = (
    "import grpc, numpy, google.protobuf.message;"
    " from google.protobuf import descriptor_pool, runtime_version, symbol_database;"
    " from google.protobuf.internal import builder"
)
"""Of protobuf: what any generated module imports."""
HEAVY = ("numba", "llvmlite", "rasterio", "osgeo", "pyproj", "shapely", "sqlite3", "matplotlib")


def measure() -> list[Figure]:
    """Row 8."""
    ours, theirs = [], []
    _seconds(OURS), _seconds(THEIRS)
    for _ in range(ROUNDS):
        ours.append([_seconds(OURS)])
        theirs.append([_seconds(THEIRS)])
    ratio = Times(np.array(ours)).over(Times(np.array(theirs)))
    asked = f"import swath, sys; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    heavy = _output(asked).strip()
    return [
        Figure(
            "import swath, over importing grpc, protobuf and numpy",
            f"{ratio.shown()}; {np.median(ours) * 1e3:.0f} ms, {np.median(theirs) * 1e3:.0f} ms",
            "≤ 1.4",
            ratio.median <= 1.4,
        ),
        Figure("heavy packages that import swath loads", heavy or "none", "none", not heavy),
    ]


def _seconds(statements: str) -> float:
    return float(_output(TIMED.format(statements)))


def _output(program: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return finished.stdout
