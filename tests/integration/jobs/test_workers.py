"""WorkerService: who gets which job, and who may still change it."""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from contextlib import closing
from typing import Any

import grpc
import pytest

from swath.errors import (
    BadRequest,
    DeadlineExceeded,
    InvalidArgument,
    LeaseLost,
    Unauthenticated,
)
from swath.v1 import jobs_pb2
from swath.worker.v1 import worker_pb2 as pb
from tests.integration.jobs.asked import number
from tests.integration.jobs.scripted import ScriptedWorker

Kind = pb.FailRequest
CONTINUE = pb.HeartbeatResponse.DIRECTIVE_CONTINUE
LOST = pb.HeartbeatResponse.DIRECTIVE_LEASE_LOST


def test_a_job_is_handed_out_once_with_all_that_it_needs(user, worker):
    request = number(5, attempt_timeout_s=77.0)
    job = user.create(request)
    task = worker.claim()
    assert (task.lease.job, task.attempt, task.spec) == (job.id, 1, request.spec)
    assert (task.lease_s, task.timeout_s, task.memory_losses) == (60, 77, 0)
    assert (task.HasField("plan"), list(task.pieces)) == (False, [])
    assert worker.try_claim() is None
    seen = user.get(job.id)
    assert (seen.stage, seen.attempt) == (jobs_pb2.STAGE_PREPARING, 1)


def test_a_claim_without_a_job_waits_as_long_as_it_says(worker):
    began_s = time.monotonic()
    assert worker.try_claim(wait_s=0.3) is None
    assert 0.25 < time.monotonic() - began_s < 2


def test_a_waiting_claim_gets_a_job_as_soon_as_it_is_queued(user, worker):
    waiting = worker.waiting()
    time.sleep(0.1)
    began_s = time.monotonic()
    job = user.create(number())
    assert waiting.result(5).assignment.lease.job == job.id
    assert time.monotonic() - began_s < 1


def test_each_of_many_waiting_claims_gets_one_job(user, shared):
    workers = [shared.worker(f"w{i}") for i in range(5)]
    waiting = [worker.waiting() for worker in workers]
    jobs = {user.create(number(i)).id for i in range(5)}
    leases = [future.result(5).assignment.lease for future in waiting]
    assert {lease.job for lease in leases} == jobs
    for worker, lease in zip(workers, leases, strict=True):
        worker.fail(lease, Kind.KIND_CANCELLED)


def test_the_one_who_waits_longest_is_served_first(user, shared):
    first, second = (shared.worker(name) for name in ("first", "second"))
    waits = first.waiting()
    time.sleep(0.1)
    waits_too = second.waiting(wait_s=1)
    time.sleep(0.1)
    user.create(number())
    lease = waits.result(5).assignment.lease
    assert not waits_too.result(5).HasField("assignment")
    first.fail(lease, Kind.KIND_CANCELLED)


def test_a_claim_that_was_cancelled_takes_no_job(user, worker, shared):
    gone = shared.worker("gone")
    for _ in range(20):
        waiting = gone.waiting()
        time.sleep(0.01)
        waiting.cancel()
    job = user.create(number())
    assert worker.claim(wait_s=5).lease.job == job.id


def test_a_worker_that_vanishes_while_it_waits_takes_no_job(user, worker, shared):
    gone = ScriptedWorker(shared.worker_address, shared.secret_file.read_text(), "gone")
    gone.waiting()
    time.sleep(0.1)
    gone.close()
    job = user.create(number())
    assert worker.claim(wait_s=5).lease.job == job.id


def test_a_job_is_with_no_claim_that_was_cancelled(launch):
    """What such a claim took comes back; only a claim that was answered keeps its job."""
    server = launch()
    user, worker, gone = server.user(), server.worker(), server.worker("gone")
    made, found = set(), set()
    for i in range(60):
        waiting = gone.waiting()
        made.add(user.create(number(i)).id)
        time.sleep((i % 7) / 2000)
        waiting.cancel()
    while (task := worker.try_claim(wait_s=0.5)) is not None:
        assert task.attempt == 1
        found.add(task.lease.job)
    server.until(lambda: len(server.events("claim")) >= 60 + len(found))
    answered = {e["next"] for e in server.events("claim") if e["code"] == "OK" and "next" in e}
    assert made - found <= answered
    assert {e["job"] for e in server.events("given_back")} <= found | answered


