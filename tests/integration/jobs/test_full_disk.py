"""Jobs on disks that are full: they say why they wait, and end well once there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import swath as wf
from swath.grid import Affine, Grid, Shape2d
from swath.v1 import jobs_pb2 as pb
from tests.disks import fill_disk, small_disk
from tests.imagery import catalog_of_one
from tests.integration.jobs.running import RunningJobServer
from tests.integration.jobs.test_worker import create, done, heavy
from tests.integration.jobs.working import RunningWorker, until

MIB = 1 << 20
GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(512, 4200))
"""Two tiles of 4 MiB, and a small one."""
HERE = wf.GeoContext.from_grid(GRID)
FULL = "STORAGE_UNAVAILABLE"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A catalog with the product `p`: one image."""
    catalog_of_one(tmp_path, GRID)
    return tmp_path


@pytest.fixture
def results(images: Path) -> Iterator[Path]:
    """The folder of results, on a disk of its own."""
    with small_disk(images / "jobs" / "results", 16 * MIB) as disk:
        yield disk


@pytest.fixture
def jobs(images: Path) -> Iterator[Path]:
    """The folder of jobs, database and all, on a disk of its own."""
    with small_disk(images / "jobs", 16 * MIB) as disk:
        yield disk


@pytest.fixture
def work(images: Path) -> Iterator[Callable[..., RunningWorker]]:
    """Starts a worker of the test's folder."""
    workers: list[RunningWorker] = []

    def work(**settings: Any) -> RunningWorker:
        workers.append(RunningWorker(images, images / "worker.log", **settings))
        return workers[-1]

    yield work
    for worker in workers:
        worker.close()


def pieces(server: RunningJobServer, code: str) -> list[str]:
    """Names of the pieces whose upload ended so."""
    return [event["piece"] for event in server.events("put_piece") if event["code"] == code]


def test_a_job_without_room_for_its_result_waits_in_the_queue_says_why_and_ends_well(
    results, launch, work
):
    filler = fill_disk(results, but_bytes=6 * MIB)
    server = launch()
    work(storage_wait_s=0.5)
    user = server.user()
    id_ = create(user, heavy(1), HERE)
    changes = (change.job for change in user.watch(id_))
    waits = next(job for job in changes if job.stage == pb.STAGE_QUEUED and job.HasField("error"))
    assert waits.error.reason == FULL
    assert "No space left on device. Free space under the data folder." in waits.error.message
    assert waits.progress.steps_done == len(pieces(server, "OK")) == 1
    assert done(user, create(user, wf.Int(1) + 1)).status == pb.STATUS_SUCCESS
    filler.unlink()
    job = done(user, id_)
    assert job.status == pb.STATUS_SUCCESS
    assert job.attempts[0].outcome == pb.Attempt.OUTCOME_FAILURE
    assert job.attempts[0].error.reason == FULL
    assert len(pieces(server, "OK")) == len(set(pieces(server, "OK")))


def test_a_job_whose_database_is_full_for_a_while_is_committed_when_there_is_room(
    jobs, launch, work
):
    server = launch(lease_s=60.0)
    work()
    user = server.user()
    fill_disk(jobs, but_bytes=MIB)
    id_ = create(user, heavy(60).sum(axis="pixels"), HERE)
    server.until_event("claim")
    filler = fill_disk(jobs)
    until(lambda: [e for e in server.events("commit") if e.get("reason") == FULL])
    assert user.get(id_).stage == pb.STAGE_PREPARING
    filler.unlink()
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 1)


def test_a_job_whose_database_is_full_for_longer_than_its_lease_is_run_again_by_itself(
    jobs, launch, work
):
    server = launch(lease_s=1.0, settle_s=0.5)
    worker = work()
    user = server.user()
    fill_disk(jobs, but_bytes=MIB)
    id_ = create(user, heavy(60).sum(axis="pixels"), HERE)
    server.until_event("claim")
    filler = fill_disk(jobs)
    until(lambda: worker.events("lease_lost"))
    filler.unlink()
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 2), job
    assert job.attempts[0].outcome == pb.Attempt.OUTCOME_LOST
