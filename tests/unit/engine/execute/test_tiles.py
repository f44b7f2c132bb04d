from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Catalog, Engine, EngineConfig
from engine.catalog.add.files import from_files
from engine.evaluate.budget import Budget
from engine.plan.admit import Limits
from swath.errors import (
    Cancelled,
    DeadlineExceeded,
    GeoContextRequired,
    ImageNotFound,
    ResultTooLarge,
    SourceChanged,
)
from swath.grid import Affine, Grid, Shape2d, Window
from swath.results import assemble
from swath.stream import Event
from swath.types import build_graph
from tests.imagery import fill, write_tiff
from tests.laws.test_one_result import bits

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(300, 200))
HERE = wf.GeoContext.from_grid(GRID)
LARGE = wf.GeoContext.from_grid(Grid(GRID.crs, GRID.transform, Shape2d(5000, 3000)))
TINY = EngineConfig(limits=Limits(pixels=10, result_bytes=10))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three dates of two bands, in files."""
    rng = np.random.default_rng(5)
    for day in (1, 2, 3):
        values = rng.integers(0, 900, (2, *GRID.shape)).astype("u2")
        write_tiff(tmp_path / f"2020-01-0{day}.tif", values, GRID, nodata=0)
    return tmp_path


@pytest.fixture
def catalog(folder: Path) -> Catalog:
    """The three dates as the product `p`."""
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(p) for p in sorted(folder.glob("*.tif"))]))
    return catalog


def anomaly() -> Any:
    """An image that looks images up in two ways, and needs a number from pixels."""
    every = wf.ImageCollection.from_id("p", limit=2)
    last = wf.Image.from_id("p:2020-01-03")
    return (last - every.mean("images")).pick_bands("b1") / every.pick_bands("b2").max()


def constant(value: float = 1.5) -> wf.Image:
    array = np.full((2, 2), value, "float32")
    return wf.Image.from_array(array, Grid(GRID.crs, GRID.transform, Shape2d(2, 2)))


def test_tiles_cover_each_raster_from_its_origin():
    graph = build_graph([constant(), constant() * 2])
    work = Engine().prepare(graph, LARGE.value)
    first = [tile.window for tile in work.tiles if tile.raster == 0]
    assert first[:2] == [Window(0, 0, 2048, 2048), Window(0, 2048, 2048, 952)]
    assert first[-1] == Window(4096, 2048, 904, 952)
    assert [tile.index for tile in work.tiles] == list(range(12))
    assert work.steps == 12


def test_a_result_without_pixels_is_one_step_and_no_tile(catalog):
    engine = Engine(catalog)
    graph = build_graph(wf.ImageCollection.from_id("p").length())
    work = engine.prepare(graph, HERE.value)
    assert (work.tiles, work.steps, work.header.value) == ((), 1, 3)
    assert assemble(work.events()) == 3


def test_a_number_without_a_place_is_prepared_too():
    work = Engine().prepare(build_graph(wf.Int(1) + 1))
    assert assemble(work.events()) == 2


def test_pixels_without_a_place_are_refused():
    with pytest.raises(GeoContextRequired):
        Engine().prepare(build_graph(constant()))


def test_the_limits_of_inspect_on_area_do_not_hold(catalog):
    engine = Engine(catalog, TINY)
    graph = build_graph(anomaly())
    with pytest.raises(ResultTooLarge):
        assemble(engine.stream(graph, HERE.value))
    expected = bits(assemble(Engine(catalog).stream(graph, HERE.value)))
    assert bits(assemble(engine.prepare(graph, HERE.value).events())) == expected


def test_an_evaluation_over_a_pin_is_the_same_after_the_catalog_has_changed(catalog, folder):
    graph = build_graph(anomaly())
    work = Engine(catalog).prepare(graph, HERE.value)
    expected, data = bits(assemble(work.events())), work.pinned()
    catalog.remove("p", "2020-01-01")
    assert bits(assemble(Engine(catalog).prepare(graph, HERE.value).events())) != expected
    again = Engine(Catalog.pinned(data)).prepare(graph, HERE.value)
    assert bits(assemble(again.events())) == expected
    catalog.remove("p")
    with pytest.raises(ImageNotFound):
        Engine(catalog).prepare(graph, HERE.value)
    assert bits(assemble(Engine(Catalog.pinned(data)).stream(graph, HERE.value))) == expected


def test_a_pin_of_a_pin_gives_the_same(catalog):
    graph = build_graph(anomaly())
    work = Engine(catalog).prepare(graph, HERE.value)
    second = Engine(Catalog.pinned(work.pinned())).prepare(graph, HERE.value)
    third = Engine(Catalog.pinned(second.pinned())).prepare(graph, HERE.value)
    assert bits(assemble(third.events())) == bits(assemble(work.events()))


def test_a_file_that_has_changed_since_is_refused(catalog, folder):
    graph = build_graph(wf.Image.from_id("p:2020-01-02"))
    data = Engine(catalog).prepare(graph, HERE.value).pinned()
    write_tiff(folder / "2020-01-02.tif", np.ones((2, *GRID.shape), "u2"), GRID, nodata=0)
    work = Engine(Catalog.pinned(data)).prepare(graph, HERE.value)
    with pytest.raises(SourceChanged):
        list(work.compute(work.tiles[0]))


@pytest.mark.parametrize("memory_bytes", [2**16, 2**20, 2**24])
def test_windows_are_as_small_as_the_memory_asks_for(catalog, memory_bytes):
    graph = build_graph(wf.ImageCollection.from_id("p").median("images"))
    work = Engine(catalog).prepare(graph, LARGE.value, memory_bytes=memory_bytes)
    assert work.projected_bytes <= memory_bytes
    assert len(work.tiles) == 6


def test_samples_that_cannot_fit_are_refused_with_the_reason(catalog):
    graph = build_graph(wf.ImageCollection.from_id("p").median())
    with pytest.raises(ResultTooLarge, match=r"keeps .* bytes of samples"):
        Engine(catalog).prepare(graph, LARGE.value, memory_bytes=2**20)


def test_a_pixel_that_cannot_fit_is_refused_with_the_reason(catalog):
    graph = build_graph(wf.ImageCollection.from_id("p") * 2.5)
    with pytest.raises(ResultTooLarge, match="smallest window, 1 × 1 pixels"):
        Engine(catalog).prepare(graph, HERE.value, memory_bytes=4)


def test_progress_of_a_stage_is_told_window_by_window(catalog):
    told: list[tuple[int, int]] = []
    graph = build_graph(wf.ImageCollection.from_id("p").max())
    engine = Engine(catalog)
    work = engine.prepare(
        graph, LARGE.value, memory_bytes=5 * 2**20, progress=lambda *now: told.append(now)
    )
    total = told[0][1]
    assert told == [(done, total) for done in range(total + 1)]
    assert total > 100
    assert work.header.value == engine.inspect(wf.ImageCollection.from_id("p").max(), HERE)


def test_a_cancelled_stage_stops_between_blocks(catalog):
    told: list[int] = []
    budget = Budget(is_cancelled=lambda: len(told) >= 2)
    graph = build_graph(wf.ImageCollection.from_id("p").max())
    with pytest.raises(Cancelled):
        Engine(catalog).prepare(
            graph, LARGE.value, budget=budget, progress=lambda done, _: told.append(done)
        )
    assert told == [0, 1]


def test_a_cancelled_tile_stops_between_windows(catalog):
    got: list[Any] = []
    budget = Budget(is_cancelled=lambda: len(got) >= 3)
    graph = build_graph(constant() + 1)
    work = Engine(catalog).prepare(graph, LARGE.value, budget=budget, memory_bytes=2**20)
    with pytest.raises(Cancelled):
        got.extend(work.compute(work.tiles[0]))
    assert len(got) == 3


def test_a_tile_stops_at_the_deadline(catalog):
    ticks = count()
    budget = Budget(200.0, now=lambda: float(next(ticks)))
    work = Engine(catalog).prepare(build_graph(constant() + 1), LARGE.value, budget=budget)
    with pytest.raises(DeadlineExceeded):
        deque((e for _ in range(20) for e in work.events()), maxlen=0)


LOOKED_UP = {
    "groups": lambda: wf.ImageCollection.from_id("p").groupby(dates="day").mosaic(),
    "a filter": lambda: wf.ImageCollection.from_id("p").filter(
        lambda i: i.properties["date"].day > 1
    ),
    "an order": lambda: wf.ImageCollection.from_id("p").sorted(lambda i: -i.mean()).mosaic(),
    "some of a product twice": lambda: (
        wf.ImageCollection.from_id("p", limit=1).mosaic()
        - wf.ImageCollection.from_id("p", start_datetime="2020-01-02").mean("images")
    ),
}


@pytest.mark.parametrize("name", sorted(LOOKED_UP))
def test_what_is_looked_up_is_the_same_in_a_pin(catalog, folder, name):
    graph = build_graph(LOOKED_UP[name]())
    work = Engine(catalog).prepare(graph, HERE.value)
    expected = bits(assemble(work.events()))
    more = write_tiff(folder / "2019-12-31.tif", np.ones((2, *GRID.shape), "u2"), GRID, nodata=0)
    fill(catalog, "p", from_files([str(more)]))
    assert bits(assemble(Engine(catalog).prepare(graph, HERE.value).events())) != expected
    pinned = Engine(Catalog.pinned(work.pinned()))
    assert bits(assemble(pinned.prepare(graph, HERE.value).events())) == expected


def test_tiles_may_be_computed_by_several_threads(catalog):
    graph = build_graph(anomaly())
    engine = Engine(catalog)
    expected = bits(assemble(engine.stream(graph, LARGE.value)))
    work = engine.prepare(graph, LARGE.value)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda tile: list(work.compute(tile)), work.tiles))
    chunks = [chunk for part in parts for chunk in part]
    events: list[Event] = [work.header, *chunks, work.trailer()]
    assert bits(assemble(events)) == expected


def stages_run(engine: Engine, graph: Any, where: Any = HERE) -> tuple[Any, int]:
    """The result in bits, and how many windows its stages walked over."""
    told: list[int] = []
    work = engine.prepare(graph, where.value, progress=lambda done, _: told.append(done))
    return bits(assemble(work.events())), len(told)


def nested() -> Any:
    """Stages that wait for one another, and decide."""
    every = wf.ImageCollection.from_id("p").pick_bands("b1")
    scaled = every / every.max()
    bright = scaled.filter(lambda i: i.mean() > scaled.median())
    return bright.sorted(lambda i: i.std()).mosaic() + bright.value_at(500123.0, 4999321.0)[0]["b1"]


@pytest.mark.parametrize("expression", [anomaly, nested])
def test_stages_are_not_run_again_over_a_pin(catalog, expression):
    graph = build_graph(expression())
    data = Engine(catalog).prepare(graph, HERE.value).pinned()
    expected, walked = stages_run(Engine(catalog), graph)
    assert walked > 0
    assert stages_run(Engine(Catalog.pinned(data)), graph) == (expected, 0)


def test_numbers_of_another_question_are_not_used(catalog):
    graph = build_graph(anomaly())
    data = Engine(catalog).prepare(graph, HERE.value).pinned()
    part = wf.GeoContext.from_grid(Grid(GRID.crs, GRID.transform, Shape2d(50, 60)))
    found = stages_run(Engine(Catalog.pinned(data)), graph, part)
    assert found == stages_run(Engine(catalog), graph, part)
    assert found[1] > 0