def test_higher_priorities_go_first(user, worker):
    low = user.create(number(priority=-5)).id
    high = user.create(number(priority=5)).id
    assert [worker.claim().lease.job for _ in range(2)] == [high, low]


def test_an_owner_at_its_limit_waits_until_one_of_its_jobs_is_done(launch):
    server = launch(running_limit=1)
    user, worker, other = server.user(), server.worker("a"), server.worker("b")
    first, second = user.create(number(1)), user.create(number(2))
    lease = worker.claim().lease
    assert lease.job == first.id
    waiting = other.waiting()
    time.sleep(0.2)
    assert not waiting.done()
    worker.commit(lease, b"1")
    assert waiting.result(5).assignment.lease.job == second.id


def test_a_retry_is_handed_out_when_its_time_has_come(user, worker):
    job = user.create(number())
    worker.fail(worker.claim().lease, Kind.KIND_TRANSIENT, "SOURCE_UNAVAILABLE", "Not now.")
    waits = user.get(job.id)
    assert (waits.stage, waits.error.reason) == (jobs_pb2.STAGE_QUEUED, "SOURCE_UNAVAILABLE")
    task = worker.claim(wait_s=10)
    assert (task.lease.job, task.attempt) == (job.id, 2)
    assert user.get(job.id).attempt == 2


@pytest.mark.parametrize("wait_s", [-1.0, 31.0, float("nan")])
def test_a_claim_that_waits_for_ever_is_refused(worker, wait_s):
    with pytest.raises(InvalidArgument):
        worker.try_claim(wait_s)


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_a_worker_without_identity_is_refused(shared, name):
    with pytest.raises(InvalidArgument):
        shared.worker(name).try_claim()


