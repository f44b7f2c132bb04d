from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from engine import engine_version, version


def fresh() -> str:
    """The version, found anew."""
    engine_version.cache_clear()
    try:
        return engine_version()
    finally:
        engine_version.cache_clear()


def test_a_version_names_the_package_and_fits_a_column():
    assert engine_version().startswith(metadata.version("swath") + "-")
    assert len(engine_version()) <= 64
    assert " " not in engine_version()


def test_a_version_is_the_same_in_another_process():
    code = "from engine import engine_version; print(engine_version())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == engine_version()


@pytest.mark.parametrize("suffix", [".py", ".sql"])
def test_a_version_changes_with_any_source(monkeypatch, tmp_path, suffix):
    (tmp_path / "engine").mkdir()
    monkeypatch.setattr(version, "_ROOT", tmp_path)
    (tmp_path / "engine" / f"a{suffix}").write_text("1")
    before = fresh()
    (tmp_path / "engine" / f"a{suffix}").write_text("2")
    changed = fresh()
    (tmp_path / "engine" / f"a{suffix}").rename(tmp_path / "engine" / f"b{suffix}")
    assert len({before, changed, fresh()}) == 3


def test_a_version_does_not_change_with_what_is_compiled_or_documented(monkeypatch, tmp_path):
    (tmp_path / "engine").mkdir()
    monkeypatch.setattr(version, "_ROOT", tmp_path)
    before = fresh()
    (tmp_path / "engine" / "a.pyc").write_bytes(b"1")
    (tmp_path / "engine" / "a.md").write_text("1")
    assert fresh() == before


@pytest.mark.parametrize("library", ["numpy", "numba", "rasterio", "pyproj"])
def test_a_version_changes_with_a_library(monkeypatch, library):
    before, found = fresh(), metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0" if name == library else found(name))
    assert fresh() != before


def test_the_sources_are_those_of_this_tree():
    names = {p.relative_to(Path(version.__file__).parents[1]).as_posix() for p in version._files()}
    assert {"engine/engine.py", "swath/ops/imagery.py"} <= names
    assert any(n.endswith(".sql") for n in names)


def test_telling_the_version_loads_neither_compiler_nor_gdal():
    code = (
        "import sys; from engine import engine_version; engine_version(); "
        "print(sorted({'rasterio', 'numba', 'llvmlite', 'pyproj'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
