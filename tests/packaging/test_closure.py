"""No package that a user must install has a Rust extension."""

from __future__ import annotations

from importlib.metadata import distribution

import pytest

from checks import closure


@pytest.mark.parametrize("extra", closure.CORE)
def test_nothing_that_a_user_installs_was_built_by_rust(extra: str) -> None:
    packages = closure.closure("swath", extra)
    assert {name: closure.rust_traces(package) for name, package in packages.items()} == {
        name: [] for name in packages
    }


def test_the_closure_follows_extras_and_what_packages_need() -> None:
    assert {"swath", "numba", "llvmlite", "rasterio", "click"} <= set(
        closure.closure("swath", "server")
    )
    assert "numba" not in closure.closure("swath")


@pytest.mark.parametrize("package", ["hypothesis", "grimp", "ruff"])
def test_a_package_that_rust_built_is_recognised(package: str) -> None:
    assert closure.rust_traces(distribution(package)) != []
