"""Reductions over images and bands on the block machine: the bits of `engine.reference.reduce`.

Accumulators take one plane after another, so that a stream of images gives the same bits as a
stack. The median sorts the samples of a block of pixels, side by side, by a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.geo.stack import Stack
from engine.kernels.fold import feed_tape, finish_tape, state_of, whole_tape
from engine.kernels.tape import Address, address_of
from engine.reference import reduce as reference
from engine.reference.reduce import result_dtype
from swath.errors import InternalError

Array = NDArray[Any]
Plane = tuple[Array, Array | None]
"""Values and mask (y, x) of one band of one image."""

PLANES: Final = 64
"""Most planes of one run: a longer tape gains nothing, and differs for each pattern of masks."""
NETWORK: Final = 512
"""Most samples that a network sorts; beyond, numpy does, and holds them all in memory."""
SAMPLES: Final = 1 << 22
"""Samples that numpy sorts at a time."""


def over_stack(kind: str, stacks: Sequence[Stack]) -> Stack:
    """All images of all stacks reduced to one; order and dtype as in the reference.

    Args:
        stacks: of equal dtype, images, rows and columns; at least one image.
    Returns:
        One image in fresh arrays; no mask for `count`, else where there was no sample.
    Raises:
        InternalError: there is no such reduction.
    """
    planes = list(_planes(list(map(_contiguous, stacks))))
    if kind == "median" and len(planes) > NETWORK:
        return _sorted_by_numpy(stacks)
    shape = (1, *stacks[0].values.shape[1:])
    if kind == "median" or len(planes) <= PLANES:
        return _whole(kind, [((v[None], None if m is None else m[None])) for v, m in planes], shape)
    accumulator = begin(kind, stacks[0].values.dtype, shape[1:])
    accumulator.feed(stacks)
    return accumulator.finish()


def over_bands(kind: str, stacks: Sequence[Stack]) -> Stack:
    """Each image's bands reduced to one band: n images, as in the reference.

    Args:
        stacks: one per band, of equal dtype, images, rows and columns.
    Raises:
        InternalError: there is no such reduction.
    """
    if len(stacks) > PLANES:
        return _image_by_image(kind, stacks)
    pairs = [(s.values, s.mask) for s in map(_contiguous, stacks)]
    return _whole(kind, pairs, stacks[0].values.shape)


def _image_by_image(kind: str, stacks: Sequence[Stack]) -> Stack:
    parts = []
    for i in range(stacks[0].count):
        at = slice(i, i + 1)
        image = [Stack(s.values[at], None if s.mask is None else s.mask[at]) for s in stacks]
        parts.append(over_stack(kind, image))
    masks = [p.mask for p in parts if p.mask is not None]
    values = np.concatenate([p.values for p in parts])
    return Stack(values, np.concatenate(masks) if masks else None)


def _contiguous(stack: Stack) -> Stack:
    mask = None if stack.mask is None else np.ascontiguousarray(stack.mask)
    return Stack(np.ascontiguousarray(stack.values), mask)


def _planes(stacks: Sequence[Stack]) -> Iterator[Plane]:
    """All planes in order: image after image, within an image stack after stack (R4)."""
    for i in range(stacks[0].count):
        for stack in stacks:
            yield stack.values[i], None if stack.mask is None else stack.mask[i]


def _whole(kind: str, pairs: Sequence[Plane], shape: tuple[int, ...]) -> Stack:
    """Reduce pairs of (n, y, x) arrays, image by image."""
    dtype = pairs[0][0].dtype
    values = np.empty(shape, result_dtype(kind, dtype))
    mask = None if kind == "count" else np.empty(shape, np.uint8)
    tape = whole_tape(kind, dtype.name, tuple(m is not None for _, m in pairs))
    arrays = [_address(a) for pair in pairs for a in pair if a is not None]
    arrays += [_address(a) for a in (values, mask) if a is not None]
    tape.run(shape[0], shape[1] * shape[2], arrays)
    return Stack(values, mask)


def _address(array: Array) -> Address:
    return address_of(array), array.strides[0] if array.shape[0] > 1 else 0


def _sorted_by_numpy(stacks: Sequence[Stack]) -> Stack:
    """The median of very many samples: the reference, some rows at a time."""
    rows = max(1, SAMPLES // (len(stacks) * stacks[0].values[:, 0].size))
    parts = []
    for start in range(0, stacks[0].values.shape[1], rows):
        at = np.s_[:, start : start + rows]
        part = [Stack(s.values[at], None if s.mask is None else s.mask[at]) for s in stacks]
        parts.append(reference.over_stack("median", part))
    masks = [p.mask for p in parts if p.mask is not None]
    return Stack(np.concatenate([p.values for p in parts], axis=1), np.concatenate(masks, axis=1))


@dataclass(slots=True)
class Accumulator:
    """A reduction that takes images as they come; the same bits as `over_stack` of all."""

    kind: str
    dtype: np.dtype[Any]
    """Of the samples."""
    state: dict[str, Array]
    """The accumulators, (y, x)."""

    def feed(self, stacks: Sequence[Stack]) -> None:
        """Take the next images: one stack per band, all of equal count."""
        planes = _planes(list(map(_contiguous, stacks)))
        while chunk := list(islice(planes, PLANES)):
            tape = feed_tape(self.kind, self.dtype.name, tuple(m is not None for _, m in chunk))
            arrays = [address_of(a) for plane in chunk for a in plane if a is not None]
            arrays += [address_of(a) for a in self.state.values()]
            tape.run(1, self._pixels(), [(a, 0) for a in arrays])

    def finish(self) -> Stack:
        """The result so far, one image. Nothing may be fed afterwards."""
        tape, has_values, has_mask = finish_tape(self.kind, self.dtype.name)
        first = next(iter(self.state.values()))
        values = np.empty(first.shape, result_dtype(self.kind, self.dtype))
        mask = np.empty(first.shape, np.uint8)
        written = [a for a, is_written in ((values, has_values), (mask, has_mask)) if is_written]
        arrays = [*self.state.values(), *written]
        tape.run(1, self._pixels(), [(address_of(a), 0) for a in arrays])
        values = values if has_values else first
        held = mask if has_mask else self.state.get("empty")
        return Stack(values[None], None if held is None else held[None])

    def _pixels(self) -> int:
        return next(iter(self.state.values())).size


def begin(kind: str, dtype: np.dtype[Any], shape: Sequence[int]) -> Accumulator:
    """An accumulator for images of `shape` (y, x) whose samples have this dtype.

    Raises:
        InternalError: there is no such reduction, or it needs all samples at once (median).
    """
    result_dtype(kind, np.dtype(dtype))
    if kind == "median":
        raise InternalError("The median needs all samples at once.")
    state = {
        name: np.full(tuple(shape), 1 if name == "empty" else 0, held)
        for name, held in state_of(kind, np.dtype(dtype).name)
    }
    return Accumulator(kind, np.dtype(dtype), state)
