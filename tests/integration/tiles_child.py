"""Run as a program: computes a pinned job in pieces, as a worker's child does.

`tiles PLAN FOLDER FIRST STEP SIDE`: writes the pieces of every STEP-th tile from FIRST, backwards.
`geotiff PLAN FOLDER SIDE`: writes a COG of SIDE × SIDE pixels; prints how much memory that took.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import swath as wf
from engine import Catalog, Engine, EngineConfig, Work
from engine.encode.cog import GeoTiffWriter
from engine.encode.native import TileBytes, tile_name
from engine.plan.admit import Limits
from engine.sources.config import SourceConfig
from swath.types import build_graph

CACHE = 32 * 1024 * 1024
BUDGET = 64 * 1024 * 1024
CONFIG = EngineConfig(SourceConfig(cache_bytes=CACHE), Limits(memory_bytes=BUDGET))


def expression() -> Any:
    """A composite with a number from pixels of the whole grid, and a scene among its parts."""
    every = wf.ImageCollection.from_id("p")
    one = wf.Image.from_id("p:2020-01-02")
    return every.median("images").concat_bands((one / one.max()).rename_bands("c", "d"))


def place(side: int) -> Any:
    """A square of that many pixels of 10 m, in another system than the files are in."""
    bounds = (1_641_000, 5_639_000 - 10 * side, 1_641_000 + 10 * side, 5_639_000)
    return wf.GeoContext(bounds=bounds, bounds_crs="EPSG:3857", crs="EPSG:3857", resolution=10.0)


def prepared(plan: bytes, side: int) -> Work:
    """The work of the expression over a pinned catalog."""
    engine = Engine(Catalog.pinned(plan), CONFIG)
    return engine.prepare(build_graph(expression()), place(side).value)


def tiles(plan: bytes, folder: Path, first: int, step: int, side: int) -> None:
    """Write pieces."""
    work = prepared(plan, side)
    for tile in work.tiles[first::step][::-1]:
        piece = TileBytes(work.compute(tile))
        data = b"".join(piece)
        (folder / tile_name(tile.index, piece.checksum)).write_bytes(data)


def geotiff(plan: bytes, folder: Path, side: int) -> dict[str, int]:
    """Write a COG; how much memory that took."""
    work = prepared(plan, side)
    list(work.compute(work.tiles[0]))
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    before = _status("VmRSS")
    with GeoTiffWriter(folder / "image.tif", work.header, {}) as writer:
        for tile in work.tiles:
            writer.write(work.compute(tile))
        writer.finish()
    return {"grown_bytes": _status("VmHWM") - before, "projected_bytes": work.projected_bytes}


def _status(name: str) -> int:
    """Bytes of this process, by a name of proc(5)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    what, plan_path, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    numbers = list(map(int, sys.argv[4:]))
    if what == "tiles":
        tiles(plan_path.read_bytes(), out, *numbers)
    else:
        print(json.dumps(geotiff(plan_path.read_bytes(), out, *numbers)))
