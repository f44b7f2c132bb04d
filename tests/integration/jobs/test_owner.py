"""`swath owner`: limits of one owner, by the running server or alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import swath as wf
from job_server.command import owner
from swath.client.jobs import JobClient
from swath.errors import InvalidArgument, ResourceExhausted, Unavailable
from tests.integration.jobs.running import RunningJobServer


def said(folder: Path, *words: str) -> str:
    """What the command prints."""
    found = CliRunner().invoke(owner, [*words, "--data", str(folder)], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_a_running_server_gives_an_owner_limits_of_its_own(
    launch: Callable[..., RunningJobServer], tmp_path: Path
) -> None:
    client = JobClient(launch().address)
    assert said(tmp_path, "local", "--outstanding", "1").startswith("local: 0 of 1 jobs not done")
    (wf.Int(1) + 1).compute(client=client, block=False)
    with pytest.raises(ResourceExhausted) as refused:
        (wf.Int(1) + 1).compute(client=client, block=False)
    assert refused.value.limit == 1
    assert client.quota().outstanding_limit == 1
    assert "1 of 1 jobs" in said(tmp_path, "local")


def test_limits_that_are_not_given_stay(
    launch: Callable[..., RunningJobServer], tmp_path: Path
) -> None:
    launch()
    said(tmp_path, "ann", "--outstanding", "7", "--running", "2")
    assert "of 7 jobs not done" in said(tmp_path, "ann", "--running", "3")
    assert "0 of 3 running" in said(tmp_path, "ann")


def test_without_a_server_the_store_is_changed_alone(
    launch: Callable[..., RunningJobServer], tmp_path: Path
) -> None:
    server = launch()
    server.kill()
    assert "0 of 3 jobs" in said(tmp_path, "local", "--outstanding", "3")
    server.start()
    assert JobClient(server.address).quota().outstanding_limit == 3


def test_a_server_that_listens_for_workers_elsewhere_is_reached_there(
    launch: Callable[..., RunningJobServer], tmp_path: Path
) -> None:
    server = launch(worker_address="127.0.0.1:0")
    with pytest.raises(Unavailable, match="--worker-address"):
        said(tmp_path, "local", "--outstanding", "3")
    assert "0 of 3 jobs" in said(
        tmp_path, "local", "--outstanding", "3", "--worker-address", server.worker_address
    )


def test_an_owner_without_a_name_is_refused(
    launch: Callable[..., RunningJobServer], tmp_path: Path
) -> None:
    launch()
    with pytest.raises(InvalidArgument, match="name"):
        said(tmp_path, "")
