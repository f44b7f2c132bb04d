"""Records as messages, which say the same as if they were written from values."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

import swath as wf
from job_server.service.message import encode_change, encode_full_job, encode_job
from job_server.service.splice import field
from job_server.store.record import AttemptRecord, JobRecord
from swath.errors import BandNotFound
from swath.graph.type import INT
from swath.job import JobSpec, Outcome, Stage, Status
from swath.types import build_graph
from swath.v1 import jobs_pb2 as pb
from swath.wire.job_answer import decode_change, decode_job
from swath.wire.job_error import encode_job_error
from swath.wire.job_spec import encode_spec
from swath.wire.type import encode_type

ERROR = BandNotFound("No red.", band="red", available=["nir"]).at(node=3)
RECORD = JobRecord(
    id="ab" * 16,
    owner="alice",
    stage=Stage.QUEUED,
    status=Status.UNSPECIFIED,
    revision=4,
    steps_done=2,
    steps_total=9,
    attempt=1,
    fence=1,
    crash_losses=0,
    memory_losses=0,
    timeout_losses=0,
    error=encode_job_error(ERROR),
    cancel_requested=False,
    created_us=100,
    updated_us=200,
    run_at_us=900,
    started_us=150,
    finished_us=None,
    expires_us=None,
    keep_us=None,
    attempt_timeout_us=1,
    age_limit_us=1,
    lease_until_us=None,
    deadline_us=None,
    worker=None,
    labels={"a": "b"},
    priority=-3,
    type=encode_type(INT).SerializeToString(),
    format="native",
    resubmitted_from=None,
    result_bytes=None,
)


def test_a_record_is_the_job_that_clients_see():
    job = decode_job(encode_job(RECORD))
    assert (job.id, job.owner, job.stage, job.status) == (
        "ab" * 16,
        "alice",
        Stage.QUEUED,
        Status.UNSPECIFIED,
    )
    assert (job.revision, job.progress.done, job.progress.total) == (4, 2, 9)
    assert (job.attempt, job.priority, job.labels, job.type) == (1, -3, {"a": "b"}, INT)
    assert (job.started_us, job.finished_us, job.result_bytes) == (150, None, None)
    assert type(job.error) is BandNotFound
    assert job.error.band == "red"


def test_a_retry_that_is_to_come_tells_its_time():
    assert decode_job(encode_job(RECORD)).retry_at_us == 900


@pytest.mark.parametrize("change", [{"run_at_us": 100}, {"stage": Stage.PREPARING}])
def test_what_does_not_wait_for_a_time_tells_none(change):
    record = dataclasses.replace(RECORD, **change)
    assert decode_job(encode_job(record)).retry_at_us is None


def test_a_change_is_the_same_job():
    record = dataclasses.replace(RECORD, id="cd" * 16, error=None)
    job, result = decode_change(encode_change(record))
    assert job == decode_job(encode_job(record))
    assert result is None


def test_a_later_revision_is_another_change():
    first = encode_change(RECORD)
    second = encode_change(dataclasses.replace(RECORD, revision=5, steps_done=3))
    assert decode_change(first) != decode_change(second)


def test_a_full_job_has_its_spec_and_its_attempts():
    spec = JobSpec(build_graph(wf.Int(1) + 2))
    attempt = AttemptRecord(1, 1, "w", 150, 180, Outcome.FAILURE, encode_job_error(ERROR))
    job = decode_job(encode_full_job(RECORD, encode_spec(spec), [attempt]))
    assert job.spec is not None
    assert encode_spec(job.spec) == encode_spec(spec)
    (told,) = job.attempts
    assert (told.number, told.started_us, told.ended_us) == (1, 150, 180)
    assert told.outcome is Outcome.FAILURE
    assert type(told.error) is BandNotFound


@given(st.binary(max_size=70_000))
def test_bytes_put_into_a_message_are_read_as_its_field(data):
    message = pb.DownloadJobResultResponse(offset=7)
    whole = message.SerializeToString() + field(2, data)
    assert pb.DownloadJobResultResponse.FromString(whole).data == data
