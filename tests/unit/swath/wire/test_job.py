from __future__ import annotations

import contextlib
import math
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swath.errors import (
    BadRequest,
    InternalError,
    InvalidArgument,
    JobNotFound,
    RequestTooLarge,
    SwathError,
    Unavailable,
    Where,
    every_error,
)
from swath.graph.graph import Graph, Literal
from swath.graph.limits import Limits as GraphLimits
from swath.graph.type import INT
from swath.job import (
    Attempt,
    Destination,
    JobInfo,
    JobResult,
    JobSpec,
    Outcome,
    Progress,
    Quota,
    Stage,
    Status,
)
from swath.v1 import jobs_pb2 as pb
from swath.wire import job_answer as answer
from swath.wire import job_request as request
from swath.wire.job_answer import Piece
from swath.wire.job_error import decode_job_error, encode_job_error
from swath.wire.job_request import CreateJob, ListJobs, UpdateJob, WatchJob
from swath.wire.job_spec import decode_spec, encode_spec
from swath.wire.limits import Limits
from tests.unit.swath.wire.drawn import geocontexts, graphs, same, text, types, values

ONE = Graph((Literal(1, INT),), (), (), 0)

named = st.dictionaries(text, values, max_size=2)
counts = st.integers(0, 2**32 - 1)
times = st.integers(-(2**62), 2**62)
stored = text.filter(lambda text: "\0" not in text)
labels = st.dictionaries(stored.filter(bool), stored, max_size=3)
ids = st.text("0123456789abcdef", min_size=32, max_size=32)
seconds = st.floats(0, 1e9)
destinations = st.builds(Destination, text.filter(bool), named)
specs = st.builds(
    JobSpec,
    graphs(),
    st.none() | geocontexts,
    named,
    text.filter(bool),
    named,
    destinations,
    text.filter(lambda text: len(text) <= 128),
)
places = st.builds(Where, node=st.none() | st.integers(0, 99), op=st.none() | text)


@st.composite
def errors(draw: st.DrawFn) -> SwathError:
    cls = draw(st.sampled_from(every_error()))
    fields = {name: draw(st.integers(-(2**63), 2**63 - 1) | text) for name in cls.FIELDS}
    return cls(draw(text.filter(bool)), where=draw(places), **fields)


attempts = st.builds(
    Attempt, counts, times, st.none() | times, st.sampled_from(Outcome), st.none() | errors()
)
infos = st.builds(
    JobInfo,
    id=ids,
    owner=text,
    stage=st.sampled_from(Stage),
    status=st.sampled_from(Status),
    revision=times,
    progress=st.builds(Progress, counts, counts),
    attempt=counts,
    created_us=times,
    updated_us=times,
    error=st.none() | errors(),
    cancel_requested=st.booleans(),
    started_us=st.none() | times,
    finished_us=st.none() | times,
    expires_us=st.none() | times,
    retry_at_us=st.none() | times,
    labels=labels,
    priority=st.integers(-100, 100),
    type=st.none() | types,
    resubmitted_from=st.none() | ids,
    result_bytes=st.none() | times,
    spec=st.none() | specs,
    attempts=st.lists(attempts, max_size=2).map(tuple),
)
results = st.builds(
    JobResult, types, text.filter(bool), st.integers(0, 2**62), counts, st.none() | st.binary()
)


def told(error: SwathError | None) -> Any:
    return error and (type(error), error.problem, error.where, error.fields)


def told_of_spec(spec: JobSpec | None) -> Any:
    """A spec as plain values that `same` compares; dicts have no order on the wire."""
    if spec is None:
        return None
    ordered = [
        sorted(named.items(), key=lambda item: item[0])
        for named in (spec.arguments, spec.options, spec.destination.options)
    ]
    plain = spec.graph, spec.geocontext, spec.format, spec.destination.name, spec.client
    return *plain, ordered