def test_heartbeats_tell_stage_and_steps(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.pin(lease, b"plan", steps=9)
    assert worker.beat(lease, jobs_pb2.STAGE_RUNNING, 3) == CONTINUE
    seen = user.get(job.id)
    assert (seen.stage, seen.progress.steps_done, seen.progress.steps_total) == (
        jobs_pb2.STAGE_RUNNING,
        3,
        9,
    )
    assert worker.beat(lease, jobs_pb2.STAGE_SAVING) == CONTINUE
    assert user.get(job.id).stage == jobs_pb2.STAGE_SAVING


def test_one_heartbeat_may_speak_of_many_jobs_and_of_one_that_is_lost(user, worker):
    leases = []
    for value in range(3):
        user.create(number(value))
        leases.append(worker.claim().lease)
    leases.insert(1, pb.Lease(job="0" * 32, fence=1))
    beats = [pb.Beat(lease=lease) for lease in leases]
    answer = worker.ask("Heartbeat", pb.HeartbeatRequest(worker="worker", beats=beats))
    assert list(answer.directives) == [CONTINUE, LOST, CONTINUE, CONTINUE]


@pytest.mark.parametrize("stage", [jobs_pb2.STAGE_QUEUED, jobs_pb2.STAGE_DONE])
def test_a_heartbeat_cannot_end_a_job(user, worker, stage):
    user.create(number())
    lease = worker.claim().lease
    with pytest.raises(InvalidArgument):
        worker.beat(lease, stage)


def test_a_stage_that_only_a_newer_worker_knows_costs_no_lease(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.beat(lease, jobs_pb2.STAGE_RUNNING)
    assert worker.beat(lease, 17, steps_done=3) == CONTINUE
    seen = user.get(job.id)
    assert (seen.stage, seen.progress.steps_done) == (jobs_pb2.STAGE_RUNNING, 3)


def test_a_plan_is_kept_for_later_attempts(user, worker):
    user.create(number())
    lease = worker.claim().lease
    worker.pin(lease, b"the plan", version="7", steps=3)
    worker.put(lease, "tile-0", b"pixels", steps_done=1)
    worker.release(lease)
    task = worker.claim()
    assert (task.plan, task.engine_version, list(task.pieces)) == (b"the plan", "7", ["tile-0"])
    assert worker.get(task.lease, "tile-0") == b"pixels"


def test_the_first_plan_of_a_version_stays(user, worker):
    user.create(number())
    lease = worker.claim().lease
    worker.pin(lease, b"one")
    worker.pin(lease, b"two")
    worker.release(lease)
    assert worker.claim().plan == b"one"


def test_a_piece_is_stored_and_tells_progress(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.pin(lease, b"plan", steps=2)
    data = bytes(range(256)) * 20_000
    worker.put(lease, "tile-1", data, steps_done=1)
    assert worker.get(lease, "tile-1") == data
    assert user.get(job.id).progress.steps_done == 1


def test_a_piece_that_is_there_stays_as_it_is_and_leaves_one_object(shared, user, worker):
    user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"first")
    worker.put(lease, "a", b"second")
    worker.put(lease, "a", b"first")
    assert worker.get(lease, "a") == b"first"
    assert len(list((shared.data / "jobs/results" / lease.job[:2] / lease.job).iterdir())) == 1


@pytest.mark.parametrize("head", [{"size_bytes": 5}, {"size_bytes": 3}, {"crc32": 1}])
def test_a_piece_that_is_not_what_it_says_is_refused_and_leaves_nothing(shared, user, worker, head):
    user.create(number())
    lease = worker.claim().lease
    with pytest.raises(InvalidArgument):
        worker.put(lease, "a", b"four", **head)
    with pytest.raises(InvalidArgument):
        worker.get(lease, "a")
    assert list((shared.data / "jobs/results/staging").iterdir()) == []


def test_a_piece_that_is_longer_than_it_says_is_refused_before_its_end(user, worker):
    user.create(number())
    lease = worker.claim().lease
    with pytest.raises(InvalidArgument):
        worker.put(lease, "a", b"x" * 40_000_000, size_bytes=10)


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 65, "ü", "a b"])
def test_a_name_that_is_none_is_refused(user, worker, name):
    user.create(number())
    lease = worker.claim().lease
    if name == "..":
        worker.put(lease, name, b"x")  # a name like any other: its object's has more behind it
        assert worker.get(lease, name) == b"x"
        return
    with pytest.raises(InvalidArgument):
        worker.put(lease, name, b"x")


def test_an_upload_that_is_broken_off_leaves_nothing(shared, user, worker):
    user.create(number())
    lease = worker.claim().lease
    broken = threading.Event()

    def parts():
        head = pb.PieceHead(lease=lease, name="a", size_bytes=2_000_000, crc32=1)
        yield pb.PutPieceRequest(head=head, data=b"x" * 1_000_000)
        broken.wait(10)

    call = worker.start_put(parts())
    staging = shared.data / "jobs/results/staging"
    shared.until(lambda: list(staging.iterdir()))
    call.cancel()
    shared.until(lambda: not list(staging.iterdir()))
    broken.set()
    uploads = shared.until(
        lambda: [e for e in shared.events("put_piece") if e.get("job") == lease.job]
    )
    [upload] = uploads
    # gRPC sometimes ends the messages before it tells that the call is cancelled.
    assert upload["piece"] == "a"
    assert upload["code"] in ("CANCELLED", "INVALID_ARGUMENT")


def test_an_upload_without_a_head_is_refused(worker):
    with pytest.raises(InvalidArgument):
        worker.ask("PutPiece", iter([pb.PutPieceRequest(data=b"x")]))
    with pytest.raises(InvalidArgument):
        worker.ask("PutPiece", iter([]))


