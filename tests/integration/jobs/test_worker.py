"""Real workers of a real job server: what users asked for is computed, whatever happens."""

from __future__ import annotations

import io
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import rasterio

import swath as wf
from engine import Catalog, Engine
from swath.grid import Affine, Grid, Shape2d
from swath.job import JobSpec
from swath.results import assemble
from swath.types import build_graph
from swath.v1 import jobs_pb2 as pb
from swath.wire.delimited import read_delimited
from swath.wire.job_spec import fill_spec
from swath.wire.stream import read_stream
from tests.imagery import catalog_of_one
from tests.integration.jobs.running import RunningJobServer, User
from tests.integration.jobs.working import RunningWorker, until
from tests.laws.test_one_result import bits

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(4200, 4200))
"""Nine tiles."""
HERE = wf.GeoContext.from_grid(GRID)
LEASE_S = 1.0


@pytest.fixture
def job_server(launch: Callable[..., RunningJobServer], images: Path) -> RunningJobServer:
    """A job server with short leases that it sees end at once; in its folder is the catalog."""
    return launch(lease_s=LEASE_S, settle_s=LEASE_S)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A catalog with the product `p`: one image, nine tiles large."""
    catalog_of_one(tmp_path, GRID)
    return tmp_path


@pytest.fixture
def work(images: Path) -> Iterator[Callable[..., RunningWorker]]:
    """Starts workers of the test's folder."""
    workers: list[RunningWorker] = []

    def work(**settings: Any) -> RunningWorker:
        log = images / f"worker-{len(workers)}.log"
        workers.append(RunningWorker(images, log, **settings))
        return workers[-1]

    yield work
    for worker in workers:
        worker.close()


def heavy(rounds: int = 4) -> Any:
    """Some seconds of work, tile after tile."""
    image = wf.ImageCollection.from_id("p").mosaic().pick_bands("b1")
    for _ in range(rounds):
        image = wf.sqrt(wf.exp(wf.sin(image)) + image * 0.5)
    return image


def create(user: User, expression: Any, where: Any = None, encoding: str = "native") -> str:
    """The id of a new job."""
    request = pb.CreateJobRequest()
    context = None if where is None else where.value
    fill_spec(request.spec, JobSpec(build_graph(expression), context, {}, encoding))
    return user.create(request).id


def done(user: User, job: str, limit_s: float = 60) -> pb.Job:
    """The job, when it is done."""
    found: pb.Job = until(
        lambda: (now := user.get(job, full=True)).stage == pb.STAGE_DONE and now, limit_s
    )
    return found


def downloaded(user: User, job: str) -> bytes:
    """All bytes of a result."""
    request = pb.DownloadJobResultRequest(id=job)
    return b"".join(message.data for message in user.stream("DownloadJobResult", request))


def same_as_here(server: RunningJobServer, data: bytes, expression: Any) -> bool:
    """Whether a native result is to the bit what an engine of this process computes."""
    with Catalog.open(server.data, read_only=True) as catalog:
        expected = Engine(catalog).inspect(expression, HERE)
    return bool(bits(assemble(read_stream(read_delimited([data])))) == bits(expected))


TILE = re.compile(r'"piece": "(tile[^"]*)"')


def tiles_of(server: RunningJobServer) -> int:
    """Tiles that workers sent so far."""
    return len(TILE.findall(server.log.read_text()))


def all_are_there(server: RunningJobServer) -> bool:
    """Whether each of nine tiles was sent, and none twice but for one that was on its way."""
    sent = TILE.findall(server.log.read_text())
    assert len(sent) <= 9 + 1
    return len(set(sent)) == 9


def test_a_scalar_job_is_done_in_one_step(job_server, work):
    work()
    user = job_server.user()
    job = done(user, create(user, wf.Int(20) + 22))
    assert job.status == pb.STATUS_SUCCESS, job.error
    assert (job.progress.steps_done, job.progress.steps_total) == (1, 1)
    assert assemble(read_stream(read_delimited([downloaded(user, job.id)]))) == 42


def test_an_image_of_many_tiles_is_to_the_bit_what_the_engine_gives(job_server, work):
    work()
    user, expression = job_server.user(), wf.ImageCollection.from_id("p").mosaic() * 2
    job = done(user, create(user, expression, HERE))
    assert job.status == pb.STATUS_SUCCESS, job.error
    assert (job.progress.steps_done, job.progress.steps_total) == (9, 9)
    assert same_as_here(job_server, downloaded(user, job.id), expression)


