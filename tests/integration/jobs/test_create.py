"""CreateJob and ResubmitJob: what is queued, what is refused, and what is the same job again."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

import swath as wf
from swath.errors import (
    BadRequest,
    GeoContextRequired,
    InvalidArgument,
    InvalidGraph,
    JobDeleted,
    JobNotFound,
    RequestIdReused,
    RequestTooLarge,
    ResourceExhausted,
    UnsupportedDestination,
    UnsupportedFormat,
)
from swath.status import PUSHBACK_KEY
from swath.v1 import jobs_pb2 as pb
from swath.wire.limits import DEFAULT_LIMITS
from tests.integration.jobs.asked import create_of, number


def test_a_job_is_queued_and_known_from_then_on(user):
    job = user.create(number(labels={"a": "b"}, priority=7))
    assert (len(job.id), job.owner, job.stage, job.status) == (32, "local", pb.STAGE_QUEUED, 0)
    assert (job.revision, job.attempt, job.priority, dict(job.labels)) == (1, 0, 7, {"a": "b"})
    assert job.type.name == "Int"
    assert user.get(job.id) == job


def test_two_creates_without_request_id_are_two_jobs(user):
    assert user.create(number()).id != user.create(number()).id


def test_a_repeated_create_is_the_same_job_and_takes_no_quota(user):
    first = user.create(number(request_id="again"))
    used = user.quota().outstanding
    assert user.create(number(request_id="again")) == first
    assert user.quota().outstanding == used


def test_a_repeated_create_gives_the_job_as_it_is_now(user, worker):
    job = user.create(number(request_id="later"))
    worker.commit(worker.claim().lease, b"4")
    assert user.create(number(request_id="later")).stage == pb.STAGE_DONE
    assert user.get(job.id).stage == pb.STAGE_DONE


def test_a_request_id_of_another_request_is_refused(user):
    user.create(number(3, request_id="one"))
    with pytest.raises(RequestIdReused) as caught:
        user.create(number(4, request_id="one"))
    assert caught.value.request_id == "one"


def test_a_request_id_that_is_too_long_is_refused(user):
    with pytest.raises(InvalidArgument):
        user.create(number(request_id="x" * 129))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda r: r.ClearField("spec"), BadRequest),
        (lambda r: setattr(r.spec.graph, "result", 99), InvalidGraph),
        (lambda r: setattr(r.spec.format, "name", "papyrus"), UnsupportedFormat),
        (lambda r: setattr(r.spec.destination, "name", "email"), UnsupportedDestination),
        (lambda r: r.spec.arguments["x"].SetInParent(), InvalidGraph),
        (lambda r: setattr(r, "priority", 101), InvalidArgument),
        (lambda r: setattr(r, "priority", -(2**31)), InvalidArgument),
        (lambda r: setattr(r, "keep_s", -1.0), InvalidArgument),
        (lambda r: setattr(r, "keep_s", float("nan")), InvalidArgument),
        (lambda r: setattr(r, "attempt_timeout_s", 0.0), InvalidArgument),
        (lambda r: setattr(r, "attempt_timeout_s", float("inf")), InvalidArgument),
        (lambda r: r.labels.update({"x" * 64: "y"}), InvalidArgument),
        (lambda r: r.labels.update({"": "y"}), InvalidArgument),
        (lambda r: r.labels.update({str(i): "y" for i in range(65)}), InvalidArgument),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_queued(user, change, error):
    before = user.quota().outstanding
    request = number()
    change(request)
    with pytest.raises(error):
        user.create(request)
    assert user.quota().outstanding == before


def test_pixels_need_a_place(user):
    with pytest.raises(GeoContextRequired):
        user.create(create_of(wf.Image.from_id("some:image")))


def test_a_request_over_our_limit_has_our_error(user):
    with pytest.raises(RequestTooLarge) as caught:
        user.raw("CreateJob", b"\0" * (DEFAULT_LIMITS.request_bytes + 1))
    assert caught.value.limit == DEFAULT_LIMITS.request_bytes


def test_over_the_quota_nothing_is_queued_and_clients_are_told_not_to_retry(launch):
    server = launch(outstanding_limit=2)
    user, worker = server.user(), server.worker()
    for value in range(2):
        user.create(number(value))
    rpc = user.channel.unary_unary("/swath.v1.JobService/CreateJob")
    with pytest.raises(grpc.RpcError) as raised:
        rpc(number(9).SerializeToString())
    end: Any = raised.value
    assert end.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert dict(end.trailing_metadata())[PUSHBACK_KEY] == "-1"
    with pytest.raises(ResourceExhausted) as caught:
        user.create(number(9))
    assert (caught.value.limit, caught.value.used, caught.value.code) == (2, 2, 429)
    assert user.quota().outstanding == 2
    worker.commit(worker.claim().lease, b"1")
    assert user.create(number(9)).stage == pb.STAGE_QUEUED


def test_a_replay_is_answered_also_over_the_quota(launch):
    user = launch(outstanding_limit=1).user()
    first = user.create(number(request_id="a"))
    assert user.create(number(request_id="a")) == first


def gone(user, job: pb.Job) -> None:
    user.cancel(job.id)
    user.ask("DeleteJob", pb.DeleteJobRequest(id=job.id))


def test_a_create_repeated_after_its_job_was_deleted_says_so(user):
    first = user.create(number(request_id="deleted"))
    gone(user, first)
    with pytest.raises(JobDeleted, match=first.id) as caught:
        user.create(number(request_id="deleted"))
    assert (caught.value.job_id, caught.value.request_id) == (first.id, "deleted")
    assert user.ask("GetQuota", pb.GetQuotaRequest()).outstanding == 0
    assert user.create(number(request_id="another")).id != first.id


def test_a_resubmit_repeated_after_its_job_was_deleted_says_so(user):
    first = user.create(number())
    ask = pb.ResubmitJobRequest(id=first.id, request_id="resubmitted")
    second = user.ask("ResubmitJob", ask).job
    gone(user, second)
    with pytest.raises(JobDeleted, match=second.id):
        user.ask("ResubmitJob", ask)
    gone(user, first)
    with pytest.raises(JobDeleted, match=second.id):
        user.ask("ResubmitJob", ask)


def test_a_job_is_repeated_with_its_specification(user, worker):
    first = user.create(number(5, labels={"a": "b"}, priority=3))
    worker.commit(worker.claim().lease, b"6")
    second = user.ask("ResubmitJob", pb.ResubmitJobRequest(id=first.id)).job
    assert second.id != first.id
    assert second.resubmitted_from == first.id
    assert (dict(second.labels), second.priority) == ({"a": "b"}, 3)
    assert user.get(second.id, full=True).spec == user.get(first.id, full=True).spec


def test_a_repeated_resubmit_is_one_job(user):
    first = user.create(number())
    ask = pb.ResubmitJobRequest(id=first.id, request_id="r")
    assert user.ask("ResubmitJob", ask) == user.ask("ResubmitJob", ask)


def test_a_repeated_resubmit_finds_its_job_also_when_the_first_was_deleted(user):
    first = user.create(number())
    ask = pb.ResubmitJobRequest(id=first.id, request_id="d")
    second = user.ask("ResubmitJob", ask)
    user.ask("CancelJob", pb.CancelJobRequest(id=first.id))
    user.ask("DeleteJob", pb.DeleteJobRequest(id=first.id))
    assert user.ask("ResubmitJob", ask) == second
    with pytest.raises(JobNotFound):
        user.ask("ResubmitJob", pb.ResubmitJobRequest(id=first.id, request_id="e"))


def test_a_request_id_of_a_resubmit_is_no_other_resubmit(user):
    first, second = user.create(number(1)), user.create(number(2))
    user.ask("ResubmitJob", pb.ResubmitJobRequest(id=first.id, request_id="s"))
    with pytest.raises(RequestIdReused):
        user.ask("ResubmitJob", pb.ResubmitJobRequest(id=second.id, request_id="s"))


def test_what_is_not_there_is_not_repeated(user):
    with pytest.raises(JobNotFound):
        user.ask("ResubmitJob", pb.ResubmitJobRequest(id="0" * 32))
