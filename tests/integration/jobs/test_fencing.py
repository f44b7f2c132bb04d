"""A worker that lost its lease changes nothing, however late it wakes up; on both databases."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from swath.errors import LeaseLost
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.chaos.postgres import Postgres, postgres
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import REPOSITORY, RunningJobServer
from tests.integration.jobs.scripted import ScriptedWorker

LEASE_S = 0.6
JOBS, WORKERS = 40, 4
SLEEPY = 0.25
"""Share of the attempts that are asleep, for longer than a lease, between work and commit."""


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """A PostgreSQL of this module."""
    with postgres() as started:
        yield started


@pytest.fixture(params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, launch: Callable[..., RunningJobServer]
) -> RunningJobServer:
    """A job server with short leases on each database."""
    url = request.getfixturevalue("database").url if request.param == "postgres" else ""
    return launch(lease_s=LEASE_S, settle_s=0.2, database=url)


@contextmanager
def stale_worker(server: RunningJobServer) -> Iterator[Any]:
    """The process of the program `stale_worker`."""
    module = "tests.integration.jobs.stale_worker"
    where = (server.worker_address, str(server.secret_file))
    with subprocess.Popen(
        [sys.executable, "-m", module, *where],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def test_a_worker_that_wakes_up_after_its_lease_is_refused_whatever_it_tries(server):
    user = server.user()
    job = user.create(number()).id
    with stale_worker(server) as asleep:
        assert asleep.stdout.readline().split() == ["claimed", job, "1"]
        asleep.send_signal(signal.SIGSTOP)
        other = server.worker("other")
        lease = other.claim(wait_s=20).lease
        assert lease == worker_pb2.Lease(job=job, fence=2)
        asleep.send_signal(signal.SIGCONT)
        asleep.stdin.write("\n")
        asleep.stdin.flush()
        with kept(other, lease):
            verdicts = json.loads(asleep.stdout.readline())
        other.commit(lease, b"the result")
    assert set(verdicts.values()) == {"refused"}, verdicts
    assert len(verdicts) == 11
    assert user.get(job).status == pb.STATUS_SUCCESS
    assert user.result(job).data == b"the result"


@contextmanager
def kept(worker: ScriptedWorker, lease: worker_pb2.Lease) -> Iterator[None]:
    """While the block runs, a worker sends heartbeats."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(LEASE_S / 4):
            worker.beat(lease)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_of_many_jobs_whose_workers_fall_asleep_each_is_committed_once_by_its_last_lease(server):
    """The experiment that finds a guard by id alone, and one by id and stage, to be no guard."""
    user = server.user()
    jobs = [user.create(number(value)).id for value in range(JOBS)]
    commits: dict[str, list[int]] = defaultdict(list)
    refusals: list[str] = []
    threads = [
        threading.Thread(target=work_sleepily, args=(server, seed, user, commits, refusals))
        for seed in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals, "nobody slept for too long: the test has tested nothing"
    for job in (user.get(id_, full=True) for id_ in jobs):
        won = [one for one in job.attempts if one.outcome == pb.Attempt.OUTCOME_SUCCESS]
        lost = [one for one in job.attempts if one.outcome == pb.Attempt.OUTCOME_LOST]
        if job.status == pb.STATUS_SUCCESS:
            assert len(won) == 1
            (fence,) = commits[job.id]
            assert fence == len(job.attempts)
            assert user.result(job.id).data == b"by %d" % fence
        else:
            assert (job.error.reason, len(lost), commits[job.id]) == ("ENGINE_CRASHED", 3, [])
    assert user.quota().outstanding == user.quota().running == 0


def work_sleepily(
    server: RunningJobServer,
    seed: int,
    user: Any,
    commits: dict[str, list[int]],
    refusals: list[str],
) -> None:
    """Take jobs and commit them, until none is left; now and then after a nap."""
    rng = random.Random(seed)
    secret = server.secret_file.read_text()
    with closing(ScriptedWorker(server.worker_address, secret, f"sleepy-{seed}")) as worker:
        while user.quota().outstanding:
            task = worker.try_claim(0.3)
            if task is None:
                continue
            if rng.random() < SLEEPY:
                time.sleep(LEASE_S * 3 if rng.random() < 0.7 else LEASE_S * 0.9)
            try:
                worker.commit(task.lease, b"by %d" % task.lease.fence)
                commits[task.lease.job].append(task.lease.fence)
            except LeaseLost:
                refusals.append(task.lease.job)


def test_a_server_that_was_away_for_longer_than_leases_hands_each_job_on_once(server):
    user, gone, alive = server.user(), server.worker("gone"), server.worker("alive")
    silent = user.create(number(1)).id
    lease = gone.claim().lease
    server.settings["settle_s"] = 2.0  # a living worker has that long to say so
    user.create(number(2))
    kept_lease = alive.claim().lease
    server.kill()
    time.sleep(1.5 * LEASE_S)
    server.start()
    alive = server.worker("alive")
    with kept(alive, kept_lease):
        following = server.worker("next")
        task = following.claim(wait_s=20)
        following.commit(task.lease, b"in time")
        assert task.lease == worker_pb2.Lease(job=silent, fence=2)
        with pytest.raises(LeaseLost):
            server.worker("gone").commit(lease, b"late")
        alive.commit(kept_lease, b"kept")
    user = server.user()
    assert user.result(silent).data == b"in time"
    assert user.get(kept_lease.job).attempt == 1
    assert user.quota().outstanding == 0
