"""The wheel, and environments that hold it; built once for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.packaging.environment import ROOT, Environment, create, pip

FILES = ("pyproject.toml", "README.md", "LICENSE")
FOLDERS = ("swath", "engine", "inspect_server", "job_server", "loadtest", "tests", "checks")


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree, so that no earlier build can leak into the wheel."""
    folder = tmp_path_factory.mktemp("source")
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in FOLDERS:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, source: Path) -> Path:
    """The wheel of `source`."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    return next(folder.glob("swath-*.whl"))


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    """`pip install swath`, with the oldest versions allowed."""
    return create(tmp_path_factory.mktemp("core"), wheel)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    """`pip install swath[engine]`, with the oldest versions allowed."""
    return create(tmp_path_factory.mktemp("engine"), wheel, "engine")
