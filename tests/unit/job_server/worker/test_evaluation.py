"""Jobs on a real engine, with the worker's side of the seam played by the test."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

import swath as wf
from engine import Catalog, Engine, EngineConfig
from engine.catalog.add.files import from_files
from engine.plan.admit import Limits
from engine.version import engine_version
from job_server.worker.computation import Content, MissingPiece, Result, parts_of
from job_server.worker.evaluation import Evaluation
from swath.errors import Cancelled, ProductNotFound, SourceChanged, Transient
from swath.grid import Affine, Grid, Shape2d
from swath.job import JobSpec, Stage
from swath.results import assemble
from swath.types import build_graph
from swath.wire.delimited import read_delimited
from swath.wire.job_spec import fill_spec
from swath.wire.stream import read_stream
from swath.worker.v1.worker_pb2 import Assignment
from tests.imagery import fill, write_tiff
from tests.laws.test_one_result import bits

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(2100, 2060))
"""Four tiles."""
MIDDLE = Grid(GRID.crs, GRID.transform, Shape2d(200, 200))
SMALL = Grid(GRID.crs, GRID.transform, Shape2d(40, 30))
HERE = wf.GeoContext.from_grid(GRID).value
THERE = wf.GeoContext.from_grid(SMALL).value


class Stored:
    """An `Exchange` that keeps pieces in memory, as a job server keeps them between attempts."""

    def __init__(self, room: Path, before: Stored | None = None) -> None:
        self.room = room
        self.pieces: dict[str, bytes] = {} if before is None else dict(before.pieces)
        self.pinned: tuple[bytes, str, int] | None = None if before is None else before.pinned
        self.heard: list[Any] = []
        self.damaged: set[str] = set()
        """Pieces whose checksum does not fit any more."""
        self.gives_up_after = 10**9
        """Pieces after which the task is not wanted any more."""

    def is_cancelled(self) -> bool:
        return False

    def stage(self, stage: Stage, steps_done: int | None = None) -> None:
        self.heard.append((stage, steps_done))

    def pin(self, plan: bytes, engine_version: str, steps_total: int) -> None:
        assert self.pinned is None or self.pinned[1] != engine_version
        self.pinned = plan, engine_version, steps_total
        self.pieces.clear()
        self.heard.append("pin")

    def put(self, name: str, content: Content, steps_done: int | None = None) -> None:
        if self.gives_up_after == 0:
            raise Cancelled("It is not wanted any more.")
        self.gives_up_after -= 1
        self.pieces.setdefault(name, b"".join(parts_of(content, 1 << 20)))
        self.heard.append((name.partition("-")[0], steps_done))

    def fetch(self, name: str) -> Iterator[bytes]:
        self.heard.append("fetch")
        data = self.pieces[name]
        yield from (data[at : at + 100_000] for at in range(0, len(data), 100_000))
        if name in self.damaged:
            raise MissingPiece(name)

    def result(self, result: Result) -> bytes:
        """All bytes of a result."""
        if result.data is not None:
            return result.data
        return b"".join(self.pieces[name] for name in result.pieces)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two dates of two bands, in files."""
    rng = np.random.default_rng(5)
    for day in (1, 2):
        values = rng.integers(0, 900, (2, *GRID.shape)).astype("u2")
        write_tiff(tmp_path / f"2020-01-0{day}.tif", values, GRID, nodata=0)
    return tmp_path


@pytest.fixture
def catalog(folder: Path) -> Catalog:
    """The two dates as the product `p`."""
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(p) for p in sorted(folder.glob("*.tif"))]))
    return catalog


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """Scratch disk."""
    (tmp_path / "room").mkdir()
    return tmp_path / "room"


def mosaic() -> Any:
    return wf.ImageCollection.from_id("p").pick_bands("b1").mosaic()


def task(
    expression: Any,
    where: Any = None,
    stored: Stored | None = None,
    encoding: str = "native",
    options: Any = None,
    losses: int = 0,
) -> Assignment:
    """The assignment of a job; `stored` is what earlier attempts left."""
    message = Assignment(attempt=1, memory_losses=losses)
    spec = JobSpec(build_graph(expression), where, {}, encoding, options or {})
    fill_spec(message.spec, spec)
    if stored is not None and stored.pinned is not None:
        message.plan, message.engine_version, _ = stored.pinned
        message.pieces.extend(stored.pieces)
    return message


def value(data: bytes) -> Any:
    """The Python value of a native result."""
    return assemble(read_stream(read_delimited([data])))


def test_a_scalar_is_committed_without_plan_or_piece(room):
    stored = Stored(room)
    result = Evaluation(Catalog.in_memory(), EngineConfig())(task(wf.Int(20) + 22), stored)
    assert value(stored.result(result)) == 42
    assert result.data is not None and not stored.heard


