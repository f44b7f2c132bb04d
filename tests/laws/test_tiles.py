"""One result: its tiles, put together, are what is streamed, to the bit, in whatever order."""

from __future__ import annotations

import random
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from engine import Engine, Work
from engine.catalog.catalog import Catalog
from engine.encode.native import TileBytes, head_bytes, tail_bytes, tile_name, tiles_crc32
from engine.execute import tiles
from engine.plan import window
from swath.results import assemble
from swath.types import build_graph
from swath.wire.delimited import read_delimited
from swath.wire.stream import read_stream
from tests.laws.test_one_result import CAREFULLY, HERE, IMAGES, REDUCTIONS, bits

ENGINE = Engine()
SEEDS = st.integers(0, 2**16)
MEMORY = st.sampled_from([8 * 2**20, 512 * 2**20])


def shuffled(work: Work, seed: int) -> Any:
    """The result of a work whose tiles come in another order."""
    order = list(work.tiles)
    random.Random(seed).shuffle(order)
    chunks = [chunk for tile in order for chunk in work.compute(tile)]
    return bits(assemble([work.header, *chunks, work.trailer()]))


def stored(work: Work) -> bytes:
    """The native result in pieces, of which the tiles are written in reverse order."""
    tiles = [(tile, TileBytes(work.compute(tile))) for tile in work.tiles[::-1]]
    pieces = [(b"".join(piece), tile_name(tile.index, piece.checksum)) for tile, piece in tiles]
    data, names = [d for d, _ in pieces[::-1]], [n for _, n in pieces[::-1]]
    tail = tail_bytes(work.trailer(), tiles_crc32(names))
    return head_bytes(work.header) + b"".join(data) + tail


def same_in_tiles(expression: Any, seed: int, memory_bytes: int) -> None:
    """Assert that tiles give what is streamed, here and in an engine that has but the pin."""
    graph = build_graph(expression)
    expected = bits(assemble(ENGINE.stream(graph, HERE.value)))
    with mock.patch.object(window, "LARGEST", 64), mock.patch.object(tiles, "TILE", 128):
        work = ENGINE.prepare(graph, HERE.value, memory_bytes=memory_bytes)
        assert shuffled(work, seed) == expected
        assert bits(assemble(work.events())) == expected
        assert bits(assemble(read_stream(read_delimited([stored(work)])))) == expected
        other = Engine(Catalog.pinned(work.pinned())).prepare(graph, HERE.value)
        assert other.tiles == work.tiles
        assert shuffled(other, seed + 1) == expected


@CAREFULLY
@given(IMAGES, SEEDS, MEMORY)
def test_images_are_the_same_in_tiles_as_streamed(expression, seed, memory_bytes):
    same_in_tiles(expression, seed, memory_bytes)


@CAREFULLY
@given(REDUCTIONS, SEEDS, MEMORY)
def test_reductions_are_the_same_in_tiles_as_streamed(expression, seed, memory_bytes):
    same_in_tiles(expression, seed, memory_bytes)
