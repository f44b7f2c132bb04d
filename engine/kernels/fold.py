"""Tapes of reductions: planes of samples into accumulators, accumulators into a result.

Accumulators are registers, where all planes are there at once, or arrays outside, where planes
come in several runs. Both take the same planes by the same kernels in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from engine.kernels import accumulate, arithmetic, network, planes
from engine.kernels.convert import convert_address
from engine.kernels.tape import BLOCK, Tape, Writer
from engine.reference.reduce import float_class, result_dtype

Places = Mapping[str, int]

_EMPTY: Final = ("empty", "uint8")
_COUNT: Final = ("count", "int32")
STATE: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "min": (("best", ""), _EMPTY),
    "max": (("best", ""), _EMPTY),
    "first": (("best", ""), _EMPTY),
    "last": (("best", ""), _EMPTY),
    "sum": (("total", "float64"), _EMPTY),
    "count": (_COUNT,),
    "mean": (("total", "float64"), _COUNT, _EMPTY),
    "std": (("mean", "float64"), ("spread", "float64"), _COUNT, _EMPTY),
}
"""Accumulators of a reduction and their dtypes; no dtype: that of the samples. All start at 0,
but `empty` at 1."""


def stored(dtype: str) -> str:
    """The dtype that kernels see."""
    return "uint8" if dtype == "bool" else dtype


def width(dtype: str) -> str:
    """The unsigned dtype of the same width, for kernels that only move bits."""
    return f"uint{8 * size(dtype)}"


def size(dtype: str) -> int:
    """Bytes of a pixel."""
    return np.dtype(dtype).itemsize


def state_of(kind: str, dtype: str) -> tuple[tuple[str, str], ...]:
    """Names and dtypes of the accumulators of a reduction of samples of `dtype`."""
    return tuple((name, held or dtype) for name, held in STATE[kind])


def _convert(writer: Writer, place: int, source: str, to: str) -> int:
    if stored(source) == to:
        return place
    address = convert_address(stored(source), to)
    assert address is not None, f"{source} to {to}"
    return writer.emit(address, size(to), place)


def _invalid(writer: Writer, dtype: str, x: int, mask: int | None) -> int:
    """A place with 1 where the sample takes no part: it is masked, or not finite."""
    if dtype in ("float32", "float64"):
        if mask is None:
            return writer.emit(arithmetic.endless.version("uint8", dtype), 1, x)
        return writer.emit(arithmetic.or_endless.version("uint8", "uint8", dtype), 1, mask, x)
    return writer.emit(planes.zero.version("uint8"), 1) if mask is None else mask


def _take_extreme(writer: Writer, kind: str, dtype: str, state: Places, x: int, out: int) -> None:
    kernel = accumulate.least_into if kind == "min" else accumulate.most_into
    held = stored(dtype)
    address = kernel.version(held, "uint8", held, "uint8")
    writer.call(address, state["best"], state["empty"], x, out)


def _take_first(writer: Writer, _kind: str, dtype: str, state: Places, x: int, out: int) -> None:
    address = accumulate.first_into.version(width(dtype), "uint8", width(dtype), "uint8")
    writer.call(address, state["best"], state["empty"], x, out)


def _take_last(writer: Writer, _kind: str, dtype: str, state: Places, x: int, out: int) -> None:
    address = accumulate.last_into.version(width(dtype), width(dtype), "uint8")
    writer.call(address, state["best"], x, out)


def _take_sum(writer: Writer, _kind: str, dtype: str, state: Places, x: int, out: int) -> None:
    address = accumulate.sum_into.version("float64", "float64", "uint8")
    writer.call(address, state["total"], _convert(writer, x, dtype, "float64"), out)


def _take_nothing(writer: Writer, _kind: str, dtype: str, state: Places, x: int, out: int) -> None:
    """Counting needs no value."""


def _take_spread(writer: Writer, _kind: str, dtype: str, state: Places, x: int, out: int) -> None:
    address = accumulate.spread_into.version("float64", "float64", "int32", "float64", "uint8")
    double = _convert(writer, x, dtype, "float64")
    writer.call(address, state["mean"], state["spread"], state["count"], double, out)


_TAKE: Final[Mapping[str, Callable[[Writer, str, str, Places, int, int], None]]] = {
    "min": _take_extreme,
    "max": _take_extreme,
    "first": _take_first,
    "last": _take_last,
    "sum": _take_sum,
    "count": _take_nothing,
    "mean": _take_sum,
    "std": _take_spread,
}


def _take(writer: Writer, kind: str, dtype: str, state: Places, x: int, mask: int | None) -> None:
    """Take one plane of samples into the accumulators."""
    out = _invalid(writer, dtype, x, mask)
    if "count" in state:
        writer.call(accumulate.count_into.version("int32", "uint8"), state["count"], out)
    _TAKE[kind](writer, kind, dtype, state, x, out)
    if "empty" in state:
        writer.call(accumulate.empty_into.version("uint8", "uint8"), state["empty"], out)


def _start(writer: Writer, kind: str, dtype: str) -> dict[str, int]:
    """Registers for the accumulators, set in every block."""
    places = {}
    for name, held in state_of(kind, dtype):
        places[name] = writer.register(size(held))
        kernel = planes.one if name == "empty" else planes.zero
        writer.call(kernel.version("uint8"), places[name], unit=size(held))
    return places


def _result(writer: Writer, kind: str, dtype: str, state: Places) -> tuple[int, int | None]:
    """Places of the values and the mask that the accumulators stand for."""
    if kind == "count":
        return state["count"], None
    if "best" in state:
        return state["best"], state["empty"]
    if kind == "sum":
        return state["total"], _mask(writer, "float64", state["total"], state["empty"])
    count = _convert(writer, state["count"], "int32", "float64")
    divide = arithmetic.truediv.version("float64", "float64", "float64")
    place = writer.emit(divide, 8, state["total" if kind == "mean" else "spread"], count)
    if kind == "std":
        place = writer.emit(arithmetic.sqrt.version("float64", "float64"), 8, place)
    to = result_dtype(kind, np.dtype(dtype)).name
    return _clean(writer, to, _convert(writer, place, "float64", to), state["empty"])


def _mask(writer: Writer, dtype: str, value: int, empty: int) -> int:
    """1 where there was no sample, or the value overflowed."""
    return writer.emit(arithmetic.or_endless.version("uint8", "uint8", dtype), 1, empty, value)


def _clean(writer: Writer, dtype: str, value: int, empty: int) -> tuple[int, int]:
    """The value, 0 where there was no sample, and its mask."""
    zero = writer.emit(planes.zero.version("uint8"), size(dtype), unit=size(dtype))
    choose = planes.choose.version(width(dtype), "uint8", width(dtype), width(dtype))
    value = writer.emit(choose, size(dtype), empty, zero, value)
    return value, _mask(writer, dtype, value, empty)


def _outside(writer: Writer, dtype: str, masked: Sequence[bool]) -> list[tuple[int, int | None]]:
    """Places of planes outside: values, then the mask where there is one, plane after plane."""
    return [(writer.outside(size(dtype)), writer.outside(1) if m else None) for m in masked]


def _hand_out(writer: Writer, *places: int | None) -> None:
    """Have results written to the next arrays outside."""
    for place in places:
        if place is not None:
            moved = writer.move_outside(place)
            assert moved, "a result is not a register"


@lru_cache(maxsize=256)
def whole_tape(kind: str, dtype: str, masked: tuple[bool, ...]) -> Tape:
    """Planes outside (see `_outside`) to their reduction: values, then the mask but for `count`."""
    writer = Writer()
    inputs = _outside(writer, dtype, masked)
    if kind == "median":
        _hand_out(writer, *_median(writer, dtype, inputs))
        return writer.finish(_median_block(len(masked), dtype))
    state = _start(writer, kind, dtype)
    for x, mask in inputs:
        _take(writer, kind, dtype, state, x, mask)
    _hand_out(writer, *_result(writer, kind, dtype, state))
    return writer.finish()


@lru_cache(maxsize=256)
def feed_tape(kind: str, dtype: str, masked: tuple[bool, ...]) -> Tape:
    """Planes outside, then the accumulators of `state_of`, which are updated."""
    writer = Writer()
    inputs = _outside(writer, dtype, masked)
    state = {name: writer.outside(size(held)) for name, held in state_of(kind, dtype)}
    for x, mask in inputs:
        _take(writer, kind, dtype, state, x, mask)
    return writer.finish()


@lru_cache(maxsize=64)
def finish_tape(kind: str, dtype: str) -> tuple[Tape, bool, bool]:
    """Accumulators outside to a result: the tape, and whether it writes values and a mask.

    What it does not write is in an accumulator already (values: the first one; mask: `empty`).
    """
    writer = Writer()
    state = {name: writer.outside(size(held)) for name, held in state_of(kind, dtype)}
    places = _result(writer, kind, dtype, state)
    written = [p is not None and writer.move_outside(p) for p in places]
    return writer.finish(), written[0], written[1]


def _median_block(rows: int, dtype: str) -> int:
    """Pixels of a block: the rows together take at most half of a 1 MiB L2 cache."""
    bytes_ = rows * float_class(np.dtype(dtype)).itemsize
    return max(64, min(2 * BLOCK, 2**19 // bytes_ // 64 * 64))


def _median(
    writer: Writer, dtype: str, inputs: Sequence[tuple[int, int | None]]
) -> tuple[int, int]:
    """Values and mask of the median: samples as rows, sorted as far as the middle needs."""
    held = float_class(np.dtype(dtype)).name
    empty, odd = writer.register(1), writer.register(1)
    writer.call(planes.one.version("uint8"), empty)
    writer.call(planes.zero.version("uint8"), odd)
    rows = []
    for x, mask in inputs:
        out = _invalid(writer, dtype, x, mask)
        rows.append(writer.register(size(held)))
        pad = accumulate.pad_into.version(held, "uint8", held, "uint8")
        writer.call(pad, rows[-1], odd, _convert(writer, x, dtype, held), out)
        writer.call(accumulate.empty_into.version("uint8", "uint8"), empty, out)
    for i, j in network.median_exchanges(len(rows)):
        writer.call(accumulate.order_into.version(held, held), rows[i], rows[j])
    return _clean(writer, held, _middle(writer, held, rows, odd), empty)


def _middle(writer: Writer, held: str, rows: Sequence[int], odd: int) -> int:
    first, second = network.middle_ranks(len(rows))
    if len(rows) % 2 == 0:
        odd = writer.emit(planes.logical_not.version("uint8", "uint8"), 1, odd)
        first, second = second, first
    kernel = accumulate.middle.version(held, "uint8", held, held)
    return writer.emit(kernel, size(held), odd, rows[first], rows[second])
