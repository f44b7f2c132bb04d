"""Kernels against numpy, in one process, in rounds that take turns; the ratio is what to compare.

`python -m pytest tests/bench/test_kernels.py --benchmark-enable -s` prints one line per case.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.evaluate.program import Program, Step
from engine.geo.stack import Stack
from engine.kernels import cells, elementwise, reduce
from swath.grid import Window

NDVI = Program(
    ("uint16", "uint16"),
    ("float64",),
    (
        Step("sub", (0, 1), "float32"),
        Step("add", (0, 1), "float32"),
        Step("truediv", (3, 4), "float32"),
        Step("lt", (5, 2), "float32"),
        Step("mask", (5, 6), "float32"),
    ),
    (7,),
)
Array = np.ndarray[Any, np.dtype[Any]]


def seconds(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def ratio(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> float:
    """Median over rounds of their time / our time; both run in every round."""
    ours(), theirs()
    return statistics.median(seconds(theirs) / seconds(ours) for _ in range(rounds))


def scene(size: int, images: int = 1) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    shape = (images, size, size)
    return rng.integers(0, 10_000, shape).astype(np.uint16), (rng.random(shape) < 0.3).astype("u1")


def ndvi_of_numpy(red: Array, nir: Array, mask: Array) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        x, y = red.astype(np.float32), nir.astype(np.float32)
        value = (x - y) / (x + y)
        return value, (mask != 0) | ~np.isfinite(value) | (value < 0.1)


@pytest.mark.parametrize("size", [256, 4096])
def test_ndvi(benchmark: Any, size: int) -> None:
    (red, mask), (nir, _) = scene(size), scene(size)
    nir = nir[:, ::-1].copy()
    stacks, limit = [Stack(red, mask), Stack(nir, mask)], [np.array([0.1])]
    out = elementwise.run(NDVI, stacks, limit)

    def ours() -> object:
        return elementwise.run(NDVI, stacks, limit, out)

    benchmark(ours)
    times = ratio(ours, lambda: ndvi_of_numpy(red, nir, mask), 31 if size == 256 else 5)
    report(benchmark, f"NDVI {size}²", times)


@pytest.mark.parametrize("size", [64, 256])
def test_median_of_24(benchmark: Any, size: int) -> None:
    values, mask = scene(size, 24)
    single = np.where(mask != 0, np.nan, values.astype(np.float32))
    stack = [Stack(values.astype(np.float32), mask)]

    def ours() -> object:
        return reduce.over_stack("median", stack)

    benchmark(ours)
    times = ratio(ours, lambda: np.nanmedian(single, axis=0), 15 if size == 64 else 5)
    report(benchmark, f"median of 24, {size}²", times)


@pytest.mark.parametrize("kind", ["mean", "std", "max"])
def test_reductions_of_24(benchmark: Any, kind: str) -> None:
    values, mask = scene(512, 24)
    stack = [Stack(values, mask)]
    oracle: Any = {"mean": np.nanmean, "std": np.nanstd, "max": np.nanmax}[kind]
    single = np.where(mask != 0, np.nan, values.astype(np.float32))

    def ours() -> object:
        return reduce.over_stack(kind, stack)

    benchmark(ours)
    report(benchmark, f"{kind} of 24, 512²", ratio(ours, lambda: oracle(single, axis=0), 3))


@pytest.mark.parametrize("op", ["exp", "log", "sin", "arctan", "pow"])
def test_functions(benchmark: Any, op: str) -> None:
    values = np.random.default_rng(0).uniform(0.1, 5, (1, 512, 512)).astype(np.float32)
    arity = 2 if op == "pow" else 1
    program = Program(
        ("float32",) * arity, (), (Step(op, tuple(range(arity)), "float32"),), (arity,)
    )
    stacks = [Stack(values, None)] * arity

    def ours() -> object:
        return elementwise.run(program, stacks, [])

    benchmark(ours)
    report(
        benchmark, f"{op} of float32", ratio(ours, lambda: getattr(np, op)(*[values] * arity), 9)
    )


@pytest.mark.parametrize("kind", ["sum", "std", "max"])
def test_pixels(benchmark: Any, kind: str) -> None:
    values, mask = (a[0] for a in scene(2048))
    window = Window(0, 0, 2048, 2048)
    oracle: Any = {"sum": np.sum, "std": np.std, "max": np.max}[kind]

    def ours() -> object:
        return cells.combine(kind, cells.fold(kind, values, mask, window)[None])

    benchmark(ours)
    extra: dict[str, Any] = {"initial": 0} if kind == "max" else {"dtype": float}
    valid = mask == 0
    times = ratio(ours, lambda: oracle(values, where=valid, **extra), 5)
    report(benchmark, f"{kind} of pixels, 2048²", times)


def report(benchmark: Any, name: str, times: float) -> None:
    benchmark.extra_info["ratio_to_numpy"] = round(times, 2)
    print(f"\n{name}: {times:.1f} × as fast as numpy")
