"""Two job servers on one PostgreSQL and one data folder keep every promise together."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from swath.errors import ResourceExhausted
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import RunningJobServer, User
from tests.stores import schema

pytestmark = pytest.mark.xdist_group("several_servers")  # its servers are started once

LEASE_S = 1.0
TOLD_S = 5.0
"""A change is told within a second of a look at the database; a busy machine may take longer. What
nobody tells is found after 15 s."""


@pytest.fixture(scope="module")
def pair(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RunningJobServer]]:
    """Two servers, each with an address for workers of its own."""
    data = tmp_path_factory.mktemp("jobs")
    with schema(postgres_server) as url:
        shared = {"database": url, "lease_s": LEASE_S, "settle_s": 0.2, "outstanding_limit": 50}
        servers = [
            RunningJobServer(data, {**shared, "worker_address": f"unix:{data}/{name}"})
            for name in ("first", "second")
        ]
        for server in servers:
            server.start()
        yield servers
        for server in servers:
            server.close()


@pytest.fixture
def servers(pair: list[RunningJobServer]) -> Iterator[list[RunningJobServer]]:
    """Those two, with nothing to do, before and after the test."""
    yield pair
    user = pair[0].user()
    while waiting := user.list(page_size=1000, stage=pb.STAGE_QUEUED).jobs:
        for job in waiting:
            user.cancel(job.id)


def test_the_quota_is_exact_whichever_server_is_asked(servers):
    users = [server.user() for server in servers for _ in range(4)]

    def create(count: int) -> bool:
        try:
            users[count % len(users)].create(number(count))
        except ResourceExhausted:
            return False
        return True

    with ThreadPoolExecutor(len(users)) as callers:
        assert sum(callers.map(create, range(120))) == 50
    assert [user.quota().outstanding for user in users[:5:4]] == [50, 50]


def test_a_request_that_is_sent_to_both_is_one_job(servers):
    users = [server.user() for server in servers for _ in range(4)]
    together = threading.Barrier(len(users))

    def create(user: User) -> str:
        together.wait()
        return user.create(number(1, request_id="the same")).id

    with ThreadPoolExecutor(len(users)) as callers:
        assert len(set(callers.map(create, users))) == 1
    assert users[0].quota().outstanding == 1


def test_each_job_is_handed_out_once(servers):
    for count in range(40):
        servers[count % 2].user().create(number(count))
    workers = [server.worker(f"{i}") for i, server in enumerate(servers * 2)]

    def work(worker) -> list[str]:
        done = []
        while (assignment := worker.try_claim(0.5)) is not None:
            worker.commit(assignment.lease, b"a result")
            done.append(assignment.lease.job)
        return done

    with ThreadPoolExecutor(len(workers)) as hands:
        done = [job for jobs in hands.map(work, workers) for job in jobs]
    assert len(done) == len(set(done)) == 40


def test_a_job_of_one_server_is_run_by_a_worker_of_the_other_and_its_watcher_hears(servers):
    here, there = servers
    user, worker = here.user(), there.worker()
    waiting = worker.waiting()
    there.until_gauge("swath_workers_waiting", 1)
    job = user.create(number()).id
    changes = user.watch(job)
    assert next(changes).job.stage == pb.STAGE_QUEUED
    began_s = time.monotonic()
    lease = waiting.result(20).assignment.lease
    assert lease.job == job
    worker.commit(lease, b"the result")
    *_, last = changes
    assert last.job.status == pb.STATUS_SUCCESS
    assert time.monotonic() - began_s < TOLD_S
    assert user.result(job).data == b"the result"


def test_a_worker_of_one_server_hears_of_a_cancellation_through_the_other(servers):
    here, there = servers
    worker = there.worker()
    job = here.user().create(number()).id
    waiting = worker.awaiting_stop(worker.claim(wait_s=20).lease)
    there.until_gauge("swath_in_flight", 1)
    here.user().cancel(job)
    assert waiting.result(TOLD_S).directive == worker_pb2.HeartbeatResponse.DIRECTIVE_CANCEL
    worker.fail(worker.handed[-1], worker_pb2.FailRequest.KIND_CANCELLED)


def test_a_large_result_is_downloaded_from_either(servers):
    here, there = servers
    job, whole = here.user().create(number()).id, bytes(range(256)) * 4096
    worker = there.worker()
    lease = worker.claim(wait_s=20).lease
    worker.put(lease, "whole", whole)
    worker.commit(lease, pieces=["whole"])
    for server in servers:
        assert b"".join(m.data for m in server.user().download(job)) == whole


def test_jobs_of_a_server_that_was_killed_go_on_at_the_other(servers):
    here, there = servers
    job = here.user().create(number()).id
    assert here.worker().claim(wait_s=20).lease.job == job
    here.kill()
    worker = there.worker("next")
    lease = worker.claim(wait_s=20).lease
    assert (lease.job, lease.fence) == (job, 2)
    worker.commit(lease, b"the result")
    assert there.user().get(job).status == pb.STATUS_SUCCESS
    here.start()
