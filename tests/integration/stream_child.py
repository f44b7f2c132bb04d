"""Run as a program: streams a large mosaic and prints how much memory that took.

Arguments: a folder of files of two bands, and the side of the answer in pixels of 10 m.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.files import from_files
from engine.engine import EngineConfig
from engine.plan.admit import Limits
from engine.sources.config import SourceConfig
from swath.stream import Chunk, Event
from swath.types import build_graph
from tests.imagery import fill

CACHE = 32 * 1024 * 1024
BUDGET = 64 * 1024 * 1024


def main(folder: str, side: int) -> dict[str, Any]:
    """What was projected, streamed and taken."""
    catalog = Catalog.in_memory()
    fill(catalog, "wide", from_files([str(p) for p in sorted(Path(folder).glob("*.tif"))]))
    config = EngineConfig(SourceConfig(cache_bytes=CACHE), Limits(memory_bytes=BUDGET))
    engine = Engine(catalog, config)
    first, second = wf.ImageCollection.from_id("wide").mosaic().unpack_bands("b1 b2")
    total = (second - first).rename_bands("x")
    graph = build_graph(total.concat_bands(total * 2).concat_bands(total * 3))
    # Compiles nothing and caches little, but loads what a first question loads.
    _summed(engine.stream(graph, _square(side // 32)))
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    before = _status("VmRSS")
    estimate = engine.estimate(graph, _square(side))
    found = _summed(engine.stream(graph, _square(side)))
    return {
        "sum": found,
        "grown_bytes": _status("VmHWM") - before,
        "projected_bytes": estimate.projected_bytes,
        "result_bytes": estimate.result_bytes,
        "cache_bytes": CACHE,
    }


def _square(side: int) -> Any:
    bounds = (5e5, 5e6 - 10 * side, 5e5 + 10 * side, 5e6)
    return wf.GeoContext(
        bounds=bounds, bounds_crs="EPSG:32633", crs="EPSG:32633", resolution=10.0
    ).value


def _summed(events: Any) -> float:
    """The sum of the first band, of chunks that are dropped one after another."""
    return sum(map(_of_event, events))


def _of_event(event: Event) -> float:
    if not isinstance(event, Chunk) or event.bands[0] != 0:
        return 0.0
    return float(event.values[:, 0].sum(dtype=np.float64))


def _status(name: str) -> int:
    """Bytes of this process, by a name of proc(5): VmRSS now, VmHWM at most.

    Not getrusage: what that calls the most is inherited from the parent process.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
