"""GetJob, ListJobs, CancelJob, UpdateJob, DeleteJob and GetQuota."""

from __future__ import annotations

import pytest

from swath.errors import InvalidArgument, JobNotDone, JobNotFound
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.asked import number

NOBODY = "0" * 32
NAMING_A_JOB = [
    ("GetJob", pb.GetJobRequest),
    ("WatchJob", pb.WatchJobRequest),
    ("CancelJob", pb.CancelJobRequest),
    ("ResubmitJob", pb.ResubmitJobRequest),
    ("UpdateJob", pb.UpdateJobRequest),
    ("DeleteJob", pb.DeleteJobRequest),
    ("GetJobResult", pb.GetJobResultRequest),
    ("DownloadJobResult", pb.DownloadJobResultRequest),
]
STREAMS = {"WatchJob", "DownloadJobResult"}


def ask(user, method, request):
    """The last message of any rpc."""
    return (
        list(user.stream(method, request))[-1] if method in STREAMS else user.ask(method, request)
    )


@pytest.mark.parametrize("id_", [NOBODY, "", "x", "../../etc", "ü" * 32])
@pytest.mark.parametrize(("method", "request_of"), NAMING_A_JOB)
def test_a_job_that_there_is_not_is_not_found(user, method, request_of, id_):
    with pytest.raises(JobNotFound):
        ask(user, method, request_of(id=id_))


@pytest.mark.parametrize(("method", "request_of"), NAMING_A_JOB)
def test_an_id_that_is_far_too_long_is_refused_unread(user, method, request_of):
    with pytest.raises(InvalidArgument):
        ask(user, method, request_of(id="x" * 1000))


def test_a_full_job_has_what_it_computes_and_its_attempts(user, worker):
    request = number(5)
    job = user.create(request)
    worker.fail(
        worker.claim().lease, worker_pb2.FailRequest.KIND_PERMANENT, "BAND_NOT_FOUND", "No."
    )
    full = user.get(job.id, full=True)
    assert full.spec == request.spec
    (attempt,) = full.attempts
    assert (attempt.number, attempt.outcome) == (1, pb.Attempt.OUTCOME_FAILURE)
    assert (attempt.error.reason, full.error.reason) == ("BAND_NOT_FOUND", "BAND_NOT_FOUND")
    assert full.status == pb.STATUS_FAILURE
    assert user.get(job.id).HasField("spec") is False


def test_a_list_is_paged_newest_first_and_complete(user):
    made = [user.create(number(labels={"list": "paged"})).id for _ in range(7)]
    seen, token, pages = [], "", 0
    while True:
        page = user.list(page_size=3, page_token=token, labels={"list": "paged"})
        seen += [job.id for job in page.jobs]
        pages, token = pages + 1, page.next_page_token
        if not token:
            break
    assert seen == made[::-1]
    assert pages == 3


def test_jobs_that_are_made_meanwhile_move_no_page(user):
    made = [user.create(number(labels={"list": "moved"})).id for _ in range(4)]
    first = user.list(page_size=2, labels={"list": "moved"})
    user.create(number(labels={"list": "moved"}))
    second = user.list(page_size=2, page_token=first.next_page_token, labels={"list": "moved"})
    assert [job.id for job in (*first.jobs, *second.jobs)] == made[::-1]


def test_a_page_that_is_just_full_is_the_last(user):
    for _ in range(2):
        user.create(number(labels={"list": "full"}))
    assert user.list(page_size=2, labels={"list": "full"}).next_page_token == ""


@pytest.mark.parametrize("token", ["x", "AAAA", "ü", "=" * 10_000, "A" * 54])
def test_a_token_that_is_none_is_refused(user, token):
    with pytest.raises(InvalidArgument):
        user.list(page_token=token)


def test_a_token_of_another_list_is_refused(user):
    for _ in range(2):
        user.create(number(labels={"list": "a"}))
    token = user.list(page_size=1, labels={"list": "a"}).next_page_token
    with pytest.raises(InvalidArgument):
        user.list(page_size=1, page_token=token, labels={"list": "b"})


def test_a_list_may_ask_for_a_stage_and_a_status(user, worker):
    done, waits = (user.create(number(labels={"list": "stage"})).id for _ in range(2))
    worker.commit(worker.claim().lease, b"1")
    by = {"list": "stage"}
    assert [j.id for j in user.list(stage=pb.STAGE_DONE, labels=by).jobs] == [done]
    assert [j.id for j in user.list(stage=pb.STAGE_QUEUED, labels=by).jobs] == [waits]
    assert [j.id for j in user.list(status=pb.STATUS_SUCCESS, labels=by).jobs] == [done]
    assert list(user.list(status=pb.STATUS_FAILURE, labels=by).jobs) == []