def test_a_large_value_without_pixels_is_a_piece(room):
    stored = Stored(room)
    numbers = wf.range(0, 50_000)
    result = Evaluation(Catalog.in_memory(), EngineConfig())(task(numbers), stored)
    assert value(stored.result(result)) == list(range(50_000))
    assert result.data is None and stored.pinned is None


def test_a_small_image_is_committed_without_plan_or_piece(catalog, room):
    stored = Stored(room)
    result = Evaluation(catalog, EngineConfig())(task(mosaic(), THERE), stored)
    expected = Engine(catalog).inspect(mosaic(), THERE)
    assert bits(value(stored.result(result))) == bits(expected)
    assert result.data is not None and not stored.heard


def test_a_large_image_is_pinned_and_stored_tile_by_tile(catalog, room):
    stored = Stored(room)
    result = Evaluation(catalog, EngineConfig())(task(mosaic(), HERE), stored)
    expected = Engine(catalog).inspect(mosaic(), HERE)
    assert bits(value(stored.result(result))) == bits(expected)
    assert stored.pinned is not None and stored.pinned[1:] == (engine_version(), 4)
    tiles: list[Any] = [("tile", 1), ("tile", 2), ("tile", 3), ("tile", 4)]
    ends = [(Stage.SAVING, 4), ("head", None), ("tail", None)]
    assert stored.heard == ["pin", *tiles, *ends]


def test_a_later_attempt_goes_on_where_the_first_one_ended(catalog, room):
    first = Stored(room)
    first.gives_up_after = 2
    evaluation = Evaluation(catalog, EngineConfig())
    with pytest.raises(Cancelled):
        evaluation(task(mosaic(), HERE), first)
    second = Stored(room, first)
    result = evaluation(task(mosaic(), HERE, first), second)
    assert second.heard[:3] == [(Stage.RUNNING, 2), ("tile", 3), ("tile", 4)]
    expected = Engine(catalog).inspect(mosaic(), HERE)
    assert bits(value(second.result(result))) == bits(expected)


def test_a_later_attempt_does_not_see_what_became_of_the_catalog(catalog, folder, room):
    expected = Engine(catalog).inspect(mosaic(), HERE)
    first = Stored(room)
    first.gives_up_after = 1
    evaluation = Evaluation(catalog, EngineConfig())
    with pytest.raises(Cancelled):
        evaluation(task(mosaic(), HERE), first)
    write_tiff(folder / "2020-01-03.tif", np.ones((2, *GRID.shape), "u2"), GRID, nodata=0)
    fill(catalog, "p", from_files([str(folder / "2020-01-03.tif")]))
    second = Stored(room, first)
    result = evaluation(task(mosaic(), HERE, first), second)
    assert bits(value(second.result(result))) == bits(expected)


def test_a_plan_of_another_engine_is_made_again_and_its_tiles_with_it(catalog, room):
    first = Stored(room)
    first.pinned = b"of long ago", "0.0.1-0", 4
    first.pieces["tile-000000-00000000-0"] = b""
    second = Stored(room, first)
    result = Evaluation(catalog, EngineConfig())(task(mosaic(), HERE, first), second)
    assert second.heard[:2] == ["pin", ("tile", 1)]
    expected = Engine(catalog).inspect(mosaic(), HERE)
    assert bits(value(second.result(result))) == bits(expected)


def test_a_file_that_changed_between_attempts_is_an_error(catalog, folder, room):
    first = Stored(room)
    first.gives_up_after = 1
    with pytest.raises(Cancelled):
        Evaluation(catalog, EngineConfig())(task(mosaic(), HERE), first)
    write_tiff(folder / "2020-01-02.tif", np.ones((2, *GRID.shape), "u2"), GRID, nodata=0)
    with pytest.raises(SourceChanged):
        Evaluation(catalog, EngineConfig())(task(mosaic(), HERE, first), Stored(room, first))


def test_after_losses_of_memory_windows_are_smaller_and_the_result_the_same(catalog, room):
    asked = []

    class Watched(Engine):
        def prepare(self, *what: Any, **how: Any) -> Any:
            asked.append(how["memory_bytes"])
            return super().prepare(*what, **how)

    config = EngineConfig(limits=Limits(memory_bytes=64 << 20))
    evaluation = Evaluation(catalog, config)
    evaluation._engine = Watched(catalog, config)
    stored = Stored(room)
    result = evaluation(task(mosaic(), HERE, losses=1), stored)
    assert asked == [16 << 20]
    expected = Engine(catalog).inspect(mosaic(), HERE)
    assert bits(value(stored.result(result))) == bits(expected)


