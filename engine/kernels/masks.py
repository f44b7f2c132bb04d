"""Masks: bits for the wire, questions, and zeros under the mask (M7)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geo.stack import Stack
from engine.kernels.planes import choose, fill
from engine.kernels.tape import Tape, Writer, address_of

Array = NDArray[Any]
Mask = NDArray[np.uint8]


def pack(mask: Mask | None, shape: tuple[int, ...]) -> bytes:
    """The mask as bits, row-major, the first pixel in the lowest bit of the first byte.

    Args:
        mask: 1 = masked; None: nothing is, which packs to no bytes at all.
        shape: of the pixels.
    """
    if mask is None:
        return b""
    assert mask.shape == shape, f"a mask of {mask.shape} for pixels of {shape}"
    return np.packbits(mask, axis=None, bitorder="little").tobytes()


def unpack(packed: bytes, shape: tuple[int, ...]) -> Mask | None:
    """The mask that `pack` packed; None of no bytes."""
    if not packed:
        return None
    count = int(np.prod(shape))
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=count, bitorder="little")
    return bits.reshape(shape)


def any_masked(mask: Mask | None) -> bool:
    """Whether any pixel is masked."""
    return mask is not None and bool(mask.any())


def all_masked(mask: Mask | None) -> bool:
    """Whether every pixel is masked; True of a mask of no pixels."""
    return mask is not None and bool(mask.all())


def without_idle(stack: Stack) -> Stack:
    """The stack, its mask None where it masks nothing, so that later ops skip it."""
    return stack if any_masked(stack.mask) else Stack(stack.values, None)


def zero_under(stack: Stack) -> Stack:
    """The stack with value 0 wherever it is masked (M7), in fresh arrays but for the mask."""
    if stack.mask is None:
        return stack
    values, mask = np.ascontiguousarray(stack.values), np.ascontiguousarray(stack.mask)
    out = np.empty_like(values)
    tape = _ZERO.get(values.itemsize) or _ZERO.setdefault(values.itemsize, _tape(values.itemsize))
    zero = np.zeros(1, np.uint64)
    arrays = [address_of(a) for a in (out, mask, zero, values)]
    tape.run(1, values.size, [(a, 0) for a in arrays])
    return Stack(out, stack.mask)


_ZERO: dict[int, Tape] = {}


def _tape(itemsize: int) -> Tape:
    writer = Writer()
    out, mask = writer.outside(itemsize), writer.outside(1)
    zero = writer.emit(fill_of(itemsize), itemsize, writer.outside(itemsize, once=True))
    values = writer.outside(itemsize)
    width = f"uint{8 * itemsize}"
    writer.call(choose.version(width, "uint8", width, width), out, mask, zero, values)
    return writer.finish()


def fill_of(itemsize: int) -> int:
    """Address of the kernel that fills pixels of `itemsize` bytes with one value."""
    width = f"uint{8 * itemsize}"
    return fill.version(width, width)
