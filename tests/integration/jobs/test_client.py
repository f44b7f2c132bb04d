"""`wf.compute`, `wf.Job` and `JobClient` against a whole job server."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import pytest

import swath as wf
from swath.client import Job, JobClient, compute
from swath.errors import (
    BandNotFound,
    Cancelled,
    JobNotDone,
    JobNotFound,
    ResourceExhausted,
    TypeMismatch,
)
from swath.graph.canonical import digest
from swath.graph.type import INT
from swath.job import Outcome, Stage, Status
from swath.stream import Header, Trailer
from swath.wire.delimited import write_delimited
from swath.wire.stream import write_stream
from swath.worker.v1 import worker_pb2 as pb
from tests.integration.jobs.running import RunningJobServer
from tests.integration.jobs.scripted import ScriptedWorker

N: Any = wf.Int
FOUR = N(3) + 1
NATIVE_FOUR = b"".join(write_delimited(write_stream([Header(INT, 4), Trailer()])))


@pytest.fixture
def client(shared: RunningJobServer) -> Iterator[JobClient]:
    """A client of the shared server; what is left is cancelled."""
    client = JobClient(shared.address)
    yield client
    for job in client.list(Stage.QUEUED):
        client.cancel(job.id)
    client.close()


def in_background(act: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_computing_gives_what_the_worker_computed(
    client: JobClient, worker: ScriptedWorker
) -> None:
    done = in_background(lambda: worker.commit(worker.claim().lease, NATIVE_FOUR))
    assert compute(FOUR, client=client, timeout=20) == 4
    done.join()


def test_a_job_is_found_again_with_all_that_went_in(
    client: JobClient, worker: ScriptedWorker
) -> None:
    where = wf.GeoContext(bounds=(0, 0, 1, 1), crs="EPSG:4326", resolution=0.5)
    made = Job(N(2) + wf.parameter("n", N), where, client=client, labels={"a": "b"}, n=5)
    job = Job.get(made.id, client)
    assert digest(wf.build_graph(job.object)) == digest(wf.build_graph(N(2) + wf.parameter("n", N)))
    assert job.geoctx is not None and job.geoctx.value == where.value  # type: ignore[attr-defined]
    assert (job.arguments, job.labels, job.type) == ({"n": 5}, {"a": "b"}, INT)
    assert [found.id for found in Job.list(labels={"a": "b"}, client=client)] == [made.id]
    assert (job.version, job.channel) == (version("swath"), "v1")
    assert (job.result_type, job.cache_enabled, job.url) == ("Int", False, None)
    job.cancel()


def test_progress_is_seen_while_it_runs(client: JobClient, worker: ScriptedWorker) -> None:
    job = Job(FOUR, client=client)
    changes = job.watch(timeout=20)
    assert next(changes).stage is Stage.QUEUED
    lease = worker.claim().lease
    worker.pin(lease, b"plan", steps=4)
    while job.stage is not Stage.RUNNING:
        next(changes)
    assert job.progress.total == 4
    worker.commit(lease, NATIVE_FOUR)
    assert [found.done for found in changes][-1:] == [True]
    assert job.result() == 4


def test_a_large_result_is_downloaded_whole(client: JobClient, worker: ScriptedWorker) -> None:
    data = bytes(range(256)) * 20_000
    job = Job(FOUR, format="json", client=client)
    lease = worker.claim().lease
    worker.put(lease, "all", data)
    worker.commit(lease, pieces=["all"], format="json")
    described = client.result(job.id)
    assert (described.size_bytes, described.crc32) == (len(data), zlib.crc32(data))
    assert job.result(timeout=20) == data


def test_a_failed_job_raises_the_error_of_the_worker(
    client: JobClient, worker: ScriptedWorker
) -> None:
    job = Job(FOUR, client=client)
    lease = worker.claim().lease
    worker.fail(lease, pb.FailRequest.KIND_PERMANENT, "BAND_NOT_FOUND", "There is no band nir.")
    with pytest.raises(BandNotFound, match="no band nir"):
        job.result(timeout=20)
    assert [attempt.outcome for attempt in job.attempts] == [Outcome.FAILURE]


def test_a_cancelled_job_raises_cancelled(client: JobClient) -> None:
    job = Job(FOUR, client=client)
    assert job.cancel().status is Status.CANCELLED
    with pytest.raises(Cancelled):
        job.result(timeout=20)


def test_a_timeout_cancels_the_job(client: JobClient) -> None:
    job = Job(FOUR, client=client)
    with pytest.raises(TimeoutError):
        job.result(timeout=0.2)
    assert job.refresh().cancelled


def test_a_job_that_is_not_done_is_not_deleted(client: JobClient) -> None:
    job = Job(FOUR, client=client)
    with pytest.raises(JobNotDone):
        job.delete()
    job.cancel().delete()
    with pytest.raises(JobNotFound):
        job.refresh()


def test_a_job_is_repeated_and_relabelled(client: JobClient) -> None:
    job = Job(FOUR, client=client)
    again = job.cancel().resubmit()
    assert again.id != job.id
    assert again.update(labels={"c": "d"}, keep=60).labels == {"c": "d"}
    assert client.get(again.id).resubmitted_from == job.id


def test_what_is_wrong_with_an_expression_is_told_before_it_is_queued(client: JobClient) -> None:
    with pytest.raises(TypeMismatch):
        compute(FOUR, n=3, client=client)
    assert client.quota().outstanding == 0


def test_a_used_up_quota_is_told_at_once(launch: Callable[..., RunningJobServer]) -> None:
    client = JobClient(launch(outstanding_limit=1).address)
    Job(FOUR, client=client)
    with pytest.raises(ResourceExhausted) as caught:
        Job(FOUR, client=client)
    assert caught.value.code == 429


def test_following_survives_a_server_that_is_killed_and_started_again(
    job_server: RunningJobServer,
) -> None:
    client = JobClient(job_server.address)
    job = Job(FOUR, client=client)
    changes = job.watch(timeout=60)
    next(changes)
    job_server.restart()
    worker = job_server.worker()
    done = in_background(lambda: worker.commit(worker.claim(20).lease, NATIVE_FOUR))
    assert [found.done for found in changes][-1] is True
    done.join()
    assert job.result() == 4
