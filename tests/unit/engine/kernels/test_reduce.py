"""Reductions on the block machine give the bits of the reference, streamed or at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.stack import Stack
from engine.kernels import reduce as fast
from engine.reference import reduce as slow
from engine.reference.elementwise import DTYPES
from swath.errors import InternalError
from tests.unit.engine.kernels.programs import SHAPES, mask, plane, same_stack

KINDS = tuple(slow.REDUCTIONS)
SEEDS = st.integers(0, 2**32 - 1)


def stacks_of(dtype: str, bands: int, images: int, seed: int) -> list[Stack]:
    rng = np.random.default_rng(seed)
    shape = (images, *SHAPES[rng.integers(len(SHAPES))])
    return [Stack(plane(dtype, shape, rng), mask(shape, rng)) for _ in range(bands)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DTYPES), st.integers(1, 3), st.integers(1, 9), SEEDS)
def test_a_stack_reduces_to_the_bits_of_the_reference(
    kind: str, dtype: str, bands: int, images: int, seed: int
) -> None:
    stacks = stacks_of(dtype, bands, images, seed)
    assert same_stack(fast.over_stack(kind, stacks), slow.over_stack(kind, stacks))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(st.sampled_from(DTYPES), st.integers(1, 5), st.integers(1, 3), SEEDS)
def test_bands_reduce_to_the_bits_of_the_reference(
    kind: str, dtype: str, bands: int, images: int, seed: int
) -> None:
    stacks = stacks_of(dtype, bands, images, seed)
    assert same_stack(fast.over_bands(kind, stacks), slow.over_bands(kind, stacks))


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "median"])
@settings(max_examples=30, deadline=None)
@given(st.sampled_from(DTYPES), st.integers(1, 2), st.integers(2, 6), st.integers(1, 5), SEEDS)
def test_images_that_come_one_by_one_give_the_bits_of_the_stack(
    kind: str, dtype: str, bands: int, images: int, cut: int, seed: int
) -> None:
    stacks = stacks_of(dtype, bands, images, seed)
    accumulator = fast.begin(kind, np.dtype(dtype), stacks[0].values.shape[1:])
    for part in (slice(0, cut), slice(cut, None)):
        chunk = [Stack(s.values[part], None if s.mask is None else s.mask[part]) for s in stacks]
        if chunk[0].count:
            accumulator.feed(chunk)
    assert same_stack(accumulator.finish(), fast.over_stack(kind, stacks))


@pytest.mark.parametrize("kind", KINDS)
def test_more_planes_than_one_tape_holds_give_the_bits_of_the_reference(kind: str) -> None:
    stacks = stacks_of("float32", 2, 70, 5)
    assert same_stack(fast.over_stack(kind, stacks), slow.over_stack(kind, stacks))


def test_a_median_beyond_the_network_gives_the_bits_of_the_reference() -> None:
    rng = np.random.default_rng(0)
    shape = (fast.NETWORK + 1, 3, 5)
    stack = Stack(plane("int16", shape, rng), (rng.random(shape) < 0.3).astype(np.uint8))
    assert same_stack(fast.over_stack("median", [stack]), slow.over_stack("median", [stack]))


@pytest.mark.parametrize("images", range(1, 34))
def test_the_median_is_that_of_numpy_for_any_number_of_samples(images: int) -> None:
    rng = np.random.default_rng(images)
    values = rng.normal(size=(images, 20, 30)).astype(np.float32)
    hidden = rng.random(values.shape) < 0.4
    hidden[0] &= hidden.any(axis=0) & ~hidden.all(axis=0)
    got = fast.over_stack("median", [Stack(values, hidden.astype(np.uint8))])
    with np.errstate(all="ignore"):
        wanted = np.ma.median(np.ma.array(values.astype(np.float64), mask=hidden), axis=0)
    assert got.mask is not None
    assert np.array_equal(got.mask[0] != 0, np.ma.getmaskarray(wanted))
    assert np.array_equal(got.values[0], wanted.filled(0).astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_a_reduction_over_nothing_is_masked_and_its_count_is_zero(kind: str) -> None:
    stack = Stack(np.ones((3, 2, 2), np.float32), np.ones((3, 2, 2), np.uint8))
    got = fast.over_stack(kind, [stack])
    assert not got.values.any()
    assert got.mask is None if kind == "count" else got.mask is not None and got.mask.all()


def test_the_first_of_two_zeros_wins() -> None:
    stack = Stack(np.array([-0.0, 0.0]).reshape(2, 1, 1), None)
    for kind in ("min", "max"):
        assert np.signbit(fast.over_stack(kind, [stack]).values).all()


def test_the_median_cannot_be_streamed() -> None:
    with pytest.raises(InternalError):
        fast.begin("median", np.dtype(np.float32), (2, 2))


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(InternalError):
        fast.over_stack("mode", [Stack(np.zeros((1, 1, 1)), None)])
