"""The header reader agrees with GDAL on sound files, and refuses what lies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.config import SourceLimits
from engine.sources.tiff_header import block_ranges, read_tiff_header
from swath.errors import InvalidSource

LIMITS = SourceLimits()


class Memory:
    """Bytes in memory."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @property
    def size(self) -> int:
        return len(self.raw)

    def read(self, offset: int, count: int) -> bytes:
        return self.raw[offset : offset + count]


@pytest.mark.parametrize("options", [
    {},
    {"tiled": True, "blockxsize": 64, "blockysize": 32},
    {"BIGTIFF": "YES"},
    {"ENDIANNESS": "BIG"},
    {"interleave": "pixel", "count": 3},
    {"interleave": "band", "count": 3},
])  # fmt: skip
def test_size_bands_and_blocks_are_those_that_gdal_sees(
    options: dict[str, object], write_tif: Callable[..., Path]
) -> None:
    bands = int(str(options.get("count", 1)))
    path = write_tif(np.ones((bands, 100, 130), np.uint16), compress="deflate", **options)
    header = read_tiff_header(Memory(path.read_bytes()), LIMITS)
    with rasterio.open(path) as dataset:
        assert (header.main.height, header.main.width) == dataset.shape
        assert header.main.samples == dataset.count
        assert (header.main.block_rows, header.main.block_cols) == dataset.block_shapes[0]
    assert header.placement == "affine"


def test_overviews_and_masks_are_told_apart(write_tif: Callable[..., Path]) -> None:
    mask = np.full((200, 300), 255, np.uint8)
    path = write_tif(np.ones((200, 300), np.uint8), mask=mask, overviews=(2, 4))
    header = read_tiff_header(Memory(path.read_bytes()), LIMITS)
    assert [(o.height, o.width) for o in header.overviews] == [(100, 150), (50, 75)]
    assert sorted((m.height, m.width) for m in header.masks) == [(50, 75), (100, 150), (200, 300)]


def test_block_ranges_hold_the_pixels(write_tif: Callable[..., Path]) -> None:
    values = np.arange(64 * 64, dtype="<u2").reshape(64, 64)
    path = write_tif(values, tiled=True, blockxsize=32, blockysize=32)
    source = Memory(path.read_bytes())
    header = read_tiff_header(source, LIMITS)
    ((start, count),) = block_ranges(source, header.order, header.main, [(0, 1, 0)])
    block = np.frombuffer(source.read(start, count), "<u2").reshape(32, 32)
    np.testing.assert_array_equal(block, values[32:, :32])


def test_a_compressed_block_over_the_limit_is_refused_with_the_way_out(
    write_tif: Callable[..., Path],
) -> None:
    path = write_tif(np.zeros((600, 600), np.uint8), compress="deflate", BLOCKYSIZE=600)
    with pytest.raises(InvalidSource, match="Re-tile it"):
        read_tiff_header(Memory(path.read_bytes()), SourceLimits(block_bytes=300_000))


def test_an_uncompressed_strip_is_no_block_since_any_part_of_it_can_be_read(
    write_tif: Callable[..., Path],
) -> None:
    path = write_tif(np.zeros((600, 600), np.uint8), BLOCKYSIZE=600)
    read_tiff_header(Memory(path.read_bytes()), SourceLimits(block_bytes=300_000))


def test_more_directories_than_allowed_are_refused(write_tif: Callable[..., Path]) -> None:
    path = write_tif(np.zeros((256, 256), np.uint8), overviews=(2, 4, 8))
    with pytest.raises(InvalidSource, match="more than 3 directories"):
        read_tiff_header(Memory(path.read_bytes()), SourceLimits(directories=3))


def test_a_directory_that_links_back_is_a_loop(write_tif: Callable[..., Path]) -> None:
    raw = bytearray(write_tif(np.zeros((8, 8), np.uint8)).read_bytes())
    first = int.from_bytes(raw[4:8], "little")
    count = int.from_bytes(raw[first : first + 2], "little")
    link = first + 2 + 12 * count
    raw[link : link + 4] = first.to_bytes(4, "little")
    with pytest.raises(InvalidSource, match="loop"):
        read_tiff_header(Memory(bytes(raw)), LIMITS)


@pytest.mark.parametrize("end", range(0, 200, 7))
def test_a_cut_header_is_refused(end: int, write_tif: Callable[..., Path]) -> None:
    raw = write_tif(np.zeros((64, 64), np.uint8), tiled=True, blockxsize=16, blockysize=16)
    with pytest.raises(InvalidSource):
        read_tiff_header(Memory(raw.read_bytes()[:end]), LIMITS)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]))
def test_random_bytes_give_a_header_or_invalid_source(raw: bytes, magic: bytes) -> None:
    try:
        read_tiff_header(Memory(magic + raw), LIMITS)
    except InvalidSource:
        return
