"""What is left when the server is killed, and what it does when it comes back."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from swath.errors import LeaseLost, SwathError, Unavailable
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import REPOSITORY


def test_an_acknowledged_job_is_there_after_kill_9(job_server):
    job = job_server.user().create(number())
    job_server.restart()
    assert job_server.user().get(job.id) == job


def test_a_create_whose_answer_was_lost_is_one_job_and_one_of_the_quota(job_server):
    """Whenever the server dies in it, the same request id leads to one job."""
    user = job_server.user()
    for round_ in range(5):
        request = number(request_id=f"lost-{round_}")
        call = threading.Thread(target=_ignoring, args=(user.create, request))
        call.start()
        time.sleep(0.0008 * round_)
        job_server.restart()
        call.join()
        user = job_server.user()
        assert user.create(request).id == user.create(request).id
        assert user.quota().outstanding == round_ + 1
        assert len(user.list().jobs) == round_ + 1


def _ignoring(verb, *args):
    with contextlib.suppress(SwathError):
        verb(*args)


def test_running_jobs_keep_their_leases_over_a_restart(job_server):
    user, worker = job_server.user(), job_server.worker()
    jobs = [user.create(number(value)).id for value in range(5)]
    leases = [worker.claim().lease for _ in jobs]
    job_server.restart()
    user, worker = job_server.user(), job_server.worker()
    for lease in leases:
        assert worker.beat(lease) == worker_pb2.HeartbeatResponse.DIRECTIVE_CONTINUE
        worker.commit(lease, b"1")
    for job in jobs:
        done = user.get(job)
        assert (done.status, done.attempt) == (pb.STATUS_SUCCESS, 1)


def test_a_job_whose_worker_was_lost_is_run_again_by_another(launch):
    server = launch(lease_s=0.5, settle_s=0.5)
    user, worker = server.user(), server.worker()
    job = user.create(number())
    lease = worker.claim().lease
    task = server.worker("other").claim(wait_s=15)
    assert (task.lease.job, task.attempt) == (job.id, 2)
    with pytest.raises(LeaseLost):
        worker.commit(lease, b"1")
    first, _ = user.get(job.id, full=True).attempts
    assert first.outcome == pb.Attempt.OUTCOME_LOST


def test_an_attempt_that_takes_too_long_ends_though_its_worker_is_there(launch):
    server = launch(settle_s=0.2)
    user, worker = server.user(), server.worker()
    job = user.create(number(attempt_timeout_s=0.5))
    lease = worker.claim().lease
    until_s = time.monotonic() + 15
    while worker.beat(lease) == worker_pb2.HeartbeatResponse.DIRECTIVE_CONTINUE:
        assert time.monotonic() < until_s
        time.sleep(0.05)
    assert user.get(job.id, full=True).attempts[0].error.reason == "DEADLINE_EXCEEDED"


def test_results_are_there_after_kill_9(job_server):
    user, worker = job_server.user(), job_server.worker()
    job = user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"x" * 2_000_000)
    worker.commit(lease, pieces=["a"])
    job_server.restart()
    assert b"".join(part.data for part in job_server.user().download(job.id)) == b"x" * 2_000_000


def test_pieces_of_an_attempt_are_there_for_the_next_after_kill_9(job_server):
    job_server.user().create(number())
    worker = job_server.worker()
    lease = worker.claim().lease
    worker.pin(lease, b"plan", steps=2)
    worker.put(lease, "a", b"pixels", steps_done=1)
    job_server.restart()
    worker = job_server.worker()
    worker.release(lease)
    task = worker.claim()
    assert (task.plan, list(task.pieces)) == (b"plan", ["a"])
    assert worker.get(task.lease, "a") == b"pixels"


def test_a_server_that_drains_lets_a_worker_commit(job_server):
    """Claims end at once, what is in progress is finished, the exit status is 0."""
    user, worker = job_server.user(), job_server.worker()
    user.create(number())
    lease = worker.claim().lease
    waiting = worker.waiting()
    time.sleep(0.1)
    began_s = time.monotonic()
    assert job_server.stop() == 0
    assert time.monotonic() - began_s < 5
    with pytest.raises(Exception, match="stopping"):
        waiting.result(5)
    job_server.start()
    job_server.worker().commit(lease, b"1")
    assert job_server.user().get(lease.job).status == pb.STATUS_SUCCESS


def test_a_second_server_on_the_same_folder_is_refused_and_harms_nothing(job_server):
    user = job_server.user()
    job = user.create(number())
    command = [sys.executable, "-m", "job_server", "--data", str(job_server.data)]
    ports = ["--jobs-port", "0", "--jobs-metrics-port", "-1"]
    done = subprocess.run(
        [*command, *ports], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert done.stderr.startswith("swath: ")
    assert "Traceback" not in done.stderr
    assert user.get(job.id) == job
    job_server.worker().claim()


def test_a_database_that_cannot_be_opened_is_an_error_that_says_so(tmp_path):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "jobs.db").write_bytes(b"this is no database" * 1000)
    command = [sys.executable, "-m", "job_server", "--data", str(tmp_path), "--jobs-port", "0"]
    done = subprocess.run(
        [*command, "--jobs-metrics-port", "-1"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr


def test_a_database_that_somebody_locks_is_unavailable_until_they_let_go(job_server):
    user = job_server.user()
    job = user.create(number())
    with sqlite3.connect(job_server.data / "jobs" / "jobs.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            user.ask("CreateJob", number(), timeout_s=60)
        other.execute("ROLLBACK")
    other.close()
    assert job_server.until(lambda: _answered(user, job.id)) == job


def _answered(user, job):
    try:
        user.create(number())
        return user.get(job)
    except Unavailable:
        return None


def test_killed_again_and_again_no_job_is_lost(job_server):
    user = job_server.user()
    made: list[str] = []
    for round_ in range(4):
        stop = threading.Event()

        def create(user=user, stop=stop):
            while not stop.is_set():
                try:
                    made.append(user.create(number(len(made))).id)
                except SwathError:
                    return

        thread = threading.Thread(target=create)
        thread.start()
        time.sleep(0.05 + 0.02 * round_)
        job_server.kill()
        stop.set()
        thread.join()
        job_server.start()
        user = job_server.user()
    assert len(made) > 4
    for job in made:
        assert user.get(job).stage == pb.STAGE_QUEUED
    path = job_server.data / "jobs" / "jobs.db"
    assert job_server.stop() == 0
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
