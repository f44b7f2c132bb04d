"""The memory that a run takes is what its plan projected, and no more than a stated constant.

`tracemalloc` sees every array of numpy, so the pixels, coordinates and caches of the engine; not
the block cache of GDAL, which is bounded by itself. A child's resident memory sees all.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from engine.engine import EngineConfig
from engine.plan.admit import Limits
from engine.sources.config import SourceConfig
from engine.sources.read import Reader
from swath.errors import ResultTooLarge
from swath.grid import Affine, Grid, Shape2d
from swath.types import build_graph
from tests.imagery import catalog_of, write_tiff

MIB = 1024 * 1024
CONSTANT = 5 * MIB
"""What a run takes besides its plan: a chunk on its way, coordinates that are kept."""
CACHE = 256 * MIB
"""Of decoded blocks; all of them are decoded before anything is measured, and not counted."""
BUDGET = 48 * MIB
"""Of one request, in these tests. Most of them would take more if they held all at once."""
SIDE = 512
GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(SIDE, SIDE))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """100 dates of two bands of 768 × 768 in tiles, of which one pixel in ten is no data."""
    folder = tmp_path_factory.mktemp("hundred")
    random = np.random.default_rng(11)
    base = random.integers(1, 4000, (SIDE, SIDE)).astype("u2")
    holes = random.random((SIDE, SIDE)) < 0.1
    tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "nodata": 0}
    for day in range(100):
        for name, plus in (("red", day), ("nir", 3 * day)):
            values = np.where(np.roll(holes, day, 1), 0, base + plus).astype("u2")
            write_tiff(folder / f"{2000 + day}-06-01" / f"{name}.tif", values, GRID, **tiles)
    catalog = catalog_of(folder, "{date:%Y-%m-%d}/{band}.tif", "many")
    config = EngineConfig(SourceConfig(cache_bytes=CACHE), Limits(memory_bytes=BUDGET))
    engine = Engine(catalog, config)
    engine.inspect(many().max(["images", "bands"]).max(), wf.GeoContext.from_grid(GRID))
    yield engine
    assert isinstance(engine.reader, Reader)
    catalog.close()


def many() -> Any:
    """The 100 dates."""
    return wf.ImageCollection.from_id("many")


def ndvi() -> Any:
    """Of each date."""
    red, nir = many().unpack_bands("red nir")
    return (nir - red) / (nir + red)


OWN = wf.GeoContext.from_grid(GRID)
WARPED = wf.GeoContext(
    bounds=(500000, 4994880, 505120, 5000000), bounds_crs="EPSG:32633", crs="EPSG:3857",
    shape=(SIDE, SIDE), resampler="bilinear",
)  # fmt: skip
QUESTIONS = {
    "median": (lambda: ndvi().median("images"), OWN),
    "median, warped": (lambda: many().pick_bands("nir").median("images"), WARPED),
    "mosaic": (lambda: many().mosaic(), OWN),
    "mosaic, warped": (lambda: many().mosaic(), WARPED),
    "deviation": (lambda: ndvi().std("images"), OWN),
    "all dates": (lambda: many().pick_bands("red").head(60) * 0.5, OWN),
    "anomalies": (lambda: ndvi().head(30) - ndvi().mean("images"), OWN),
    "numbers of each": (lambda: ndvi().mean("pixels"), OWN),
    "numbers of each, warped": (lambda: many().std("pixels"), WARPED),
    "median of all": (lambda: many().pick_bands("red").head(8).median(), OWN),
}
"""What is asked, and where."""


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_a_run_takes_no_more_than_its_plan_projects(engine: Engine, question: str) -> None:
    obj, where = QUESTIONS[question]
    graph = build_graph(obj())
    projected = engine.estimate(graph, where.value).projected_bytes
    gc.collect()
    tracemalloc.start()
    try:
        deque(engine.stream(graph, where.value), maxlen=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert projected <= BUDGET
    assert peak <= projected + CONSTANT


@pytest.mark.parametrize("kind", ["mean", "std", "median", "min", "count"])
def test_numbers_are_the_same_however_little_room_there_is(engine: Engine, kind: str) -> None:
    """In little room few images are walked over at a time; in much all of them at once."""
    config = EngineConfig(SourceConfig(cache_bytes=CACHE), Limits(memory_bytes=1024 * MIB))
    roomy = Engine(engine.catalog, config, reader=engine.reader)
    obj = ndvi().head(10 if kind == "median" else 90).reduction(kind, "pixels")
    assert engine.inspect(obj, OWN) == roomy.inspect(obj, OWN)


def test_a_median_whose_samples_cannot_fit_is_refused(engine: Engine) -> None:
    """All samples of a median over pixels are ranked together: 100 × 512² of them."""
    with pytest.raises(ResultTooLarge, match="bytes of pixels at once"):
        engine.inspect(many().pick_bands("red").median(), OWN)


WIDE = 4096


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_a_large_mosaic_streams_in_memory_that_its_size_does_not_matter_to(tmp_path: Path) -> None:
    """Four files of 2048 × 2048 in two bands as 192 MiB of answers, in a process of its own.

    Besides its plan a process holds the cache of blocks, that of GDAL, and a chunk.
    """
    random = np.random.default_rng(3)
    tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "nodata": 0}
    base = random.integers(1, 4000, (2, WIDE // 2, WIDE // 2)).astype("u2")
    for name, (x, y) in {"a": (0, 0), "b": (1, 0), "c": (0, 1), "d": (1, 1)}.items():
        corner = Affine(10.0, 0.0, 5e5 + x * 5 * WIDE, 0.0, -10.0, 5e6 - y * 5 * WIDE)
        grid = Grid("EPSG:32633", corner, Shape2d(WIDE // 2, WIDE // 2))
        write_tiff(tmp_path / f"2020-01-0{x + 2 * y + 1}_{name}.tif", base + x + y, grid, **tiles)
    found = subprocess.run(
        [sys.executable, "-m", "tests.integration.stream_child", str(tmp_path), str(WIDE)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    report = json.loads(found.stdout)
    assert report["result_bytes"] >= 3 * WIDE * WIDE * 4
    assert report["sum"] == pytest.approx(float((base[1] - base[0].astype(np.float64)).sum() * 4))
    assert report["grown_bytes"] <= report["projected_bytes"] + report["cache_bytes"] + 48 * MIB
