"""Reductions over images and bands in plain numpy: the definition that faster tiers must match.

Rules D8, R1–R4, R6 and R7 of docs/semantics.md. A sample takes part where it is not masked and is
finite: what is not finite is masked by the op that made it (M2), and a reduction is where that
test can be deferred to. Samples go in order: image after image, within an image band after band.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.geo.stack import Stack
from swath.errors import InternalError

Array = NDArray[Any]
Pair = tuple[Array, Array]

SINGLE: Final = frozenset({"bool", "uint8", "int8", "uint16", "int16", "float16", "float32"})
"""dtypes whose float class is float32; that of the others is float64 (D2)."""


def float_class(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The float dtype that arithmetic on `dtype` computes in (D2)."""
    return np.dtype(np.float32 if dtype.name in SINGLE else np.float64)


def result_dtype(kind: str, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """dtype of a reduction's result (D8).

    Raises:
        InternalError: there is no such reduction.
    """
    if kind in ("min", "max", "first", "last"):
        return dtype
    if kind in ("mean", "std", "median"):
        return float_class(dtype)
    if kind in ("sum", "count"):
        return np.dtype(np.float64 if kind == "sum" else np.int32)
    raise InternalError(f"There is no reduction {kind!r}.")


def samples(stacks: Sequence[Stack]) -> Pair:
    """Values and validity (s, y, x) of all samples in order: image by image."""
    values = np.stack([s.values for s in stacks], axis=1)
    valid = np.stack([_valid(s) for s in stacks], axis=1)
    shape = (-1, *values.shape[2:])
    return values.reshape(shape), valid.reshape(shape)


def _valid(stack: Stack) -> Array:
    unmasked = np.ones(stack.values.shape, np.bool_) if stack.mask is None else stack.mask == 0
    is_float = stack.values.dtype.kind == "f"
    return np.asarray(unmasked & np.isfinite(stack.values) if is_float else unmasked)


def _extreme(values: Array, valid: Array, is_better: Callable[[Array, Array], Array]) -> Array:
    best: Array = np.zeros_like(values[0])
    empty: Array = np.ones(values.shape[1:], np.bool_)
    for x, ok in zip(values, valid, strict=True):
        best = np.asarray(np.where(ok & (empty | is_better(x, best)), x, best))
        empty &= ~ok
    return best


def _minimum(values: Array, valid: Array) -> Array:
    return _extreme(values, valid, np.less)


def _maximum(values: Array, valid: Array) -> Array:
    return _extreme(values, valid, np.greater)


def _first(values: Array, valid: Array) -> Array:
    return _extreme(values, valid, lambda x, _: np.zeros(x.shape, np.bool_))


def _last(values: Array, valid: Array) -> Array:
    return _extreme(values, valid, lambda x, _: np.ones(x.shape, np.bool_))


def _sum(values: Array, valid: Array) -> Array:
    total = np.zeros(values.shape[1:], np.float64)
    for x, ok in zip(values, valid, strict=True):
        total = np.where(ok, total + x.astype(np.float64), total)
    return total


def _count(_values: Array, valid: Array) -> Array:
    return np.asarray(valid.sum(axis=0, dtype=np.int64))


def _mean(values: Array, valid: Array) -> Array:
    return np.asarray(_sum(values, valid) / _count(values, valid).astype(np.float64))


def _std(values: Array, valid: Array) -> Array:
    """Welford (1962): one pass in order, so that a stream of images gives the same bits."""
    n, mean, spread = (np.zeros(values.shape[1:], np.float64) for _ in range(3))
    for x, ok in zip(values.astype(np.float64), valid, strict=True):
        n = np.where(ok, n + 1.0, n)
        off = x - mean
        nearer = mean + off / n
        spread = np.where(ok, spread + off * (x - nearer), spread)
        mean = np.where(ok, nearer, mean)
    return np.asarray(np.sqrt(spread / n))


def _median(values: Array, valid: Array) -> Array:
    """(a + b) / 2 of the middle two in float64; a zero is +0."""
    n = valid.sum(axis=0)
    padded = np.where(valid, values.astype(float_class(values.dtype)), np.inf)
    ranked = np.sort(padded, axis=0).astype(np.float64)
    lower = np.take_along_axis(ranked, np.maximum((n - 1) // 2, 0)[None], axis=0)[0]
    upper = np.take_along_axis(ranked, np.minimum(n // 2, len(ranked) - 1)[None], axis=0)[0]
    return np.asarray((lower + upper) / 2.0 + 0.0)


REDUCTIONS: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "min": _minimum,
    "max": _maximum,
    "first": _first,
    "last": _last,
    "sum": _sum,
    "count": _count,
    "mean": _mean,
    "std": _std,
    "median": _median,
}


def pooled(kind: str, values: Array, valid: Array) -> Stack:
    """The reduction of samples (s, y, x) over their first axis; masked where there are none."""
    dtype = result_dtype(kind, values.dtype)
    with np.errstate(all="ignore"):
        reduced = REDUCTIONS[kind](values, valid).astype(dtype)
    if kind == "count":
        return Stack(reduced[None], None)
    empty = np.asarray(~valid.any(axis=0))
    mask = empty | ~np.isfinite(reduced) if dtype.kind == "f" else empty
    # Under the mask of an empty reduction nothing was computed: the value is 0.
    reduced[empty] = 0
    return Stack(reduced[None], np.asarray(mask)[None].astype(np.uint8))


def over_stack(kind: str, stacks: Sequence[Stack]) -> Stack:
    """All images of all stacks reduced to one.

    Raises:
        InternalError: there is no such reduction.
    """
    return pooled(kind, *samples(stacks))


def over_bands(kind: str, stacks: Sequence[Stack]) -> Stack:
    """Each image's bands reduced to one band: n images.

    Raises:
        InternalError: there is no such reduction.
    """
    images = range(stacks[0].count)
    parts = [over_stack(kind, [_image(s, i) for s in stacks]) for i in images]
    masks = [p.mask for p in parts if p.mask is not None]
    values = np.concatenate([p.values for p in parts])
    return Stack(values, np.concatenate(masks) if masks else None)


def _image(stack: Stack, index: int) -> Stack:
    mask = None if stack.mask is None else stack.mask[index : index + 1]
    return Stack(stack.values[index : index + 1], mask)
