"""Elementwise programs on the block machine: the same bits as `engine.reference.elementwise`.

A program becomes a tape (`engine.kernels.tape`) once, and then runs on any planes with no
compilation. Masks are planes of their own. The test for non-finite values is deferred to where
an op could hide them: `a + b` is not finite where `a` is not, so only the sum is tested.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.program import Program
from engine.geo.stack import Stack
from engine.kernels.lower import Lowered, lower
from engine.kernels.tape import Address, address_of

Array = NDArray[Any]

FINITE, INFINITE, NAN = 0, 1, 2
"""What a scalar is known to be; the tape differs."""
TAPES: Final = 512
"""Programs whose tapes are kept; each takes some 5 KB."""

_lowered = lru_cache(maxsize=TAPES)(lower)


def run(
    program: Program,
    inputs: Sequence[Stack],
    scalars: Sequence[Array],
    out: Sequence[Stack] | None = None,
) -> list[Stack]:
    """The program's outputs; see `engine.reference.elementwise.run`, whose bits these are.

    Args:
        inputs: of the dtypes that the program names; each of n images, or of one that serves all.
        scalars: each of shape (n,) or (1,).
        out: arrays to fill, C-contiguous, of n images each; absent: new ones. Where an output has
            a mask, so must its stack here.
    Returns:
        One stack of n images per output. A mask is None where nothing can be masked.
    Raises:
        InternalError: a step has a dtype that its op has not.
    """
    numbers = [np.ascontiguousarray(s, t) for s, t in zip(scalars, program.scalars, strict=True)]
    lowered = _lowered(program, _mask_numbers(inputs), tuple(map(_state, numbers)))
    images = _count(inputs, numbers)
    _, rows, cols = inputs[0].values.shape
    given = [_Given(*_contiguous(stack)) for stack in inputs]
    results = list(out) if out is not None else _fresh(lowered, (images, rows, cols))
    arrays = [_source(kind, i, given, numbers) for kind, i in lowered.sources]
    arrays += [_target(results[k], is_mask) for k, is_mask in lowered.targets]
    lowered.tape.run(images, rows * cols, arrays)
    return results


@dataclass(frozen=True, slots=True)
class _Given:
    values: Array
    mask: Array | None


def _contiguous(stack: Stack) -> tuple[Array, Array | None]:
    mask = None if stack.mask is None else np.ascontiguousarray(stack.mask)
    return np.ascontiguousarray(stack.values), mask


def _mask_numbers(inputs: Sequence[Stack]) -> tuple[int, ...]:
    """For each input the first one with the same mask array, so that it is read once; -1: none."""
    first: dict[int, int] = {}
    return tuple(
        -1 if stack.mask is None else first.setdefault(id(stack.mask), i)
        for i, stack in enumerate(inputs)
    )


def _state(scalar: Array) -> int:
    if scalar.dtype.kind != "f":
        return FINITE
    if scalar.size == 1:
        number = scalar.item()
        return FINITE if math.isfinite(number) else NAN if math.isnan(number) else INFINITE
    return FINITE if np.isfinite(scalar).all() else NAN


def _count(inputs: Sequence[Stack], scalars: Sequence[Array]) -> int:
    counts = {stack.values.shape[0] for stack in inputs} | {s.shape[0] for s in scalars}
    many = counts - {1}
    assert len(many) <= 1, f"stacks of {sorted(counts)} images in one program"
    return int(many.pop()) if many else 1


def _fresh(lowered: Lowered, shape: tuple[int, int, int]) -> list[Stack]:
    return [
        Stack(np.empty(shape, dtype), np.empty(shape, np.uint8) if masked else None)
        for dtype, masked in lowered.results
    ]


def _source(kind: str, index: int, inputs: Sequence[_Given], scalars: Sequence[Array]) -> Address:
    if kind == "values":
        return _address(inputs[index].values)
    if kind == "mask":
        mask = inputs[index].mask
        assert mask is not None
        return _address(mask)
    if kind == "scalar":
        return _address(scalars[index])
    raise AssertionError(kind)


def _target(stack: Stack, is_mask: bool) -> Address:
    array = stack.mask if is_mask else stack.values
    assert array is not None and array.flags.c_contiguous
    return _address(array)


def _address(array: Array) -> Address:
    return address_of(array), array.strides[0] if array.shape[0] > 1 else 0