@pytest.mark.parametrize("fields", [{"stage": 17}, {"status": 17}])
def test_a_list_of_what_there_is_not_is_refused(user, fields):
    with pytest.raises(InvalidArgument):
        user.list(**fields)


def test_a_page_is_never_larger_than_a_thousand(user):
    assert len(user.list(page_size=4_000_000_000).jobs) <= 1000


def test_a_queued_job_that_is_cancelled_is_done(user):
    job = user.cancel(user.create(number()).id)
    assert (job.stage, job.status) == (pb.STAGE_DONE, pb.STATUS_CANCELLED)
    assert user.cancel(job.id) == job


def test_a_running_job_is_cancelled_through_its_worker(user, worker):
    job = user.create(number())
    lease = worker.claim().lease
    asked = user.cancel(job.id)
    assert (asked.stage, asked.cancel_requested) == (pb.STAGE_PREPARING, True)
    assert worker.beat(lease) == worker_pb2.HeartbeatResponse.DIRECTIVE_CANCEL
    worker.fail(lease, worker_pb2.FailRequest.KIND_CANCELLED)
    assert user.get(job.id).status == pb.STATUS_CANCELLED


def test_a_job_that_is_done_stays_as_it_is(user, worker):
    job = user.create(number())
    worker.commit(worker.claim().lease, b"1")
    assert user.cancel(job.id).status == pb.STATUS_SUCCESS


def test_labels_are_replaced_and_others_stay(user):
    job = user.create(number(labels={"a": "1"}))
    update = pb.UpdateJobRequest(id=job.id)
    update.labels.labels["b"] = "2"
    changed = user.ask("UpdateJob", update).job
    assert dict(changed.labels) == {"b": "2"}
    assert changed.revision > job.revision
    same = user.ask("UpdateJob", pb.UpdateJobRequest(id=job.id, keep_s=5)).job
    assert dict(same.labels) == {"b": "2"}


def test_all_labels_may_be_taken_away(user):
    job = user.create(number(labels={"a": "1"}))
    update = pb.UpdateJobRequest(id=job.id)
    update.labels.SetInParent()
    assert dict(user.ask("UpdateJob", update).job.labels) == {}


def test_a_result_is_kept_as_long_as_it_is_asked_for(user, worker):
    job = user.create(number(keep_s=100.0))
    worker.commit(worker.claim().lease, b"1")
    done = user.get(job.id)
    assert done.expires_us - done.finished_us == 100_000_000
    for_ever = user.ask("UpdateJob", pb.UpdateJobRequest(id=job.id, keep_s=0)).job
    assert not for_ever.HasField("expires_us")


@pytest.mark.parametrize("keep_s", [-1.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(user, keep_s):
    job = user.create(number())
    with pytest.raises(InvalidArgument):
        user.ask("UpdateJob", pb.UpdateJobRequest(id=job.id, keep_s=keep_s))


def test_a_job_that_is_done_can_be_deleted_twice(user, worker):
    job = user.create(number())
    worker.commit(worker.claim().lease, b"1")
    for _ in range(2):
        user.ask("DeleteJob", pb.DeleteJobRequest(id=job.id))
    with pytest.raises(JobNotFound):
        user.get(job.id)


def test_a_deleted_job_leaves_no_bytes(shared, user, worker):
    user.create(number())
    lease = worker.claim().lease
    worker.put(lease, "a", b"x" * 100_000)
    worker.commit(lease, pieces=["a"])
    folder = shared.data / "jobs" / "results" / lease.job[:2] / lease.job
    assert len(list(folder.iterdir())) == 1
    user.ask("DeleteJob", pb.DeleteJobRequest(id=lease.job))
    shared.until(lambda: not folder.exists())  # soon after the answer, which does not wait for it


def test_a_job_that_is_not_done_is_not_deleted(user):
    job = user.create(number())
    with pytest.raises(JobNotDone) as caught:
        user.ask("DeleteJob", pb.DeleteJobRequest(id=job.id))
    assert caught.value.stage == "STAGE_QUEUED"


def test_the_quota_counts_what_is_not_done_and_what_runs(user, worker):
    before = user.quota()
    user.create(number())
    user.create(number())
    worker.claim()
    now = user.quota()
    assert (now.owner, now.outstanding_limit, now.running_limit) == ("local", 120, 0)
    assert now.outstanding - before.outstanding == 2
    assert now.running - before.running == 1