def test_a_commit_ends_a_job_and_may_be_repeated(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    for _ in range(2):
        worker.commit(lease, b"abc")
    done = user.get(job.id)
    assert (done.stage, done.status) == (jobs_pb2.STAGE_DONE, jobs_pb2.STATUS_SUCCESS)
    assert done.result_bytes == 3


def test_a_repeated_commit_changes_no_result(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"abc")
    worker.commit(lease, pieces=["a"])
    worker.commit(lease, pieces=["a"])
    worker.commit(lease, b"other")
    assert user.result(job.id).data == b"abc"


def test_a_commit_gives_the_next_job_at_once(user, worker):
    first, second = user.create(number(1)), user.create(number(2))
    lease = worker.claim().lease
    assert lease.job == first.id
    task = worker.commit(lease, b"1", claim_next=True)
    assert task is not None
    assert (task.lease.job, task.attempt) == (second.id, 1)
    assert worker.commit(task.lease, b"2", claim_next=True) is None


def test_a_commit_that_its_worker_did_not_wait_for_gives_the_next_job_back(launch):
    server = launch()
    user, worker, other = server.user(), server.worker(), server.worker("other")
    first, second = user.create(number(1)), user.create(number(2))
    lease = worker.claim().lease
    request = pb.CommitRequest(
        lease=lease, format="native", data=b"1", claim_next=True, worker="worker"
    )
    with closing(sqlite3.connect(server.data / "jobs" / "jobs.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        with pytest.raises(DeadlineExceeded):
            worker.ask("Commit", request, timeout_s=0.5)
        held.execute("ROLLBACK")
    task = other.claim()
    assert (task.lease.job, task.attempt) == (second.id, 1)
    assert user.get(first.id).status == jobs_pb2.STATUS_SUCCESS


def test_the_checksum_of_pieces_is_that_of_all_bytes(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"x" * 100_000)
    worker.put(lease, "b", b"y" * 7)
    worker.commit(lease, pieces=["b", "a"])
    result = user.result(job.id)
    whole = b"y" * 7 + b"x" * 100_000
    assert (result.size_bytes, result.crc32) == (len(whole), zlib.crc32(whole))


def test_a_commit_of_a_piece_that_is_not_there_is_refused(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"x")
    with pytest.raises(InvalidArgument, match="'b'"):
        worker.commit(lease, pieces=["a", "b"])
    assert user.get(job.id).stage != jobs_pb2.STAGE_DONE
    worker.commit(lease, pieces=["a"])


def test_a_commit_of_data_and_pieces_is_refused(user, worker):
    user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"x")
    with pytest.raises(InvalidArgument):
        worker.commit(lease, b"x", pieces=["a"])


def test_a_result_that_is_too_large_for_the_database_is_refused(user, worker):
    user.create(number())
    lease = worker.claim().lease
    with pytest.raises(InvalidArgument):
        worker.commit(lease, b"x" * 1_100_000)


def test_a_permanent_failure_ends_a_job_and_may_be_repeated(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    for _ in range(2):
        worker.fail(lease, Kind.KIND_PERMANENT, "BAND_NOT_FOUND", "There is no red.")
    seen = user.get(job.id)
    assert (seen.status, seen.error.message) == (jobs_pb2.STATUS_FAILURE, "There is no red.")


def test_a_failure_of_no_kind_is_refused(user, worker):
    user.create(number())
    lease = worker.claim().lease
    with pytest.raises(InvalidArgument):
        worker.fail(lease, 0)


def test_a_job_that_is_released_is_queued_again_and_no_attempt_is_counted(user, worker):
    job = user.create(number())
    worker.release(worker.claim().lease)
    assert user.get(job.id).stage == jobs_pb2.STAGE_QUEUED
    assert worker.claim().attempt == 1


def test_a_job_that_is_released_goes_to_one_who_waits(user, worker, shared):
    user.create(number())
    lease = worker.claim().lease
    other = shared.worker("other")
    waiting = other.waiting()
    time.sleep(0.1)
    worker.release(lease)
    taken = waiting.result(5).assignment.lease
    assert taken.job == lease.job
    assert taken.fence > lease.fence
    other.fail(taken, Kind.KIND_CANCELLED)


def stale(user, worker) -> pb.Lease:
    """A lease of a job that has been handed on."""
    user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "before", b"x")
    worker.release(lease)
    worker.claim()
    return lease


STALE = {
    "await stop": lambda worker, lease: worker.await_stop(lease, 20),
    "pin": lambda worker, lease: worker.pin(lease, b"plan"),
    "put": lambda worker, lease: worker.put(lease, "late", b"x"),
    "put again": lambda worker, lease: worker.put(lease, "before", b"x"),
    "get": lambda worker, lease: worker.get(lease, "before"),
    "commit": lambda worker, lease: worker.commit(lease, b"x"),
    "commit pieces": lambda worker, lease: worker.commit(lease, pieces=["before"]),
    "commit missing": lambda worker, lease: worker.commit(lease, pieces=["nothing"]),
    "fail": lambda worker, lease: worker.fail(lease, Kind.KIND_TRANSIENT, "UNAVAILABLE", "No."),
    "cancelled": lambda worker, lease: worker.fail(lease, Kind.KIND_CANCELLED),
    "release": lambda worker, lease: worker.release(lease),
}


@pytest.mark.parametrize("verb", STALE.values(), ids=STALE)
def test_a_stale_worker_can_change_nothing(user, worker, verb):
    lease = stale(user, worker)
    before = user.get(lease.job)
    with pytest.raises(LeaseLost):
        verb(worker, lease)
    assert worker.beat(lease) == LOST
    assert user.get(lease.job) == before


@pytest.mark.parametrize("verb", STALE.values(), ids=STALE)
def test_a_lease_of_a_job_that_there_is_not_is_lost(worker, verb):
    with pytest.raises(LeaseLost):
        verb(worker, pb.Lease(job="0" * 32, fence=1))


def test_bytes_that_a_stale_worker_stores_again_are_those_of_the_job_still(user, worker):
    """Its upload is refused, but the object, which counts, must not be removed with it."""
    lease = stale(user, worker)
    with pytest.raises(LeaseLost):
        worker.put(lease, "before", b"x")
    now = worker.handed[-1]
    assert worker.get(now, "before") == b"x"


def test_a_commit_after_cancellation_is_refused(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    user.cancel(job.id)
    with pytest.raises(LeaseLost):
        worker.commit(lease, b"1")
    worker.fail(lease, Kind.KIND_CANCELLED)
    assert user.get(job.id).status == jobs_pb2.STATUS_CANCELLED


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 64])
@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Claim", pb.ClaimRequest(worker="w")),
        ("Heartbeat", pb.HeartbeatRequest(worker="w")),
        ("AwaitStop", pb.AwaitStopRequest()),
        ("Pin", pb.PinRequest()),
        ("Commit", pb.CommitRequest()),
        ("Fail", pb.FailRequest()),
        ("Release", pb.ReleaseRequest()),
    ],
)
def test_without_the_secret_nobody_is_a_worker(shared, secret, method, request_):
    stranger = ScriptedWorker(shared.worker_address, secret, "w")
    with pytest.raises(Unauthenticated):
        stranger.ask(method, request_)
    stranger.close()


