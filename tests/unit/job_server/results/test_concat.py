"""Checksums of concatenations, and downloads that notice a flipped bit."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_server.results.concat import Joined, total_of
from job_server.results.folder import Folder
from job_server.results.key import key_of
from job_server.results.memory import MemoryResults
from job_server.results.store import ResultStore
from job_server.store.record import Manifest, Piece
from swath.errors import InvalidArgument, ResultNotAvailable
from swath.wire.crc import combine

JOB = "a" * 32


@given(st.binary(), st.binary())
def test_checksums_combine_to_that_of_the_concatenation(a: bytes, b: bytes) -> None:
    assert combine(zlib.crc32(a), zlib.crc32(b), len(b)) == zlib.crc32(a + b)


@given(st.binary(), st.integers(0, 3_000_000))
def test_checksums_combine_also_where_the_second_is_long(a: bytes, length: int) -> None:
    zeros = bytes(length)
    assert combine(zlib.crc32(a), zlib.crc32(zeros), length) == zlib.crc32(zeros, zlib.crc32(a))


@given(*[st.binary(min_size=1)] * 3)
def test_it_does_not_matter_in_which_order_checksums_are_combined(
    a: bytes, b: bytes, c: bytes
) -> None:
    x, y, z = map(zlib.crc32, (a, b, c))
    left = combine(combine(x, y, len(b)), z, len(c))
    assert left == combine(x, combine(y, z, len(c)), len(b) + len(c))


def test_a_concatenation_over_four_gibibytes_has_a_checksum() -> None:
    gibibyte, crc = bytes(1 << 20), 0
    for _ in range(1024):
        crc = zlib.crc32(gibibyte, crc)
    doubled = combine(crc, crc, 1 << 30)
    eight = combine(doubled, combine(doubled, doubled, 2 << 30), 4 << 30)
    assert combine(eight, zlib.crc32(b"x"), 1) == zlib.crc32(b"x", eight)
    assert combine(doubled, eight, 6 << 30) == combine(eight, doubled, 2 << 30)


@given(st.lists(st.binary(max_size=50)))
def test_pieces_have_the_size_and_checksum_of_all_their_bytes(parts: list[bytes]) -> None:
    pieces = [Piece(str(i), "", len(p), zlib.crc32(p)) for i, p in enumerate(parts)]
    total = total_of(pieces)
    assert (total.size_bytes, total.crc32) == (len(b"".join(parts)), zlib.crc32(b"".join(parts)))


def result(store: ResultStore, *parts: bytes) -> Manifest:
    """A stored result."""
    pieces = []
    for number, data in enumerate(parts):
        key = key_of(JOB, f"tile-{number}", 1, zlib.crc32(data))
        stored = store.write(key, [data])
        pieces.append(Piece(f"tile-{number}", key, stored.size_bytes, stored.crc32))
    total = total_of(pieces)
    return Manifest("native", total.size_bytes, total.crc32, pieces=tuple(pieces))


@pytest.mark.parametrize("bit", range(0, 40 * 8, 37))
def test_a_flipped_bit_ends_the_download_before_its_piece_is_complete(
    tmp_path: Path, bit: int
) -> None:
    manifest = result(Folder(tmp_path), b"x" * 10, b"y" * 40)
    path = tmp_path / JOB[:2] / manifest.pieces[1].key
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    parts = Joined(Folder(tmp_path), manifest).parts(most_bytes=16)
    assert [len(next(parts)) for _ in range(3)] == [10, 16, 16]
    with pytest.raises(ResultNotAvailable, match="damaged"):
        next(parts)


def test_a_piece_that_lost_its_end_is_noticed_from_any_offset(tmp_path: Path) -> None:
    manifest = result(Folder(tmp_path), b"y" * 40)
    path = tmp_path / JOB[:2] / manifest.pieces[0].key
    path.write_bytes(b"y" * 39)
    with pytest.raises(ResultNotAvailable, match="damaged"):
        list(Joined(Folder(tmp_path), manifest).parts(5))


def test_data_in_the_manifest_is_read_from_any_offset() -> None:
    manifest = Manifest("native", 6, zlib.crc32(b"abcdef"), data=b"abcdef")
    assert list(Joined(MemoryResults(), manifest).parts(1, 2)) == [b"bc", b"de", b"f"]


def test_data_in_the_manifest_that_changed_is_noticed() -> None:
    manifest = Manifest("native", 6, zlib.crc32(b"abcdef"), data=b"abcdeg")
    with pytest.raises(ResultNotAvailable, match="damaged"):
        list(Joined(MemoryResults(), manifest).parts())


@pytest.mark.parametrize("offset", [-1, 7])
def test_an_offset_outside_of_the_result_is_refused_at_once(offset: int) -> None:
    manifest = Manifest("native", 6, zlib.crc32(b"abcdef"), data=b"abcdef")
    with pytest.raises(InvalidArgument, match="6 bytes"):
        Joined(MemoryResults(), manifest).parts(offset)


def test_a_result_that_is_read_to_its_end_has_nothing_more() -> None:
    store = MemoryResults()
    assert list(Joined(store, result(store, b"abc", b"def")).parts(6)) == []
