"""WatchJob: what is told, when, and how it ends."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from typing import Any

import grpc
import psutil
import pytest

from swath.errors import JobNotFound, ServerBusy, Unavailable
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.asked import number

WATCH = "/swath.v1.JobService/WatchJob"


def test_a_watch_begins_with_the_job_as_it_is_and_ends_when_it_is_done(user, worker):
    job = user.create(number())
    watch = user.watch(job.id)
    assert next(watch).job == job
    lease = worker.claim().lease
    assert next(watch).job.stage == pb.STAGE_PREPARING
    worker.pin(lease, b"plan", steps=4)
    running = next(watch).job
    assert (running.stage, running.progress.steps_total) == (pb.STAGE_RUNNING, 4)
    worker.commit(lease, b"1")
    assert next(watch).job.status == pb.STATUS_SUCCESS
    assert list(watch) == []


def test_revisions_only_grow(user, worker):
    job = user.create(number())
    watch = user.watch(job.id)
    seen = [next(watch).job.revision]
    lease = worker.claim().lease
    seen.append(next(watch).job.revision)
    user.cancel(job.id)
    seen.append(next(watch).job.revision)
    worker.fail(lease, worker_pb2.FailRequest.KIND_CANCELLED)
    seen.append(next(watch).job.revision)
    assert seen == sorted(set(seen))


def test_a_watch_of_a_job_that_is_done_is_one_message(user):
    job = user.cancel(user.create(number()).id)
    assert [message.job for message in user.watch(job.id)] == [job]


def test_a_watch_that_resumes_is_told_nothing_that_it_has_seen(user, worker):
    job = user.create(number())
    watch = user.watch(job.id, after_revision=job.revision)
    worker.claim()
    assert next(watch).job.stage == pb.STAGE_PREPARING


def test_a_job_that_is_done_is_told_also_to_one_who_has_seen_it(user):
    job = user.cancel(user.create(number()).id)
    messages = list(user.watch(job.id, after_revision=job.revision))
    assert [message.job for message in messages] == [job]


def test_a_small_result_comes_with_the_last_message(user, worker):
    job = user.create(number())
    worker.commit(worker.claim().lease, b"abc")
    (last,) = user.watch(job.id, with_result=True)
    assert last.result.data == b"abc"
    assert last.result.type.name == "Int"
    (without,) = user.watch(job.id)
    assert not without.HasField("result")


def test_a_large_result_has_to_be_downloaded(user, worker):
    job = user.create(number())
    worker.commit(worker.claim().lease, b"x" * 70_000)
    (last,) = user.watch(job.id, with_result=True)
    assert not last.HasField("result")


def test_a_job_that_failed_has_no_result(user, worker):
    job = user.create(number())
    worker.fail(
        worker.claim().lease, worker_pb2.FailRequest.KIND_PERMANENT, "INVALID_SOURCE", "No."
    )
    (last,) = user.watch(job.id, with_result=True)
    assert last.job.error.reason == "INVALID_SOURCE"
    assert not last.HasField("result")


def test_progress_is_told_at_most_four_times_a_second_and_the_last_step_always(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    worker.pin(lease, b"plan", steps=40)
    steps, times = [], []

    def follow():
        for message in user.watch(job.id):
            if message.HasField("job") and message.job.stage == pb.STAGE_RUNNING:
                steps.append(message.job.progress.steps_done)
                times.append(time.monotonic())

    thread = threading.Thread(target=follow)
    thread.start()
    for done in range(1, 41):
        worker.beat(lease, pb.STAGE_RUNNING, done)
        time.sleep(0.02)
    deadline_s = time.monotonic() + 5
    while steps[-1:] != [40] and time.monotonic() < deadline_s:
        time.sleep(0.02)
    worker.commit(lease, b"1")
    thread.join(10)
    assert steps[-1] == 40
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.2


def test_a_watch_says_that_the_server_is_there(launch):
    user = launch(silence_s=0.2).user()
    job = user.create(number())
    watch = user.watch(job.id)
    assert next(watch).job == job
    assert not next(watch).HasField("job")
    assert not next(watch).HasField("job")


def test_a_watch_that_is_old_ends_and_may_be_opened_again(launch):
    user = launch(watch_s=0.5, silence_s=0.2).user()
    job = user.create(number())
    with pytest.raises(Unavailable):
        list(user.watch(job.id))
    assert next(user.watch(job.id)).job == job


def test_watches_over_the_limit_are_told_to_wait(launch):
    user = launch(max_watchers=1).user()
    job = user.create(number())
    watch = user.watch(job.id)
    next(watch)
    with pytest.raises(ServerBusy) as caught:
        next(user.watch(job.id))
    assert caught.value.retry_after_ms > 0


def test_a_watch_of_a_job_that_is_deleted_meanwhile_ends(launch):
    server = launch(silence_s=0.2)
    user = server.user()
    job = user.create(number())
    watch = user.watch(job.id)
    next(watch)
    user.cancel(job.id)
    user.ask("DeleteJob", pb.DeleteJobRequest(id=job.id))
    with contextlib.suppress(JobNotFound):  # the job may be gone before the change is told
        assert list(watch)[-1].job.stage == pb.STAGE_DONE


def test_a_thousand_watchers_cost_no_thread_and_are_all_told(job_server):
    user, worker = job_server.user(), job_server.worker()
    process = psutil.Process(job_server.process.pid)
    job = user.create(number())
    user.get(job.id)
    threads = process.num_threads()
    channels: list[Any] = [job_server.connect() for _ in range(10)]
    request = pb.WatchJobRequest(id=job.id).SerializeToString()
    watches: list[Any] = [
        channel.unary_stream(WATCH)(request, timeout=60) for channel in channels for _ in range(100)
    ]
    for watch in watches:
        next(watch)
    assert process.num_threads() <= threads + 4
    before = process.cpu_times()
    time.sleep(1)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.2
    began_s = time.monotonic()
    user.get(job.id)
    assert time.monotonic() - began_s < 0.5
    lease = worker.claim().lease
    worker.commit(lease, b"1")
    for watch in watches:
        assert pb.WatchJobResponse.FromString(list(watch)[-1]).job.status == pb.STATUS_SUCCESS


def test_watchers_that_vanish_or_never_read_are_forgotten(job_server):
    user = job_server.user()
    job = user.create(number())
    request = pb.WatchJobRequest(id=job.id).SerializeToString()
    for _ in range(5):
        channel: Any = grpc.insecure_channel(
            job_server.address, (("grpc.use_local_subchannel_pool", 1),)
        )
        watches: list[Any] = [channel.unary_stream(WATCH)(request, timeout=60) for _ in range(50)]
        next(watches[0])
        channel.close()
    job_server.until_gauge("swath_watchers", 0)


def test_a_watch_ends_when_the_server_drains(job_server):
    user = job_server.user()
    job = user.create(number())
    watch = user.watch(job.id)
    next(watch)
    ended = []

    def follow():
        try:
            list(watch)
        except Unavailable as error:
            ended.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    assert job_server.stop() == 0
    thread.join(10)
    assert len(ended) == 1


def test_a_watch_goes_on_after_a_restart_where_it_was(job_server):
    user = job_server.user()
    job = user.create(number())
    watch = user.watch(job.id)
    seen = next(watch).job.revision
    job_server.restart()
    with pytest.raises(Unavailable):
        next(watch)
    again = job_server.user().watch(job.id, after_revision=seen)
    job_server.worker().claim()
    assert next(again).job.stage == pb.STAGE_PREPARING
