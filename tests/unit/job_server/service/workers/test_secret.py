"""The secret of workers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from job_server.service.workers.secret import open_secret, worker_with
from swath.errors import PermissionDenied, Unauthenticated


def test_a_secret_is_made_once_and_only_its_user_may_read_it(tmp_path: Path):
    file = tmp_path / "jobs" / "secret"
    secret = open_secret(file)
    assert len(secret) == 64
    assert open_secret(file) == secret
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret"]


def test_another_folder_has_another_secret(tmp_path: Path):
    assert open_secret(tmp_path / "a") != open_secret(tmp_path / "b")


def test_a_secret_may_be_put_there_by_hand(tmp_path: Path):
    (tmp_path / "secret").write_text("x" * 32 + "\n")
    assert open_secret(tmp_path / "secret") == "x" * 32


@pytest.mark.parametrize("content", ["", "short", "x" * 31])
def test_a_secret_that_is_easily_guessed_is_refused(tmp_path: Path, content):
    (tmp_path / "secret").write_text(content)
    with pytest.raises(PermissionDenied, match="too short"):
        open_secret(tmp_path / "secret")


def test_who_knows_the_secret_is_a_worker():
    assert worker_with("s" * 32, "Bearer " + "s" * 32) == "worker"


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer " + "s" * 31, "ü"])
def test_anybody_else_is_not(header):
    with pytest.raises(Unauthenticated):
        worker_with("s" * 32, header)
