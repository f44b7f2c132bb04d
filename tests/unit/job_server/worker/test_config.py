"""Settings of a worker, and where it finds its server."""

from __future__ import annotations

from pathlib import Path

import pytest

from job_server.service.workers.secret import FILE, open_secret
from job_server.worker.config import MIB, WorkerConfig
from swath.errors import InvalidArgument, PermissionDenied


def test_the_defaults_fit_each_other():
    assert WorkerConfig().validate() == WorkerConfig()


@pytest.mark.parametrize(
    "setting",
    [
        {"memory_bytes": 600 * MIB},
        {"pixels_bytes": 0},
        {"spares": -1},
        {"heartbeat_s": 0.0},
        {"drain_s": -1.0},
        {"storage_wait_s": -1.0},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_settings_that_do_not_fit_are_named(setting):
    with pytest.raises(InvalidArgument, match=next(iter(setting))):
        WorkerConfig(**setting).validate()


def test_a_worker_finds_the_server_of_its_data_folder(tmp_path):
    config = WorkerConfig(data=tmp_path)
    secret = open_secret(tmp_path / "jobs" / FILE)
    assert config.secret() == secret
    assert config.address() == f"unix:{tmp_path}/jobs/workers.sock"


def test_a_server_elsewhere_is_reached_where_it_is_said(tmp_path):
    (tmp_path / "s").write_text("0123456789abcdef0123456789abcdef\n")
    config = WorkerConfig(server="jobs.example:7074", secret_file=tmp_path / "s")
    assert (config.address(), config.secret()) == (
        "jobs.example:7074",
        "0123456789abcdef0123456789abcdef",
    )


@pytest.mark.parametrize("content", [None, b"", b"short", b"\xff" * 40])
def test_a_secret_that_is_none_is_told(tmp_path, content):
    path = tmp_path / "s"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PermissionDenied, match="secret of workers"):
        WorkerConfig(secret_file=path).secret()


def test_children_get_absolute_folders_and_the_limits(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = WorkerConfig(data=Path("here"), root=(Path("images"),)).child()
    assert spec.settings["roots"] == [str(tmp_path / "images")]
    assert spec.settings["data"] == str(tmp_path / "here")
    assert spec.memory_bytes == 2048 * MIB
