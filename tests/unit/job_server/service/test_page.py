"""Page tokens: where the next page begins, and of which list."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_server.service.page import read_token, write_token
from job_server.store.record import Filter, Place
from swath.errors import InvalidArgument
from swath.job import Stage, Status

KEY = b"k" * 32
PLACE = Place(1_700_000_000_000_000, "0123456789abcdef" * 2)
FILTERS = [
    Filter(stage=Stage.DONE),
    Filter(status=Status.SUCCESS),
    Filter(labels={"a": "b"}),
    Filter(labels={"b": "a"}),
]


@given(st.integers(0, 2**62), st.binary(min_size=16, max_size=16))
def test_a_token_gives_its_place_again(created_us, id_):
    place = Place(created_us, id_.hex())
    token = write_token(place, "alice", Filter(), KEY)
    assert read_token(token, "alice", Filter(), KEY) == place


@pytest.mark.parametrize("only", FILTERS)
def test_a_token_is_of_no_other_list(only):
    token = write_token(PLACE, "alice", Filter(), KEY)
    with pytest.raises(InvalidArgument):
        read_token(token, "alice", only, KEY)


def test_a_token_is_of_no_other_owner():
    token = write_token(PLACE, "alice", Filter(), KEY)
    with pytest.raises(InvalidArgument):
        read_token(token, "bob", Filter(), KEY)


def test_a_token_of_another_server_is_refused():
    token = write_token(PLACE, "alice", Filter(), b"other")
    with pytest.raises(InvalidArgument):
        read_token(token, "alice", Filter(), KEY)


def test_the_order_of_labels_does_not_matter():
    token = write_token(PLACE, "alice", Filter(labels={"a": "1", "b": "2"}), KEY)
    assert read_token(token, "alice", Filter(labels={"b": "2", "a": "1"}), KEY) == PLACE


@given(st.text())
def test_no_text_is_a_token_by_chance(text):
    with pytest.raises(InvalidArgument):
        read_token(text, "alice", Filter(), KEY)


@given(st.integers(0, 39), st.integers(1, 255))
def test_a_token_with_one_byte_changed_is_refused(at, by):
    data = bytearray(base64.urlsafe_b64decode(write_token(PLACE, "alice", Filter(), KEY)))
    data[at] ^= by
    with pytest.raises(InvalidArgument):
        read_token(base64.urlsafe_b64encode(data).decode(), "alice", Filter(), KEY)