def alike(a: JobInfo, b: JobInfo) -> bool:
    spec_a, spec_b = told_of_spec(a.spec), told_of_spec(b.spec)
    apart = {"error", "attempts", "spec", "labels"}
    plain = [name for name in JobInfo.__dataclass_fields__ if name not in apart]
    return (
        all(getattr(a, name) == getattr(b, name) for name in plain)
        and dict(a.labels) == dict(b.labels)
        and told(a.error) == told(b.error)
        and [(x.number, x.started_us, x.ended_us, x.outcome, told(x.error)) for x in a.attempts]
        == [(x.number, x.started_us, x.ended_us, x.outcome, told(x.error)) for x in b.attempts]
        and (spec_a is None) == (spec_b is None)
        and (spec_a is None or spec_a[:4] == spec_b[:4])
        and (spec_a is None or same(spec_a[4], spec_b[4]))
    )


@settings(max_examples=100, deadline=None)
@given(infos)
def test_a_job_comes_back_as_it_was(job: JobInfo) -> None:
    assert alike(answer.decode_job(answer.encode_job(job)), job)


@settings(max_examples=100, deadline=None)
@given(specs)
def test_a_spec_comes_back_as_it_was(spec: JobSpec) -> None:
    back = told_of_spec(decode_spec(encode_spec(spec)))
    assert back[:4] == told_of_spec(spec)[:4]
    assert same(back[4], told_of_spec(spec)[4])


@settings(max_examples=50, deadline=None)
@given(specs)
def test_a_spec_has_the_same_bytes_each_time(spec: JobSpec) -> None:
    once = encode_spec(spec)
    assert encode_spec(decode_spec(once)) == once


@settings(max_examples=200, deadline=None)
@given(errors())
def test_the_error_of_a_job_is_the_same_class_with_its_place_and_fields(error: SwathError) -> None:
    assert told(decode_job_error(encode_job_error(error))) == told(error)


def test_an_error_without_a_sentence_travels_with_that_of_its_class() -> None:
    assert decode_job_error(encode_job_error(JobNotFound())).problem == (
        "The caller has no job of that id."
    )


def test_a_reason_of_a_newer_server_is_the_class_that_its_code_implies() -> None:
    data = pb.JobError(code=14, reason="MOON_ECLIPSED", message="Wait.").SerializeToString()
    assert told(decode_job_error(data))[:2] == (Unavailable, "Wait.")


def test_bytes_that_are_no_error_are_an_internal_error() -> None:
    assert type(decode_job_error(b"\xff\xff")) is InternalError


@settings(max_examples=60, deadline=None)
@given(
    specs,
    stored,
    labels,
    st.integers(-100, 100),
    st.none() | seconds,
    st.none() | st.floats(1e-3, 1e9),
)
def test_a_create_comes_back_as_it_was(
    spec: JobSpec,
    request_id: str,
    named: dict[str, str],
    priority: int,
    keep_s: float | None,
    timeout_s: float | None,
) -> None:
    asked = CreateJob(spec, request_id, named, priority, keep_s, timeout_s)
    back = request.decode_create(request.encode_create(asked))
    assert (back.request_id, dict(back.labels), back.priority) == (request_id, named, priority)
    assert (back.keep_s, back.attempt_timeout_s) == (keep_s, timeout_s)
    assert encode_spec(back.spec) == encode_spec(spec)


@settings(max_examples=50, deadline=None)
@given(
    st.none() | st.sampled_from(Stage),
    st.none() | st.sampled_from([s for s in Status if s is not Status.UNSPECIFIED]),
    labels,
    st.integers(1, 1000),
    text,
)
def test_a_list_comes_back_as_it_was(
    stage: Stage | None, status: Status | None, named: dict[str, str], size: int, token: str
) -> None:
    asked = ListJobs(stage, status, named, size, token)
    assert request.decode_list(request.encode_list(asked)) == asked


@given(st.integers(0, 2**62), st.booleans())
def test_other_questions_come_back_as_they_were(number: int, flag: bool) -> None:
    asked = WatchJob("a1", number, flag)
    assert request.decode_watch(request.encode_watch(asked)) == asked
    assert request.decode_get(request.encode_get("a1", flag)) == ("a1", flag)
    assert request.decode_id(request.encode_id("a1")) == "a1"
    assert request.decode_resubmit(request.encode_resubmit("a1", "r")) == ("a1", "r")
    assert request.decode_download(request.encode_download("a1", number)) == ("a1", number)
    request.decode_quota_question(request.encode_quota_question())


