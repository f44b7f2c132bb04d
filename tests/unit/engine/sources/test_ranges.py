"""Laws of byte ranges."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sources.ranges import Range, missing, union

RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda p: (p[0], p[0] + p[1])),
    max_size=12,
)


def members(ranges: list[Range]) -> set[int]:
    return {i for start, end in ranges for i in range(start, end)}


@settings(max_examples=200, deadline=None)
@given(RANGES)
def test_a_union_has_the_same_bytes_in_order_and_apart(ranges: list[Range]) -> None:
    merged = union(ranges)
    assert members(merged) == members(ranges)
    assert all(a[1] < b[0] for a, b in pairwise(merged))


@settings(max_examples=200, deadline=None)
@given(RANGES, st.integers(0, 20))
def test_a_union_with_gaps_holds_all_bytes_and_is_no_longer(ranges: list[Range], gap: int) -> None:
    merged = union(ranges, gap)
    assert members(merged) >= members(ranges)
    assert len(merged) <= len(union(ranges))


@settings(max_examples=200, deadline=None)
@given(RANGES, RANGES)
def test_missing_is_the_difference(wanted: list[Range], have: list[Range]) -> None:
    assert members(missing(wanted, union(have))) == members(wanted) - members(have)