def test_without_the_secret_no_bytes_come_in_or_out(shared):
    stranger = ScriptedWorker(shared.worker_address, "wrong", "w")
    lease = pb.Lease(job="0" * 32, fence=1)
    with pytest.raises(Unauthenticated):
        stranger.put(lease, "a", b"x")
    with pytest.raises(Unauthenticated):
        stranger.get(lease, "a")
    stranger.close()


def test_users_reach_no_rpc_of_workers(shared, user):
    rpc = user.channel.unary_unary("/swath.worker.v1.WorkerService/Claim")
    header = (("authorization", f"Bearer {shared.secret_file.read_text()}"),)
    with pytest.raises(grpc.RpcError) as caught:
        rpc(pb.ClaimRequest(worker="w").SerializeToString(), metadata=header)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_workers_reach_no_rpc_of_users(shared):
    channel: Any = grpc.insecure_channel(shared.worker_address)
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/swath.v1.JobService/ListJobs")(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    channel.close()


def test_only_the_user_of_the_server_may_open_the_socket(shared):
    socket = shared.data / "jobs" / "workers.sock"
    assert socket.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "method", ["Claim", "Heartbeat", "AwaitStop", "Pin", "Commit", "Fail", "Release"]
)
def test_bytes_that_are_no_request_of_a_worker_are_refused(worker, method):
    with pytest.raises(BadRequest):
        worker.raw(method, b"\xff\xff\xff")
