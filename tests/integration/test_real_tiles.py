"""A result in pieces, over real files: other processes, another order, a pin; and its memory."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.files import from_files
from engine.encode.native import head_bytes, parse_tile_name, tail_bytes, tiles_crc32
from swath.grid import Affine, Grid, Shape2d
from swath.results import assemble
from swath.types import build_graph
from swath.wire.delimited import read_delimited
from swath.wire.stream import read_stream
from tests.imagery import fill, write_tiff
from tests.integration import tiles_child
from tests.integration.tiles_child import CONFIG, expression, place
from tests.laws.test_one_result import bits

MIB = 1024 * 1024
SIDE = 2600
CONSTANT = (8 + 32) * MIB
"""What tiles take besides: a chunk on its way, and coordinates of the last windows that are kept:
eight of at most 512 × 512 pixels. The whole answer has up to 300 MiB."""
GRID = Grid("EPSG:32633", Affine(20.0, 0.0, 480_000, 0.0, -20.0, 4_995_000), Shape2d(900, 900))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three dates of two bands, with holes."""
    folder = tmp_path_factory.mktemp("dates")
    rng = np.random.default_rng(7)
    for day in (1, 2, 3):
        values = rng.integers(0, 60, (2, *GRID.shape)).astype("u2") * (day + 3)
        tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "nodata": 0}
        write_tiff(folder / f"2020-01-0{day}.tif", values, GRID, **tiles)
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(p) for p in sorted(folder.glob("*.tif"))]))
    yield catalog
    catalog.close()


def child(*arguments: object) -> str:
    """What a process of its own prints."""
    command = [sys.executable, "-m", "tests.integration.tiles_child", *map(str, arguments)]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=100, check=True
    )
    return done.stdout


def test_tiles_of_several_processes_are_what_is_streamed(catalog, tmp_path):
    engine, where = Engine(catalog, CONFIG), place(SIDE)
    graph = build_graph(expression())
    expected = assemble(engine.stream(graph, where.value))
    assert expected.ndarray.mask.any() and not expected.ndarray.mask.all()
    work = engine.prepare(graph, where.value)
    plan, pieces = tmp_path / "plan", tmp_path / "pieces"
    plan.write_bytes(work.pinned())
    pieces.mkdir()
    for first in (1, 0):
        child("tiles", plan, pieces, first, 2, SIDE)
    names = sorted(p.name for p in pieces.iterdir())
    assert [(parse_tile_name(n) or (-1,))[0] for n in names] == list(range(len(work.tiles)))
    tail = tail_bytes(work.trailer(), tiles_crc32(names))
    data = (d for d in (head_bytes(work.header), *((pieces / n).read_bytes() for n in names), tail))
    assert bits(assemble(read_stream(read_delimited(data)))) == bits(expected)


QUESTIONS = {
    "composite": lambda: wf.ImageCollection.from_id("p").median("images"),
    "all dates": lambda: wf.ImageCollection.from_id("p") * 0.5,
    "with a number": expression,
}


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_tiles_take_no_more_than_was_projected(catalog, question):
    """For a grid larger than a tile, in little memory; nothing grows from tile to tile."""
    engine = Engine(catalog, CONFIG)
    graph, where = build_graph(QUESTIONS[question]()), place(SIDE)
    engine.inspect(wf.ImageCollection.from_id("p").max(), wf.GeoContext.from_grid(GRID))
    gc.collect()
    tracemalloc.start()
    try:
        work = engine.prepare(graph, where.value, memory_bytes=16 * MIB)
        for tile in work.tiles:
            for _ in work.compute(tile):
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert work.projected_bytes <= 16 * MIB
    assert len(work.tiles) == 4
    assert peak <= work.projected_bytes + CONSTANT


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_a_large_geotiff_is_written_in_memory_that_its_size_does_not_matter_to(catalog, tmp_path):
    """An image of 576 MiB of float32, in a process of its own."""
    side = 6144
    work = Engine(catalog, CONFIG).prepare(build_graph(expression()), place(side).value)
    (tmp_path / "plan").write_bytes(work.pinned())
    report = json.loads(child("geotiff", tmp_path / "plan", tmp_path, side))
    with rasterio.open(tmp_path / "image.tif") as file:
        assert (file.width, file.height, file.count) == (side, side, 4)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    allowed = report["projected_bytes"] + tiles_child.CACHE + 160 * MIB
    assert report["grown_bytes"] <= allowed
