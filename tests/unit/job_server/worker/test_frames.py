"""Frames: what is packed comes back; what makes no sense is refused before it is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job_server.worker.frames import HEAD, MOST_DATA_BYTES, Frame, Kind, pack, sizes, unpack

NAMES = st.sampled_from(["name", "stage", "steps_done", "pieces"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20))


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(Kind), st.binary(), st.dictionaries(NAMES, VALUES))
def test_a_frame_comes_back_as_it_was(kind, data, head):
    packed = pack(kind, data, **head)
    found, said, length = sizes(packed[: HEAD.size])
    body = packed[HEAD.size :]
    assert len(body) == said + length
    assert unpack(found, body[:said], body[said:]) == Frame(kind, head, data)


@pytest.mark.parametrize(
    "head", [HEAD.pack(Kind.PART, 0, MOST_DATA_BYTES + 1), HEAD.pack(99, 0, 0)]
)
def test_a_head_that_makes_no_sense_is_refused(head):
    with pytest.raises(ValueError):
        sizes(head)


@pytest.mark.parametrize("said", [b"[1]", b"{", b"\xff"])
def test_json_that_makes_no_sense_is_refused(said):
    with pytest.raises(ValueError):
        unpack(Kind.STAGE, said, b"")
