"""Kernels: how long building them takes, and what a server then needs to its first answer."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from swath.client.inspect import InspectClient
from tests.bench import ndvi
from tests.bench.figure import Figure
from tests.bench.imagery import Imagery
from tests.bench.rounds import spread
from tests.bench.server import Server, serving, swath

STARTS = 3
COMPILER = "_dispatcher"
"""Part of the name of a library that only a process which has loaded numba maps."""


def build(cache: Path) -> list[Figure]:
    """Row 7, first half: `swath kernels build` with an empty cache folder."""
    began = time.perf_counter()
    finished = subprocess.run(
        swath("kernels", "build"),
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    took_s = time.perf_counter() - began
    lines = len(finished.stderr.splitlines())
    return [
        Figure(
            "swath kernels build into an empty cache",
            f"{took_s:.1f} s, {lines} lines of progress",
            "≤ 60 s",
            took_s <= 60 and lines > 0,
        )
    ]


def start(cache: Path, imagery: Imagery, log: Path) -> list[Figure]:
    """Row 7, second half: from the start of the process to NDVI, with kernels in place."""
    files = _files(cache)
    took_s, compiling = [], 0
    for _ in range(STARTS):
        with serving(imagery.data, log, cache) as server:
            client = InspectClient(server.address)
            ndvi.ndvi().inspect(ndvi.area(0, 0), client=client)
            took_s.append(time.perf_counter() - server.began_s)
            compiling += sum(1 for _ in _compilers(server))
            client.close()
    changed = len(files ^ _files(cache))
    found = spread(took_s)
    return [
        Figure(
            "process start to first answer (NDVI), kernels built",
            f"{found.shown()} s",
            "≤ 2 s",
            found.median <= 2,
        ),
        Figure(
            "processes with a compiler loaded, kernel files changed, after requests",
            f"{compiling}, {changed}",
            "0, 0",
            compiling == changed == 0,
        ),
    ]


def _files(cache: Path) -> set[tuple[str, int]]:
    return {(str(f), f.stat().st_mtime_ns) for f in cache.rglob("*") if f.is_file()}


def _compilers(server: Server) -> Iterator[psutil.Process]:
    """Processes of a server that could compile."""
    for process in server.processes():
        if any(f"numba/{COMPILER}" in m.path for m in process.memory_maps()):
            yield process
