"""The driver of the block machine: runs a list of block kernels over blocks of pixels."""

from __future__ import annotations

from typing import Any, Final

from engine.kernels.jit import kernel
from engine.reference.primitives import invoke

OPERANDS: Final = 5
"""Most pointers that an instruction has: with the count they fill the registers of a call."""
FUNCTION, UNIT, SLOT, STEP = 0, 1, 2, 2 + OPERANDS
"""Columns of an instruction: address; items per pixel; slots of operands; bytes per pixel."""
COLUMNS: Final = 2 + 2 * OPERANDS


@kernel("void(int64, int64, int64, int64, int64[:, ::1], int64[:, ::1], int64[:, ::1])")
def execute(
    images: int, pixels: int, size: int, prologue: int, code: Any, slots: Any, bases: Any
) -> None:
    """Run `code` for each image: its first `prologue` instructions once, then all others by block.

    Args:
        size: pixels of a block.
        code: (instruction, COLUMNS).
        slots: (slot, 2): address of its first byte, bytes to that of the next image.
        bases: (instruction, OPERANDS), overwritten.
    """
    for image in range(images):
        for i in range(code.shape[0]):
            for j in range(5):
                slot = code[i, 2 + j]
                bases[i, j] = slots[slot, 0] + image * slots[slot, 1]
        for i in range(prologue):
            invoke(
                code[i, 0], size * code[i, 1],
                bases[i, 0], bases[i, 1], bases[i, 2], bases[i, 3], bases[i, 4],
            )  # fmt: skip
        start = 0
        while start < pixels:
            count = min(size, pixels - start)
            for i in range(prologue, code.shape[0]):
                invoke(
                    code[i, 0],
                    count * code[i, 1],
                    bases[i, 0] + start * code[i, 7],
                    bases[i, 1] + start * code[i, 8],
                    bases[i, 2] + start * code[i, 9],
                    bases[i, 3] + start * code[i, 10],
                    bases[i, 4] + start * code[i, 11],
                )
            start += size
