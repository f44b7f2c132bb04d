from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import swath as wf
from engine import Engine
from engine.encode.cog import GeoTiffWriter
from swath.errors import InternalError, InvalidArgument, UnsupportedFormat
from swath.grid import Affine, Grid, Shape2d
from swath.results import assemble
from swath.stream import Chunk, Header
from swath.types import build_graph

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(600, 530))
HERE = wf.GeoContext.from_grid(GRID)
ENGINE = Engine()


def image(dtype: str, mask: str, bands: int = 2, seed: int = 0) -> wf.Image:
    """Bands of one dtype whose masks are `none`, the `same`, or `different`."""
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 200, (bands, *GRID.shape)).astype(dtype)
    holes = rng.random(values.shape) < 0.2
    if mask == "same":
        holes[:] = holes[0]
    if mask != "none":
        values[holes] = 0
    return wf.Image.from_array(values, GRID, 0)


def content(path: Path) -> dict[Any, Any]:
    """All that a COG says, but not how its bytes are laid out."""
    with rasterio.open(path) as file:
        found: dict[Any, Any] = {
            "profile": dict(file.profile) | {"nodata": str(file.nodata)},
            "tags": file.tags(),
            "names": file.descriptions,
            "flags": file.mask_flag_enums,
            "overviews": file.overviews(1),
            "layout": file.tags(ns="IMAGE_STRUCTURE"),
        }
    for level in [None, *range(len(found["overviews"]))]:
        options = {} if level is None else {"overview_level": level}
        with rasterio.open(path, **options) as file:
            found["pixels", level] = file.read().tobytes()
            found["masks", level] = file.read_masks().tobytes()
    return found


def by_inspect(graph: Any, path: Path, options: dict[str, Any]) -> None:
    path.write_bytes(assemble(ENGINE.stream(graph, HERE.value, {}, "geotiff", options)))


def by_tiles(graph: Any, path: Path, options: dict[str, Any], seed: int = 0) -> None:
    work = ENGINE.prepare(graph, HERE.value, memory_bytes=4 * 2**20)
    chunks = [chunk for tile in work.tiles for chunk in work.compute(tile)]
    random.Random(seed).shuffle(chunks)
    with GeoTiffWriter(path, work.header, options) as writer:
        writer.write(chunks)
        writer.finish()


DTYPES = st.sampled_from(["uint8", "int16", "uint16", "int32", "float32", "float64"])
MASKS = st.sampled_from(["none", "same", "different"])
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "compression": st.sampled_from(["lzw", "none", "deflate", "zstd"]),
        "overviews": st.booleans(),
        "overview_resampler": st.sampled_from(["nearest", "average", "mode"]),
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DTYPES, MASKS, st.integers(1, 2), DTYPES | st.none(), OPTIONS, st.integers(0, 99))
def test_the_file_is_the_one_of_inspect_in_all_but_its_bytes(
    dtype, mask, bands, other, options, seed
):
    made = image(dtype, mask, bands, seed)
    if other is not None:
        made = made.concat_bands(image(other, mask, 1, seed).rename_bands("other"))
    graph = build_graph(made)
    with TemporaryDirectory() as folder:
        first, second = Path(folder) / "a.tif", Path(folder) / "b.tif"
        by_inspect(graph, first, options)
        by_tiles(graph, second, options, seed)
        assert content(second) == content(first)


def test_flags_become_bytes(tmp_path):
    graph = build_graph(image("uint8", "same") > 100)
    by_inspect(graph, tmp_path / "a.tif", {})
    by_tiles(graph, tmp_path / "b.tif", {})
    assert content(tmp_path / "b.tif") == content(tmp_path / "a.tif")


def test_jpeg_of_bytes_is_the_same_too(tmp_path):
    graph = build_graph(image("uint8", "none", 3))
    by_inspect(graph, tmp_path / "a.tif", {"compression": "jpeg"})
    by_tiles(graph, tmp_path / "b.tif", {"compression": "jpeg"})
    assert content(tmp_path / "b.tif") == content(tmp_path / "a.tif")


def test_jpeg_of_other_pixels_is_refused_before_anything_is_written(tmp_path):
    work = ENGINE.prepare(build_graph(image("int16", "none")), HERE.value)
    with pytest.raises(UnsupportedFormat, match="uint8"):
        GeoTiffWriter(tmp_path / "a.tif", work.header, {"compression": "jpeg"})
    assert not list(tmp_path.iterdir())


def test_jpeg_of_bytes_that_have_to_become_floats_is_refused_at_the_end(tmp_path):
    graph = build_graph(image("uint8", "different"))
    with pytest.raises(UnsupportedFormat, match="float32"):
        by_tiles(graph, tmp_path / "a.tif", {"compression": "jpeg"})


def test_an_unknown_option_is_refused(tmp_path):
    work = ENGINE.prepare(build_graph(image("uint8", "none")), HERE.value)
    with pytest.raises(InvalidArgument, match="colour"):
        GeoTiffWriter(tmp_path / "a.tif", work.header, {"colour": "red"})


def test_a_collection_is_refused(tmp_path):
    graph = build_graph(wf.ImageCollection([image("uint8", "none")]))
    work = ENGINE.prepare(graph, HERE.value)
    with pytest.raises(UnsupportedFormat, match="ImageCollection"):
        GeoTiffWriter(tmp_path / "a.tif", work.header, {})


@pytest.fixture
def pieces() -> tuple[Header, list[Chunk]]:
    work = ENGINE.prepare(build_graph(image("uint16", "same")), HERE.value, memory_bytes=2**22)
    return work.header, [c for tile in work.tiles for c in work.compute(tile)]


@pytest.mark.parametrize("change", ["missing", "twice"])
def test_chunks_that_do_not_cover_the_image_once_are_refused(tmp_path, pieces, change):
    header, chunks = pieces
    given_ = chunks[1:] if change == "missing" else [*chunks, chunks[0]]
    with GeoTiffWriter(tmp_path / "a.tif", header, {}) as writer:
        writer.write(given_)
        with pytest.raises(InternalError, match="cover"):
            writer.finish()
    assert not list(tmp_path.iterdir())


def test_a_writer_that_is_left_removes_what_it_wrote(tmp_path, pieces):
    header, chunks = pieces
    with GeoTiffWriter(tmp_path / "a.tif", header, {}) as writer:
        writer.write(chunks[:1])
    assert not list(tmp_path.iterdir())


def test_only_the_file_stays(tmp_path, pieces):
    header, chunks = pieces
    with GeoTiffWriter(tmp_path / "a.tif", header, {}) as writer:
        writer.write(chunks)
        writer.finish()
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]
