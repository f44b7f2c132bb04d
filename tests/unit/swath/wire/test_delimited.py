from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swath.errors import InternalError, Transient
from swath.wire.delimited import MOST_MESSAGE_BYTES, read_delimited, write_delimited

MESSAGES = st.lists(st.binary(max_size=300) | st.just(b"x" * 20_000), max_size=8)


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The bytes in pieces of these sizes, over and over."""
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)] if sizes else len(data)
        yield data[at : at + size]
        at, turn = at + size, turn + 1


@given(MESSAGES, st.lists(st.integers(1, 500), max_size=5))
def test_messages_come_back_however_the_bytes_are_cut(messages, sizes):
    data = b"".join(write_delimited(messages))
    assert list(read_delimited(cut(data, sizes))) == messages


@given(MESSAGES.filter(lambda m: len(m) > 0), st.data())
def test_a_run_that_ends_within_a_message_was_cut_short(messages, data):
    whole = b"".join(write_delimited(messages))
    ends = [len(b"".join(write_delimited(messages[:n]))) for n in range(len(messages) + 1)]
    at = data.draw(st.integers(0, len(whole) - 1).filter(lambda n: n not in ends))
    with pytest.raises(Transient):
        list(read_delimited([whole[:at]]))


def test_an_absurd_length_is_refused_before_its_bytes_come():
    taken: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b"\xff\xff\xff\xff\x0f"
        taken.append(1)
        yield b"never"

    with pytest.raises(InternalError, match="breaks the contract"):
        list(read_delimited(pieces()))
    assert not taken


@pytest.mark.parametrize("data", [b"\x80" * 5, b"\xff" * 12])
def test_a_length_that_does_not_end_is_refused(data):
    with pytest.raises(InternalError, match="varint"):
        list(read_delimited([data]))


def test_a_message_over_the_limit_is_refused():
    data = b"".join(write_delimited([b"12345678"]))
    assert list(read_delimited([data], 8)) == [b"12345678"]
    with pytest.raises(InternalError):
        list(read_delimited([data], 7))
    assert MOST_MESSAGE_BYTES > 2 * 2**20


def test_lengths_are_varints_as_protobuf_writes_them():
    assert b"".join(write_delimited([b"x" * 300]))[:2] == b"\xac\x02"
    assert b"".join(write_delimited([b""])) == b"\x00"


def test_a_message_is_given_before_the_next_piece_is_taken():
    def pieces() -> Iterator[bytes]:
        yield b"\x01a\x01"
        raise AssertionError("taken too early")

    assert next(read_delimited(pieces())) == b"a"
