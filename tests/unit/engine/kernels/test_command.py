"""`swath kernels` says where the kernels are, and removes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.kernels import library
from engine.kernels.command import kernels


def test_the_path_is_in_the_cache_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert CliRunner().invoke(kernels, ["path"]).output == "/somewhere/swath/kernels\n"


def test_cleaning_removes_the_kernels_of_all_versions(tmp_path: Path) -> None:
    for name in ("planes-1.kernels", "planes-2.kernels", "x.part", "build.lock"):
        (tmp_path / name).touch()
    result = CliRunner().invoke(kernels, ["clean", "--folder", str(tmp_path)])
    assert result.exit_code == 0
    assert [p.name for p in tmp_path.iterdir()] == ["build.lock"]


def test_building_what_is_there_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "ensure", lambda folder, progress: Path("/there"))
    result = CliRunner().invoke(kernels, ["build"])
    assert result.output == "The kernels are ready in /there.\n"


def test_a_folder_that_is_not_private_is_an_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    result = CliRunner().invoke(kernels, ["build", "--folder", str(tmp_path)])
    assert result.exit_code == 1
    assert "private" in result.output
