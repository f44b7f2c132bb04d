"""Run from the source tree, as `make kernels` installs it."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

import pytest

from tests.packaging.environment import pip

pytestmark = [pytest.mark.venv, pytest.mark.xdist_group("venv"), pytest.mark.timeout(300)]

FIND = "import importlib.util; print(importlib.util.find_spec('swath').origin)"


def test_a_script_beside_the_clone_imports_the_package(source: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    clone = source.rename(tmp_path / "swath")
    try:
        pip("--python", str(python), "install", "--no-deps", "--editable", str(clone))
        script = tmp_path / "script.py"
        script.write_text(FIND, "utf-8")
        found = subprocess.run(
            [str(python), str(script)], capture_output=True, text=True, timeout=60, check=True
        )
    finally:
        clone.rename(source)
    assert found.stdout.strip() == str(clone / "swath" / "__init__.py")