def test_a_job_that_fits_no_smaller_window_uses_what_there_is(catalog, room):
    config = EngineConfig(limits=Limits(memory_bytes=128 << 20))
    number = wf.ImageCollection.from_id("p").pick_bands("b1").mosaic().median("pixels")
    stored = Stored(room)
    result = Evaluation(catalog, config)(task(number, HERE, losses=3), stored)
    assert value(stored.result(result)) == Engine(catalog).inspect(number, HERE)


def test_a_large_geotiff_is_made_of_tiles_and_stored_in_parts(catalog, room):
    stored = Stored(room)
    options = {"compression": "deflate"}
    result = Evaluation(catalog, EngineConfig())(
        task(mosaic(), HERE, encoding="geotiff", options=options), stored
    )
    assert result.format == "geotiff"
    with rasterio.open(io.BytesIO(stored.result(result))) as image:
        expected = Engine(catalog).inspect(mosaic(), HERE).ndarray
        assert (image.read(masked=True).filled(0) == expected.filled(0)).all()
        assert image.compression.name == "deflate"
    assert (Stage.SAVING, 4) in stored.heard


def test_tiles_of_an_earlier_attempt_are_fetched_for_a_geotiff(catalog, room):
    first = Stored(room)
    first.gives_up_after = 3
    evaluation = Evaluation(catalog, EngineConfig())
    with pytest.raises(Cancelled):
        evaluation(task(mosaic(), HERE, encoding="geotiff"), first)
    second = Stored(room, first)
    result = evaluation(task(mosaic(), HERE, first, encoding="geotiff"), second)
    assert second.heard.count("fetch") == 3
    with rasterio.open(io.BytesIO(second.result(result))) as image:
        expected = Engine(catalog).inspect(mosaic(), HERE).ndarray
        assert (image.read(masked=True).filled(0) == expected.filled(0)).all()


def test_a_stored_tile_that_was_damaged_is_computed_again_for_a_geotiff(catalog, room):
    first = Stored(room)
    first.gives_up_after = 3
    evaluation = Evaluation(catalog, EngineConfig())
    with pytest.raises(Cancelled):
        evaluation(task(mosaic(), HERE, encoding="geotiff"), first)
    second = Stored(room, first)
    second.damaged.add(sorted(first.pieces)[1])
    result = evaluation(task(mosaic(), HERE, first, encoding="geotiff"), second)
    tiles = [(Stage.RUNNING, 3), "fetch", "fetch", ("tile", 3), "fetch", ("tile", 4)]
    assert second.heard[:6] == tiles
    with rasterio.open(io.BytesIO(second.result(result))) as image:
        expected = Engine(catalog).inspect(mosaic(), HERE).ndarray
        assert (image.read(masked=True).filled(0) == expected.filled(0)).all()


def test_a_geotiff_that_finds_no_room_on_scratch_disk_is_a_transient_failure(
    catalog, room, monkeypatch
):
    def fails(*_: Any) -> None:
        raise RuntimeError("IO error writing directory")

    usage = shutil.disk_usage(room)
    has_room = usage._replace(free=usage.total)
    monkeypatch.setattr(
        "shutil.disk_usage",
        lambda path: usage._replace(free=0) if any(room.rglob("plain.tif")) else has_room,
    )
    monkeypatch.setattr("engine.encode.cog.to_cog", fails)
    with pytest.raises(Transient, match="scratch disk"):
        Evaluation(catalog, EngineConfig())(task(mosaic(), HERE, encoding="geotiff"), Stored(room))


def test_small_results_in_other_formats_are_committed_at_once(room):
    stored = Stored(room)
    numbers = task(wf.List([1, 2]), encoding="json")
    result = Evaluation(Catalog.in_memory(), EngineConfig())(numbers, stored)
    assert (result.data, stored.heard) == (b"[1, 2]", [])


def test_a_larger_image_in_another_format_is_stored_as_a_tile_first(catalog, room):
    stored, where = Stored(room), wf.GeoContext.from_grid(MIDDLE)
    result = Evaluation(catalog, EngineConfig())(
        task(mosaic(), where.value, encoding="json"), stored
    )
    expected = Engine(catalog).inspect(mosaic(), where).ndarray
    assert json.loads(stored.result(result))["ndarray"] == expected.tolist()
    assert stored.heard == ["pin", ("tile", 1), (Stage.SAVING, 1), ("part", None)]


def test_an_error_names_the_node_and_the_op(room):
    with pytest.raises(ProductNotFound) as caught:
        Evaluation(Catalog.in_memory(), EngineConfig())(task(mosaic(), HERE), Stored(room))
    assert caught.value.where.node is not None and caught.value.where.op is not None
