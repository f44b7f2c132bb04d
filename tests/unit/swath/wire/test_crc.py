from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as st

from swath.wire.crc import Checksum, combine, join


@given(st.lists(st.binary(max_size=300), max_size=6))
def test_joined_checksums_are_that_of_all_bytes(parts):
    whole = b"".join(parts)
    expected = Checksum(zlib.crc32(whole), len(whole))
    assert join(Checksum().then(part) for part in parts) == expected
    assert Checksum().then(*parts) == expected


@given(st.binary(max_size=50), st.integers(0, 2_000_000))
def test_a_checksum_of_many_bytes_is_joined(first, zeros):
    second = bytes(zeros)
    expected = zlib.crc32(first + second)
    assert combine(zlib.crc32(first), zlib.crc32(second), zeros) == expected


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**50))
def test_joining_does_not_depend_on_where_it_begins(first, second, size):
    a, b, c = Checksum(first, size), Checksum(second, size // 3), Checksum(first ^ second, 7)
    assert a.joined(b).joined(c) == a.joined(b.joined(c))
