from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.protobuf.internal.encoder import _VarintBytes  # type: ignore[attr-defined]
from hypothesis import given
from hypothesis import strategies as st

from swath.errors import Transient
from swath.wire.delimited import read_delimited, varint, write_delimited

messages = st.lists(st.binary(max_size=300), max_size=6)


@given(messages, st.integers(1, 64))
def test_messages_come_back_wherever_the_bytes_are_cut(given: list[bytes], size: int) -> None:
    data = b"".join(write_delimited(given))
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert list(read_delimited(pieces)) == given


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3), st.data())
def test_bytes_that_end_inside_a_message_are_cut_short(
    given: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(write_delimited(given))
    last = len(varint(len(given[-1]))) + len(given[-1])
    cut = data.draw(st.integers(1, last)) if last > 1 else 1
    if cut == last:
        assert list(read_delimited([whole[:-cut]])) == given[:-1]
    else:
        with pytest.raises(Transient, match="cut short"):
            list(read_delimited([whole[:-cut]]))


@given(st.binary(max_size=40))
def test_any_bytes_are_messages_or_damaged(data: bytes) -> None:
    try:
        found = list(read_delimited([data]))
    except Transient:
        return
    assert sum(map(len, found)) <= len(data)


@pytest.mark.parametrize("data", [b"\xff" * 5, b"\xff" * 20, b"\xff\xff\xff\xff\x0f"])
def test_a_length_that_is_none_is_damage(data: bytes) -> None:
    with pytest.raises(Transient, match="damaged"):
        list(read_delimited([data]))


@given(st.integers(0, 2**31 - 1))
def test_lengths_are_written_as_protobuf_writes_them(number: int) -> None:
    assert varint(number) == _VarintBytes(number)


def test_a_message_is_given_before_the_next_piece_is_taken() -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield b"\x01x"

    found = read_delimited(pieces())
    assert (next(found), taken) == (b"x", [0])