def test_a_geotiff_of_many_tiles_is_a_file_that_others_read(job_server, work):
    work()
    user, image = job_server.user(), wf.ImageCollection.from_id("p").mosaic()
    job = done(user, create(user, image, HERE, "geotiff"))
    assert job.status == pb.STATUS_SUCCESS, job.error
    with (
        rasterio.open(io.BytesIO(downloaded(user, job.id))) as result,
        rasterio.open(job_server.data / "2020-01-01.tif") as source,
    ):
        assert (result.read() == source.read()).all()


def test_an_error_of_the_computation_ends_the_job_with_its_place(job_server, work):
    work()
    user = job_server.user()
    job = done(user, create(user, wf.ImageCollection.from_id("none").mosaic(), HERE))
    assert (job.status, job.error.reason) == (pb.STATUS_FAILURE, "PRODUCT_NOT_FOUND")
    assert job.error.details.op
    assert job.attempt == 1


def test_a_child_that_is_killed_costs_an_attempt_and_no_tile(job_server, work):
    worker, user = work(), job_server.user()
    id_ = create(user, heavy(), HERE)
    until(lambda: tiles_of(job_server) >= 2)
    busiest = max(worker.children(), key=lambda child: child.cpu_times().user)
    busiest.kill()
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 2), job.error
    until(lambda: all_are_there(job_server))  # the log comes a moment later
    assert same_as_here(job_server, downloaded(user, id_), heavy())


def test_a_worker_that_is_killed_costs_an_attempt_and_no_tile(job_server, work):
    first, user = work(), job_server.user()
    id_ = create(user, heavy(), HERE)
    until(lambda: tiles_of(job_server) >= 2)
    children = first.children()
    first.signal(signal.SIGKILL)
    first.status()
    assert not psutil.wait_procs(children, timeout=10)[1]
    work()
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 2), job.error
    until(lambda: all_are_there(job_server))  # the log comes a moment later


def test_a_worker_that_slept_past_its_lease_changes_nothing(job_server, work):
    sleeper, user = work(), job_server.user()
    id_ = create(user, heavy(), HERE)
    until(lambda: tiles_of(job_server) >= 1)
    sleeper.signal(signal.SIGSTOP)
    until(lambda: user.get(id_).stage == pb.STAGE_QUEUED)
    work()
    until(lambda: user.get(id_).attempt == 2)
    sleeper.signal(signal.SIGCONT)
    until(lambda: sleeper.events("lease_lost"))
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 2), job.error
    assert not sleeper.events("committed")
    assert same_as_here(job_server, downloaded(user, id_), heavy())


def test_a_terminated_worker_gives_its_job_back_and_no_attempt_is_counted(job_server, work):
    first, user = work(), job_server.user()
    id_ = create(user, heavy(), HERE)
    until(lambda: tiles_of(job_server) >= 2)
    first.signal(signal.SIGTERM)
    assert first.status() == 0
    assert user.get(id_).stage == pb.STAGE_QUEUED
    work()
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 1), job.error
    until(lambda: all_are_there(job_server))  # the log comes a moment later


def test_a_server_that_is_killed_and_comes_back_costs_nothing(launch, images, work):
    server = launch(lease_s=20.0)
    worker, user = work(), server.user()
    id_ = create(user, heavy(), HERE)
    until(lambda: tiles_of(server) >= 2)
    server.restart()
    job = done(user, id_)
    assert (job.status, job.attempt) == (pb.STATUS_SUCCESS, 1), job.error
    assert not worker.events("lease_lost")
    assert same_as_here(server, downloaded(user, id_), heavy())


def test_a_cancelled_job_stops_long_before_a_heartbeat_and_its_worker_goes_on(launch, images, work):
    server = launch(lease_s=60.0)
    work(heartbeat_s=15.0)
    user = server.user()
    id_ = create(user, heavy(100).sum(axis="pixels"), HERE)  # no tile that is refused tells of it
    server.until_event("claim")
    server.until_gauge("swath_in_flight", 1)
    user.cancel(id_)
    assert done(user, id_, 2).status == pb.STATUS_CANCELLED
    assert done(user, create(user, wf.Int(1) + 1)).status == pb.STATUS_SUCCESS
