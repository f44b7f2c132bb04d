"""The Node.js example against a whole server: the protos are enough for another language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "node"
OFFLINE = re.compile("ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ENOTCACHED")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the example's lock file names, installed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(EXAMPLE / name, folder)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("needs the packages @grpc/grpc-js and @grpc/proto-loader")
    assert done.returncode == 0, done.stderr
    return folder / "node_modules"


def run(modules: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", str(EXAMPLE / "median_ndvi.js"), *arguments],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def mean_of_median_ndvi(bands: dict[str, Any]) -> float:
    red, nir = (np.ma.masked_equal(bands[name], 0).astype("f4") for name in ("red", "nir"))
    return float(np.ma.median(((nir - red) / (nir + red)).astype("f8"), axis=0).mean())


def test_another_language_lists_products_and_gets_a_median_ndvi(served: Any, modules: Path) -> None:
    done = run(modules, served.address, "fields", "red", "nir")
    assert done.returncode == 0, done.stderr
    listed, answer = done.stdout.splitlines()
    assert listed == "fields: 4 images, bands nir,red,scl"
    assert float(answer.rpartition(" ")[2]) == pytest.approx(
        mean_of_median_ndvi(served.bands), abs=2e-6
    )


def test_another_language_is_told_what_is_wrong(served: Any, modules: Path) -> None:
    done = run(modules, served.address, "fields", "red", "swir")
    assert done.returncode == 1
    assert "swir" in done.stderr


def test_another_language_is_told_that_no_server_answers(modules: Path) -> None:
    assert run(modules, "127.0.0.1:1").returncode == 1
