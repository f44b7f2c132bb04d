from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import swath as wf
from engine import Engine, Work
from engine.encode.native import (
    TileBytes,
    head_bytes,
    parse_tile_name,
    tail_bytes,
    tile_chunks,
    tile_name,
    tiles_crc32,
)
from swath.errors import InternalError, Transient
from swath.grid import Affine, Grid, Shape2d
from swath.results import assemble
from swath.types import build_graph
from swath.wire.crc import Checksum
from swath.wire.delimited import read_delimited
from swath.wire.stream import read_stream, write_stream
from tests.laws.test_one_result import bits

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(2100, 300))
HERE = wf.GeoContext.from_grid(GRID)
ENGINE = Engine()


def graph() -> wf.Graph:
    """A collection of two dtypes, partly masked, and a number."""
    rng = np.random.default_rng(1)
    image = wf.Image.from_array(rng.integers(0, 9, (2, *GRID.shape)).astype("u2"), GRID, 0)
    first, second = image.unpack_bands("band_1 band_2")
    return build_graph([first.concat_bands(second * 0.5), first > 4, image.max()])


def pieces(work: Work) -> dict[str, bytes]:
    """The piece of each tile by its name, in order."""
    found = {}
    for tile in work.tiles:
        piece = TileBytes(work.compute(tile))
        data = b"".join(piece)
        found[tile_name(tile.index, piece.checksum)] = data
    return found


@pytest.fixture(scope="module")
def work() -> Work:
    return ENGINE.prepare(graph(), HERE.value)


@pytest.fixture(scope="module")
def tiles(work: Work) -> dict[str, bytes]:
    return pieces(work)


def whole(work: Work, tiles: dict[str, bytes]) -> bytes:
    tail = tail_bytes(work.trailer(), tiles_crc32(list(tiles)))
    return head_bytes(work.header) + b"".join(tiles.values()) + tail


def test_the_pieces_in_order_are_a_stored_result(work, tiles):
    assert len(tiles) == 4
    found = assemble(read_stream(read_delimited([whole(work, tiles)])))
    expected = assemble(read_stream(write_stream(ENGINE.stream(graph(), HERE.value))))
    assert [bits(f) for f in found] == [bits(e) for e in expected]


def test_messages_keep_to_the_size_of_the_contract(work, tiles):
    messages = list(read_delimited([whole(work, tiles)]))
    assert max(map(len, messages)) <= 2 * 2**20


def test_a_piece_gives_its_chunks_again(work, tiles):
    data = list(tiles.values())
    chunks = [chunk for tile in data for chunk in tile_chunks([tile[:1000], tile[1000:]])]
    found = assemble([work.header, *chunks, work.trailer()])
    assert [bits(f) for f in found] == [bits(e) for e in assemble(work.events())]


def test_a_swapped_or_missing_tile_does_not_fit_the_checksum(work, tiles):
    names = list(tiles)
    swapped = {name: tiles[name] for name in [names[1], names[0], *names[2:]]}
    tail = tail_bytes(work.trailer(), tiles_crc32(names))
    for some in (swapped, {name: tiles[name] for name in names[1:]}):
        data = head_bytes(work.header) + b"".join(some.values()) + tail
        with pytest.raises(Transient, match="checksum"):
            list(read_stream(read_delimited([data])))


def test_a_result_without_pixels_is_a_head_and_a_tail():
    work = ENGINE.prepare(build_graph(wf.Int(2) + 3))
    data = head_bytes(work.header) + tail_bytes(work.trailer(), tiles_crc32([]))
    assert assemble(read_stream(read_delimited([data]))) == 5


def test_a_tile_computed_again_is_the_same_piece(work, tiles):
    assert pieces(work) == tiles


@given(st.integers(0, 10**9), st.integers(0, 2**32 - 1), st.integers(0, 2**60))
def test_names_of_tiles_hold_position_and_checksum(index, crc32, size):
    name = tile_name(index, Checksum(crc32, size))
    assert len(name) <= 64
    assert parse_tile_name(name) == (index, Checksum(crc32, size))


@pytest.mark.parametrize("name", ["head", "tail", "tile-1", "tile-1-xx-1", "image.tif"])
def test_other_names_are_those_of_no_tile(name):
    assert parse_tile_name(name) is None
    with pytest.raises(InternalError):
        tiles_crc32([name])


def test_a_head_is_no_piece_of_a_tile(work):
    with pytest.raises(InternalError):
        list(tile_chunks([head_bytes(work.header)]))