@given(st.none() | labels, st.none() | seconds)
def test_an_update_comes_back_as_it_was(named: dict[str, str] | None, keep_s: float | None) -> None:
    asked = UpdateJob("a1", named, keep_s)
    assert request.decode_update(request.encode_update(asked)) == asked


@settings(max_examples=50, deadline=None)
@given(st.lists(infos, max_size=2), text)
def test_a_page_of_jobs_comes_back_as_it_was(jobs: list[JobInfo], token: str) -> None:
    back, next_token = answer.decode_jobs(answer.encode_jobs(jobs, token))
    assert next_token == token
    assert len(back) == len(jobs)
    assert all(map(alike, back, jobs))


@settings(max_examples=50, deadline=None)
@given(st.none() | infos, st.none() | results)
def test_a_change_comes_back_as_it_was(job: JobInfo | None, result: JobResult | None) -> None:
    back, back_result = answer.decode_change(answer.encode_change(job, result))
    assert back_result == result
    assert (back is None) == (job is None)
    assert back is None or job is None or alike(back, job)


@given(results)
def test_a_result_comes_back_as_it_was(result: JobResult) -> None:
    assert answer.decode_result(answer.encode_result(result)) == result


@given(st.integers(0, 2**62), st.binary(), counts)
def test_a_piece_comes_back_as_it_was(offset: int, data: bytes, crc32: int) -> None:
    piece = Piece(offset, data, crc32)
    assert answer.decode_piece(answer.encode_piece(piece)) == piece


@given(text, counts, counts, counts, counts)
def test_a_quota_comes_back_as_it_was(owner: str, a: int, b: int, c: int, d: int) -> None:
    quota = Quota(owner, a, b, c, d)
    assert answer.decode_quota(answer.encode_quota(quota)) == quota


def test_every_rpc_that_names_only_a_job_has_the_same_bytes() -> None:
    for message in (pb.CancelJobRequest, pb.DeleteJobRequest, pb.GetJobResultRequest):
        assert message.FromString(request.encode_id("a1")).id == "a1"
        assert [field.name for field in message.DESCRIPTOR.fields] == ["id"]


def test_every_rpc_that_answers_with_a_job_has_the_same_bytes() -> None:
    names = ("Create", "Get", "Cancel", "Resubmit", "Update")
    for name in names:
        message = getattr(pb, f"{name}JobResponse")
        assert [(f.name, f.number) for f in message.DESCRIPTOR.fields] == [("job", 1)]


def test_the_paths_are_those_of_the_service() -> None:
    methods = pb.DESCRIPTOR.services_by_name["JobService"].methods
    paths = {f"/{method.containing_service.full_name}/{method.name}" for method in methods}
    assert paths == {v for k, v in vars(request).items() if k.isupper() and str(v).startswith("/")}


DECODERS = [
    request.decode_create,
    request.decode_get,
    request.decode_list,
    request.decode_watch,
    request.decode_id,
    request.decode_resubmit,
    request.decode_update,
    request.decode_download,
    request.decode_quota_question,
    decode_spec,
]


@pytest.mark.parametrize("decode", DECODERS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=120))
def test_any_bytes_give_a_request_or_an_error_of_ours(decode: Any, data: bytes) -> None:
    with contextlib.suppress(BadRequest, RequestTooLarge):
        decode(data)


@pytest.mark.parametrize("decode", DECODERS)
@pytest.mark.parametrize("data", [b"\x0a\xff", b"\xff" * 70_000])
def test_bytes_that_are_not_the_request_are_a_bad_request(decode: Any, data: bytes) -> None:
    with pytest.raises(BadRequest, match="not a message"):
        decode(data)


ANSWERS = [
    answer.decode_job,
    answer.decode_jobs,
    answer.decode_change,
    answer.decode_result,
    answer.decode_piece,
    answer.decode_quota,
]


@pytest.mark.parametrize("decode", ANSWERS)
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=120))
def test_any_bytes_give_an_answer_or_an_error_of_ours(decode: Any, data: bytes) -> None:
    with contextlib.suppress(SwathError):
        decode(data)


