"""What is shipped: the five roots, whole, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.venv, pytest.mark.xdist_group("venv"), pytest.mark.timeout(300)]

ROOTS = {"swath", "engine", "inspect_server", "job_server", "loadtest"}


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files(source: Path, pattern: str) -> set[str]:
    found = (file for root in ROOTS for file in (source / root).rglob(pattern))
    return {str(file.relative_to(source)) for file in found}


def test_the_wheel_ships_our_roots_alone(wheel: Path) -> None:
    roots = {name.partition("/")[0] for name in names(wheel)}
    assert {root for root in roots if not root.endswith(".dist-info")} <= ROOTS


def test_the_wheel_ships_every_module(source: Path, wheel: Path) -> None:
    assert files(source, "*.py") - names(wheel) == set()


def test_the_wheel_ships_types_and_schemas(source: Path, wheel: Path) -> None:
    shipped = files(source, "py.typed") | files(source, "*.pyi") | files(source, "*.sql")
    assert "swath/py.typed" in shipped
    assert shipped - names(wheel) == set()


def test_the_wheel_ships_no_test(wheel: Path) -> None:
    assert [name for name in names(wheel) if "test_" in name or "conftest" in name] == []


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names(wheel))
