"""Where workers find their job server."""

from __future__ import annotations

from pathlib import Path

import pytest

from job_server.config import JobConfig
from job_server.folder import LONGEST_SOCKET_PATH, workers_socket
from job_server.worker.config import WorkerConfig


def test_the_socket_is_in_the_folder_of_jobs(tmp_path: Path) -> None:
    assert workers_socket(Path("/data")) == Path("/data/jobs/workers.sock")


def test_a_path_too_long_for_a_socket_has_one_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    deep = tmp_path / ("deep" * 30)
    socket = workers_socket(deep)
    assert socket.parent.parent == tmp_path
    assert len(str(socket.relative_to(tmp_path))) < LONGEST_SOCKET_PATH // 2
    assert socket.parent.stat().st_mode & 0o777 == 0o700
    assert workers_socket(deep) == socket != workers_socket(deep / "er")


def test_server_and_worker_of_one_folder_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    for data in (tmp_path, tmp_path / ("deep" * 30)):
        socket = JobConfig(data=data).worker_socket()
        assert WorkerConfig(data=data).address() == f"unix:{socket}"