def test_a_job_without_a_stage_is_an_error_that_says_so() -> None:
    message = pb.GetJobResponse()
    message.job.id = "a1"
    with pytest.raises(InternalError, match="contract"):
        answer.decode_job(message.SerializeToString())


@pytest.mark.parametrize(
    ("stage", "status", "seen"),
    [
        (99, pb.STATUS_UNSPECIFIED, (Stage.RUNNING, Status.UNSPECIFIED)),
        (99, pb.STATUS_FAILURE, (Stage.DONE, Status.FAILURE)),
        (pb.STAGE_DONE, 99, (Stage.DONE, Status.UNSPECIFIED)),
    ],
)
def test_a_stage_or_status_of_a_newer_server_does_not_spoil_a_list(
    stage: Any, status: Any, seen: tuple[Stage, Status]
) -> None:
    message = pb.ListJobsResponse()
    message.jobs.add(id="a1", stage=stage, status=status).attempts.add(outcome=cast("Any", 99))
    message.jobs.add(id="b2", stage=pb.STAGE_QUEUED)
    newer, known = answer.decode_jobs(message.SerializeToString())[0]
    assert (newer.stage, newer.status) == seen
    assert newer.attempts[0].outcome is Outcome.UNSPECIFIED
    assert known.stage is Stage.QUEUED


def test_a_create_without_a_graph_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="graph"):
        request.decode_create(b"")


def test_too_many_arguments_are_too_large() -> None:
    data = encode_spec(JobSpec(ONE, arguments={str(i): i for i in range(9)}))
    with pytest.raises(RequestTooLarge, match="9 arguments"):
        decode_spec(data, Limits(graph=GraphLimits(parameters=8)))


def test_a_client_that_says_too_much_of_itself_is_too_large() -> None:
    with pytest.raises(RequestTooLarge, match="client"):
        decode_spec(encode_spec(JobSpec(ONE, client="c" * 129)))


def test_a_hundred_megabyte_spec_is_too_large() -> None:
    with pytest.raises(RequestTooLarge):
        decode_spec(b"\x0a" + b"x" * 100_000_000)


WRONG = [
    CreateJob(JobSpec(ONE), request_id="r" * 129),
    CreateJob(JobSpec(ONE), labels={str(i): "" for i in range(65)}),
    CreateJob(JobSpec(ONE), labels={"n" * 64: ""}),
    CreateJob(JobSpec(ONE), labels={"n": "t" * 64}),
    CreateJob(JobSpec(ONE), labels={"": "t"}),
    CreateJob(JobSpec(ONE), labels={"n": "\0"}),
    CreateJob(JobSpec(ONE), request_id="\0"),
    CreateJob(JobSpec(ONE), priority=101),
    CreateJob(JobSpec(ONE), keep_s=-1.0),
    CreateJob(JobSpec(ONE), keep_s=math.nan),
    CreateJob(JobSpec(ONE), attempt_timeout_s=0.0),
    CreateJob(JobSpec(ONE), attempt_timeout_s=math.inf),
]


@pytest.mark.parametrize("asked", WRONG)
def test_values_outside_the_contract_are_refused_before_they_are_sent(asked: CreateJob) -> None:
    with pytest.raises(InvalidArgument):
        request.encode_create(asked)


@pytest.mark.parametrize("asked", WRONG)
def test_values_outside_the_contract_are_refused_when_they_come(asked: CreateJob) -> None:
    message = pb.CreateJobRequest(request_id=asked.request_id, labels=asked.labels)
    message.spec.ParseFromString(encode_spec(asked.spec))
    message.priority = asked.priority
    if asked.keep_s is not None:
        message.keep_s = asked.keep_s
    if asked.attempt_timeout_s is not None:
        message.attempt_timeout_s = asked.attempt_timeout_s
    with pytest.raises(InvalidArgument):
        request.decode_create(message.SerializeToString())


def test_a_page_without_a_size_has_the_usual_one_and_a_huge_one_the_largest() -> None:
    assert request.decode_list(b"").page_size == 50
    huge = pb.ListJobsRequest(page_size=100_000).SerializeToString()
    assert request.decode_list(huge).page_size == 1000


def test_an_offset_before_the_beginning_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        request.decode_download(request.encode_download("a1", -1))
