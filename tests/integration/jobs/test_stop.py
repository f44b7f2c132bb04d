"""AwaitStop: a worker hears at once that it is to stop a job."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import grpc
import pytest

from swath.errors import DeadlineExceeded, InvalidArgument, LeaseLost, Unavailable
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb
from tests.integration.jobs.asked import number
from tests.integration.jobs.running import error_in

CONTINUE = pb.HeartbeatResponse.DIRECTIVE_CONTINUE
CANCEL = pb.HeartbeatResponse.DIRECTIVE_CANCEL
SOON_S = 2.0
"""Much less than a worker would wait without being told."""


@pytest.fixture
def lease(user, worker) -> pb.Lease:
    """Of a job that the worker has."""
    user.create(number())
    return worker.claim().lease


@pytest.fixture
def waiting(shared, worker, lease):
    """An AwaitStop that the server holds back."""
    call = worker.awaiting_stop(lease)
    shared.until_gauge("swath_in_flight", 1)
    yield call
    call.cancel()
    shared.until_gauge("swath_in_flight", 0)


def error_of(call) -> Exception:
    """The error that a call ends with soon."""
    with pytest.raises(grpc.RpcError) as caught:
        call.result(SOON_S)
    return error_in(caught.value)


def test_a_cancellation_is_told_to_who_waits_for_it(user, lease, waiting):
    user.cancel(lease.job)
    assert waiting.result(SOON_S).directive == CANCEL


def test_a_cancellation_from_before_is_told_at_once(user, worker, lease):
    user.cancel(lease.job)
    assert worker.awaiting_stop(lease).result(SOON_S).directive == CANCEL


def test_a_cancellation_is_told_though_whoever_asked_for_it_did_not_wait(launch):
    server = launch()
    user, worker = server.user(), server.worker()
    user.create(number())
    lease = worker.claim().lease
    waiting = worker.awaiting_stop(lease)
    server.until_gauge("swath_in_flight", 1)
    database = server.data / "jobs" / "jobs.db"
    with closing(sqlite3.connect(database, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        with pytest.raises(DeadlineExceeded):
            user.ask("CancelJob", jobs_pb2.CancelJobRequest(id=lease.job), timeout_s=0.5)
    assert waiting.result(SOON_S).directive == CANCEL


@pytest.mark.parametrize("end", ["release", "commit", "fail"])
def test_a_lease_that_ends_is_told_to_who_waits(worker, lease, waiting, end):
    how = {
        "release": lambda: worker.release(lease),
        "commit": lambda: worker.commit(lease, b"1"),
        "fail": lambda: worker.fail(lease, pb.FailRequest.KIND_PERMANENT, "INTERNAL", "No."),
    }
    how[end]()
    assert isinstance(error_of(waiting), LeaseLost)


def test_progress_ends_no_wait(user, worker, lease, waiting):
    worker.pin(lease, b"plan", steps=2)
    worker.put(lease, "tile-0", b"x", steps_done=1)
    worker.beat(lease, jobs_pb2.STAGE_SAVING)
    assert not waiting.done()
    user.cancel(lease.job)
    assert waiting.result(SOON_S).directive == CANCEL


def test_a_wait_that_is_over_says_to_go_on(worker, lease):
    began_s = time.monotonic()
    assert worker.await_stop(lease, 0.3) == CONTINUE
    assert 0.25 < time.monotonic() - began_s < SOON_S
    assert worker.await_stop(lease, 0) == CONTINUE


@pytest.mark.parametrize("wait_s", [-1.0, 31.0, float("nan")])
def test_a_wait_without_end_is_refused(worker, lease, wait_s):
    with pytest.raises(InvalidArgument):
        worker.await_stop(lease, wait_s)


def test_who_waits_is_no_watcher_of_users(shared, user, lease, waiting):
    assert shared.gauge("swath_watchers") == 0


def test_a_wait_keeps_no_lease(launch):
    server = launch(lease_s=0.5, settle_s=0.1)
    server.user().create(number())
    worker = server.worker()
    assert isinstance(error_of(worker.awaiting_stop(worker.claim().lease)), LeaseLost)


def test_a_wait_ends_when_the_server_drains(launch):
    server = launch(drain_s=30.0)
    server.user().create(number())
    worker = server.worker()
    waiting = worker.awaiting_stop(worker.claim().lease)
    server.until_gauge("swath_in_flight", 1)
    began_s = time.monotonic()
    assert server.stop() == 0
    assert isinstance(error_of(waiting), Unavailable)
    assert time.monotonic() - began_s < 10
