"""Signatures, and how a kernel finds the version that fits its arguments."""

from __future__ import annotations

import numpy as np
import pytest

from engine.kernels import jit, library
from engine.kernels.pool import pool_count


def test_a_signature_says_scalars_pointers_and_arrays() -> None:
    signature = jit.parse_signature("float64(uint8[:, ::1], int64, float32*)")
    assert signature.result == "float64"
    assert [(a.dtype, a.kind, a.ndim) for a in signature.arguments] == [
        ("uint8", "array", 2),
        ("int64", "scalar", 0),
        ("float32", "pointer", 0),
    ]


@pytest.mark.parametrize("text", ["void", "void(", "int(int64)", "void(str)", "void(int64[:, :])"])
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a kernel"):
        jit.parse_signature(text)


def test_a_kernel_refuses_arrays_of_other_dtypes() -> None:
    wrong = np.zeros((2, 2), np.float32)
    with pytest.raises(TypeError, match="no version"):
        pool_count(wrong, wrong, wrong, wrong)


def test_a_kernel_refuses_arrays_with_gaps() -> None:
    values, mask = np.zeros((4, 4))[:, ::2], np.zeros((4, 2), np.uint8)
    with pytest.raises(AssertionError, match="C-contiguous"):
        pool_count(values, mask, np.zeros(256), np.zeros((1, 3)))


def test_a_compiled_kernel_does_what_its_source_says() -> None:
    rng = np.random.default_rng(0)
    values, mask = rng.normal(size=(5, 7)), rng.integers(0, 2, (5, 7)).astype(np.uint8)
    compiled, interpreted = np.zeros((1, 3)), np.zeros((1, 3))
    pool_count(values, mask, np.zeros(256), compiled)
    pool_count.function(values, mask, np.zeros(256), interpreted)
    assert np.array_equal(compiled, interpreted)


def test_every_kernel_has_a_compiled_version_for_each_signature() -> None:
    library.import_all()
    for kernels in jit.KERNELS.values():
        for kernel in kernels:
            assert all(kernel.address(i) for i in range(len(kernel.signatures)))
