"""A tape: a list of block kernels and the places they read and write, ready to run on any arrays.

Built once per program, run many times. A *place* is an array outside (planes of pixels, numbers),
or a register: scratch memory of one block, which stays in the processor's cache. Instructions run
in the order in which they were written; those whose sources are the same for all blocks of an
image run once per image, before the blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.kernels.machine import COLUMNS, FUNCTION, OPERANDS, SLOT, STEP, UNIT, execute

BLOCK: Final = 512
"""Pixels of a block. With 256 the calls weigh more (1.25×), with 2048 registers leave the L1."""
LARGE: Final = 1 << 20
"""Pixels from which blocks are half as long: planes that come from memory, not from the cache,
then arrive while others are computed (1.4× faster at 4096²)."""
_PAD: Final = 64
"""Bytes between registers: without them they alias at multiples of 4 KiB."""

Address = tuple[int, int]
"""Address of an array's first byte, and bytes from one image to the next (0: the same)."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One call of a block kernel."""

    function: int
    """Address of the kernel."""
    unit: int
    """Items per pixel: 1, or the bytes of a pixel for kernels of bytes."""
    places: tuple[int, ...]
    """Operands in the order of the kernel's pointers."""
    once: bool
    """Run once per image."""


@dataclass(slots=True)
class _Place:
    bytes: int
    """Of one pixel."""
    slot: int | None
    """Number of the array outside; None for a register."""
    is_once: bool
    """Holds the same for all blocks of an image."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Code that runs on `outside` arrays."""

    code: NDArray[np.int64]
    prologue: int
    """Leading instructions that run once per image."""
    outside: int
    """Number of arrays that a run must name."""
    offsets: NDArray[np.int64]
    """Of each register in the scratch memory."""
    scratch_bytes: int
    block: int
    """Pixels of a block."""

    def run(self, images: int, pixels: int, arrays: Sequence[Address]) -> None:
        """Run on `images` × `pixels` pixels; the arrays outside are C-contiguous in each image.

        Cost: about 5 µs, and what the kernels take. The GIL is free meanwhile.
        """
        scratch = np.empty(self.scratch_bytes, np.uint8)
        slots = np.zeros((self.outside + len(self.offsets), 2), np.int64)
        if self.outside:
            slots[: self.outside] = arrays
        slots[self.outside :, 0] = self.offsets
        slots[self.outside :, 0] += -(-address_of(scratch) // 64) * 64
        bases = np.empty((len(self.code), OPERANDS), np.int64)
        size = self.block if pixels < LARGE else self.block // 2
        execute(images, pixels, size, self.prologue, self.code, slots, bases)


def address_of(array: NDArray[Any]) -> int:
    """Address of the first byte of an array."""
    address: int = array.__array_interface__["data"][0]
    return address


@dataclass(slots=True)
class Writer:
    """Writes a tape."""

    _places: list[_Place] = field(default_factory=list)
    _code: list[Instruction] = field(default_factory=list)
    _outside: int = 0

    def outside(self, bytes_: int, *, once: bool = False) -> int:
        """A place for the next array outside; `once`: a number per image, not one per pixel."""
        self._places.append(_Place(bytes_, self._outside, once))
        self._outside += 1
        return len(self._places) - 1

    def register(self, bytes_: int, *, once: bool = False) -> int:
        """A new register."""
        self._places.append(_Place(bytes_, None, once))
        return len(self._places) - 1

    def emit(self, function: int, bytes_: int, *sources: int, unit: int = 1) -> int:
        """Call a kernel that writes its first operand; gives the new register that it writes."""
        once = all(self._places[s].is_once for s in sources)
        target = self.register(bytes_, once=once)
        self._code.append(Instruction(function, unit, (target, *sources), once))
        return target

    def call(self, function: int, *places: int, unit: int = 1) -> None:
        """Call a kernel on given places, in every block."""
        self._code.append(Instruction(function, unit, places, False))

    def is_once(self, place: int) -> bool:
        """Whether the place holds the same for all blocks of an image."""
        return self._places[place].is_once

    def move_outside(self, place: int) -> bool:
        """Have a register's only writer write to the next array outside instead.

        False, and nothing done, where the place is no register, or does not change by block.
        """
        moved = self._places[place]
        if moved.slot is not None or moved.is_once:
            return False
        moved.slot = self._outside
        self._outside += 1
        return True

    def finish(self, block: int = BLOCK) -> Tape:
        """The tape, with registers shared between values that do not live at the same time."""
        once = [i for i in self._code if i.once]
        ordered = once + [i for i in self._code if not i.once]
        registers, numbers = _allocate(ordered, self._places)
        code = np.zeros((len(ordered), COLUMNS), np.int64)
        for row, instruction in zip(code, ordered, strict=True):
            row[FUNCTION], row[UNIT] = instruction.function, instruction.unit
            for j, index in enumerate(instruction.places):
                place = self._places[index]
                is_inside = place.slot is None
                row[SLOT + j] = self._outside + numbers[index] if is_inside else place.slot or 0
                row[STEP + j] = 0 if is_inside or place.is_once else place.bytes
        sizes = [0, *(width * block + _PAD for width in registers)]
        sizes = [-(-size // 64) * 64 for size in sizes]
        offsets = np.cumsum(sizes)
        return Tape(code, len(once), self._outside, offsets[:-1], int(offsets[-1]) + 64, block)


def _allocate(
    code: Sequence[Instruction], places: Sequence[_Place]
) -> tuple[list[int], dict[int, int]]:
    """Widths of the registers needed, and the register of each place (linear scan).

    A target is never one of its own sources: in place, loops run unvectorised (3× slower).
    """
    last = {p: i for i, instruction in enumerate(code) for p in instruction.places}
    widths: list[int] = []
    numbers: dict[int, int] = {}
    free: dict[int, list[int]] = {}
    for i, instruction in enumerate(code):
        for p in instruction.places:
            if places[p].slot is None and p not in numbers:
                numbers[p] = _take(free.setdefault(places[p].bytes, []), widths, places[p].bytes)
        for p in dict.fromkeys(instruction.places):
            if p in numbers and last[p] == i and not places[p].is_once:
                free[places[p].bytes].append(numbers[p])
    return widths, numbers


def _take(free: list[int], widths: list[int], bytes_: int) -> int:
    if free:
        return free.pop()
    widths.append(bytes_)
    return len(widths) - 1
