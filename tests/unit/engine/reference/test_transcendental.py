"""Our elementary functions are within 4 ulp of numpy's, and exact where people look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine.reference import angles, transcendental
from engine.reference.elementwise import in_double

Array = np.ndarray[Any, np.dtype[Any]]

RNG = np.random.default_rng(20)
COUNT = 100_000
SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 2.3e-308, 1.7e308, -1.7e308,
     0.5, -0.5, 2.0, 3.0, -2.0, -3.0, 0.25, 10.0, 1e-5, 1e15, 2.0**53, 2.0**63]
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


def any_bits() -> Array:
    return RNG.integers(0, 2**64, COUNT, np.uint64).view(np.float64)


def between(low: float, high: float) -> Array:
    return RNG.uniform(low, high, COUNT)


def ulps(got: Array, wanted: Array) -> float:
    """Largest distance in units in the last place; inf where only one is finite."""
    same = (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    distance = np.abs(got - wanted) / np.spacing(np.maximum(np.abs(wanted), 5e-324))
    distance = np.where(np.isfinite(got) == np.isfinite(wanted), distance, np.inf)
    return float(np.where(same, 0.0, distance).max())


UNARY: list[tuple[Callable[[Array], Array], Callable[[Array], Array], list[Array]]] = [
    (transcendental.exp, np.exp, [between(-750, 720), between(-1, 1)]),
    (transcendental.log, np.log, [between(0, 2), between(0.99, 1.01), between(0, 1e300)]),
    (transcendental.log2, np.log2, [between(0, 2), between(0.99, 1.01)]),
    (transcendental.log10, np.log10, [between(0, 2), between(0.99, 1.01)]),
    (transcendental.log1p, np.log1p, [between(-1, 2), between(-1e-5, 1e-5)]),
    (angles.sin, np.sin, [between(-10, 10), between(-1e5, 1e5), np.arange(9999) * np.pi / 2]),
    (angles.cos, np.cos, [between(-10, 10), between(-1e5, 1e5), np.arange(9999) * np.pi / 2]),
    (angles.tan, np.tan, [between(-10, 10), between(-1e5, 1e5), np.arange(9999) * np.pi / 4]),
    (transcendental.arcsin, np.arcsin, [between(-1, 1), between(0.49, 0.51)]),
    (transcendental.arccos, np.arccos, [between(-1, 1), between(0.99, 1.0)]),
    (transcendental.arctan, np.arctan, [between(-5, 5), between(-1e3, 1e3)]),
]


@pytest.mark.parametrize(
    ("ours", "oracle", "ranges"), UNARY, ids=lambda f: getattr(f, "__name__", "")
)
def test_a_function_is_within_4_ulp_of_numpy(ours: Any, oracle: Any, ranges: list[Array]) -> None:
    for x in (*ranges, SPECIAL, any_bits()[:5000]):
        assert ulps(ours(x), oracle(x)) <= 4


@pytest.mark.parametrize(
    ("ours", "oracle", "ranges"), UNARY, ids=lambda f: getattr(f, "__name__", "")
)
def test_in_float32_a_function_is_within_1_ulp_of_the_truth(
    ours: Any, oracle: Any, ranges: list[Array]
) -> None:
    single = ranges[0].astype(np.float32)
    assert close(in_double(ours)(single), oracle(single.astype(np.float64)).astype(np.float32))


def close(got: Array, wanted: Array) -> bool:
    """At most 1 ulp apart, or equal, or both nan."""
    near = np.abs(got - wanted) <= np.spacing(np.abs(wanted))
    return bool((near | (got == wanted) | np.isnan(wanted)).all())


BINARY = [
    (transcendental.power, np.power),
    (transcendental.arctan2, np.arctan2),
    (transcendental.modulo, np.remainder),
    (transcendental.floor_divide, np.floor_divide),
]


@pytest.mark.parametrize(("ours", "oracle"), BINARY)
def test_a_function_of_two_is_within_4_ulp_of_numpy_and_signs_zeros_like_it(
    ours: Any, oracle: Any
) -> None:
    grid = [a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL)]
    pairs = [
        (grid[0], grid[1]),
        (any_bits(), any_bits()),
        (between(0, 10), between(-300, 300)),
        (between(0.99, 1.01), between(-7e4, 7e4)),
        (between(-10, 10), np.round(between(-20, 20))),
    ]
    for x, y in pairs:
        got, wanted = ours(x, y), oracle(x, y)
        assert ulps(got, wanted) <= 4
        signs = np.signbit(got) == np.signbit(wanted)
        assert signs[~np.isnan(wanted)].all()


def test_float32_powers_are_those_of_float64_rounded() -> None:
    x, y = between(0, 10).astype(np.float32), between(-30, 30).astype(np.float32)
    wanted = np.power(x.astype(np.float64), y.astype(np.float64)).astype(np.float32)
    assert close(in_double(transcendental.power_single)(x, y), wanted)


@pytest.mark.parametrize("base", [2, 10])
def test_logarithms_of_powers_of_the_base_are_integers(base: int) -> None:
    powers = np.arange(-300, 300)
    function = transcendental.log2 if base == 2 else transcendental.log10
    assert (function(float(base) ** powers.astype(float)) == powers).all()


def test_powers_of_small_integers_are_exact() -> None:
    x, y = np.meshgrid(np.arange(1.0, 30.0), np.arange(0.0, 10.0))
    assert (transcendental.power(x, y) == np.array(x, object) ** y.astype(int)).all()


def test_angles_at_the_limit_of_the_near_reduction_join() -> None:
    x = np.nextafter(1e5, [0, np.inf])
    assert ulps(angles.sin(x), np.sin(x)) <= 4


def test_the_sign_of_zero_survives_odd_functions() -> None:
    odd = [angles.sin, angles.tan, transcendental.arcsin, transcendental.arctan]
    for function in (*odd, transcendental.log1p):
        assert np.signbit(function(np.array([-0.0, 0.0]))).tolist() == [True, False]
