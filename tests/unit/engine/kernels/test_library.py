"""Kernels are built once, by one process, and loaded by all others without a compiler."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.kernels import library
from swath.errors import InternalError, PermissionDenied

ROOT = Path(__file__).resolve().parents[4]

# Building everything takes half a minute; these tests build one small module in its place.
ONLY = "from engine.kernels import library; library.modules = lambda: ('engine.kernels.planes',)\n"
BUILD = ONLY + (
    "import sys; from pathlib import Path; from engine.kernels import build\n"
    "build.build(Path(sys.argv[1]), lambda d, n, name: print(d, n, name, flush=True))\n"
)
USE = ONLY + (
    "import sys, numpy as np; from pathlib import Path\n"
    "assert library.read(Path(sys.argv[1]), 'engine.kernels.planes')\n"
    "library.ensure(Path(sys.argv[1]))\n"
    "from engine.kernels import planes\n"
    "import ctypes\n"
    "a, b = np.array([7, 9], np.uint8), np.zeros(2, np.uint8)\n"
    "f = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)\n"
    "f(planes.copy.address())(2, b.ctypes.data, a.ctypes.data)\n"
    "assert b.tolist() == [7, 9]\n"
    "assert 'numba' not in sys.modules\n"
)


def start(script: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kernels"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("built") / "kernels"
    finish(start(BUILD, where))
    return where


def test_of_four_builders_that_start_at_once_exactly_one_builds(folder: Path) -> None:
    outputs = [finish(p) for p in [start(BUILD, folder) for _ in range(4)]]
    assert sorted(bool(out) for out in outputs) == [False, False, False, True]
    assert len(list(folder.glob("*.kernels"))) == 1
    finish(start(USE, folder))


def test_a_killed_builder_leaves_others_able_to_build(folder: Path) -> None:
    first = start(BUILD, folder)
    assert first.stdout is not None
    first.stdout.readline()
    (folder / "left.part").write_bytes(b"half")
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert not list(folder.glob("*.kernels"))
    assert finish(start(BUILD, folder))
    assert not list(folder.glob("*.part"))
    finish(start(USE, folder))


def test_a_process_that_finds_the_kernels_never_imports_the_compiler(built: Path) -> None:
    began = time.monotonic()
    finish(start(USE, built))
    assert time.monotonic() - began < 30


def test_a_damaged_file_counts_as_missing(built: Path, tmp_path: Path) -> None:
    module = "engine.kernels.planes"
    content = (built / library.file_name(module)).read_bytes()
    tmp_path.chmod(0o700)
    for damaged in (content[:-1], content[:100], b"", content.replace(b"copy", b"cope")):
        (tmp_path / library.file_name(module)).write_bytes(damaged)
        assert library.read(tmp_path, module) is None
    (tmp_path / library.file_name(module)).write_bytes(content)
    assert library.read(tmp_path, module) is not None


def test_a_folder_that_others_may_write_to_is_refused(built: Path, tmp_path: Path) -> None:
    module = "engine.kernels.planes"
    name = library.file_name(module)
    (tmp_path / name).write_bytes((built / name).read_bytes())
    tmp_path.chmod(0o777)
    with pytest.raises(InternalError, match="private"):
        library.read(tmp_path, module)


def test_a_folder_that_cannot_be_made_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PermissionDenied, match=r"file/kernels: Not a directory.*XDG_CACHE_HOME"):
        library.ensure(tmp_path / "file" / "kernels")


def test_the_folder_is_made_private(built: Path) -> None:
    assert built.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("module", "changed"),
    [
        ("planes", "kernels/planes.py"),
        ("planes", "kernels/jit.py"),
        ("planes", "kernels/compile.py"),
        ("functions", "reference/angles.py"),
        ("functions", "reference/polynomials.py"),
        ("warp", "reference/weights.py"),
    ],
)
def test_the_key_changes_with_every_source_that_a_kernel_is_made_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, changed: str
) -> None:
    name = f"engine.kernels.{module}"
    engine = Path(library.__file__).parents[1]
    for package in ("kernels", "reference", "geo"):
        shutil.copytree(engine / package, tmp_path / package)
    monkeypatch.setattr(library, "_HERE", tmp_path / "kernels")
    before = library.file_name(name)
    (tmp_path / changed).write_text((tmp_path / changed).read_text() + "# changed")
    assert library.file_name(name) != before


def test_every_module_with_kernels_is_found() -> None:
    names = {m.rpartition(".")[2] for m in library.modules()}
    assert {"arithmetic", "functions", "machine", "pool", "warp"} <= names
    assert "jit" not in names
