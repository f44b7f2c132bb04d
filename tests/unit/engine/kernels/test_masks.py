"""Masks survive packing, and hide what is under them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.stack import Stack
from engine.kernels import masks
from engine.reference.elementwise import DTYPES


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_unpacking_inverts_packing(rows: int, cols: int, seed: int) -> None:
    mask = np.random.default_rng(seed).integers(0, 2, (rows, cols)).astype(np.uint8)
    packed = masks.pack(mask, mask.shape)
    assert len(packed) == -(-mask.size // 8)
    unpacked = masks.unpack(packed, mask.shape)
    assert np.array_equal(mask, unpacked if unpacked is not None else np.zeros_like(mask))


def test_no_mask_packs_to_no_bytes() -> None:
    assert masks.pack(None, (4, 4)) == b""
    assert masks.unpack(b"", (4, 4)) is None


def test_the_first_pixel_is_the_lowest_bit() -> None:
    mask = np.zeros((2, 5), np.uint8)
    mask[0, 0] = mask[1, 4] = 1
    assert masks.pack(mask, (2, 5)) == bytes([1, 2])


@pytest.mark.parametrize("dtype", DTYPES)
def test_values_under_the_mask_become_zero(dtype: str) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(1, 2, (3, 17, 91)).astype(dtype)
    mask = rng.integers(0, 2, values.shape).astype(np.uint8)
    got = masks.zero_under(Stack(values, mask))
    assert got.values.dtype == values.dtype
    assert np.array_equal(got.values, np.where(mask, 0, values))
    assert values.all()


def test_nan_under_the_mask_becomes_zero() -> None:
    stack = Stack(np.full((1, 1, 2), np.nan, np.float32), np.array([[[1, 0]]], np.uint8))
    assert masks.zero_under(stack).values[0, 0, 0] == 0


def test_a_mask_of_nothing_is_dropped() -> None:
    values = np.zeros((1, 2, 2))
    assert masks.without_idle(Stack(values, np.zeros((1, 2, 2), np.uint8))).mask is None
    kept = masks.without_idle(Stack(values, np.eye(2, dtype=np.uint8)[None]))
    assert kept.mask is not None
    assert masks.any_masked(kept.mask)
    assert not masks.all_masked(kept.mask)
