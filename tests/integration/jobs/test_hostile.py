"""Input that is malformed, far too large, or sent in bad faith: fault case 24."""

from __future__ import annotations

import contextlib
import os
import time

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swath.errors import (
    BadRequest,
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    InvalidGraph,
    RequestTooLarge,
    SwathError,
)
from swath.v1 import jobs_pb2 as pb
from swath.wire.limits import DEFAULT_LIMITS
from tests.integration.jobs.asked import number

METHODS = [
    "CreateJob",
    "GetJob",
    "ListJobs",
    "CancelJob",
    "ResubmitJob",
    "UpdateJob",
    "DeleteJob",
    "GetJobResult",
    "GetQuota",
]


def refusal(user, method: str, data: bytes) -> SwathError | None:
    """The error that the bytes are answered with; None: they are taken."""
    try:
        user.raw(method, data)
    except SwathError as error:
        return error
    return None


@pytest.mark.parametrize("method", METHODS)
def test_bytes_that_are_no_message_are_refused(user, method):
    with pytest.raises(BadRequest):
        user.raw(method, b"\xff" * 20)


@pytest.mark.parametrize("method", METHODS)
def test_a_message_over_the_limit_is_refused_by_us(user, method):
    with pytest.raises(RequestTooLarge) as caught:
        user.raw(method, b"\x7a" * (DEFAULT_LIMITS.request_bytes + 1))
    assert caught.value.limit == DEFAULT_LIMITS.request_bytes


def test_a_message_over_the_limit_of_grpc_is_a_request_that_is_too_large(user):
    with pytest.raises(RequestTooLarge):
        user.raw("CreateJob", b"\0" * (4 * DEFAULT_LIMITS.request_bytes + 1))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(method=st.sampled_from(METHODS), data=st.binary(max_size=200))
def test_whatever_bytes_come_the_answer_is_one_of_ours(user, method, data):
    assert not isinstance(refusal(user, method, data), InternalError)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_request_with_one_byte_changed_is_answered_or_refused(user, at, byte):
    data = bytearray(number().SerializeToString())
    data[at % len(data)] = byte
    assert not isinstance(refusal(user, "CreateJob", bytes(data)), InternalError)


def test_a_graph_that_is_ten_thousand_calls_deep_is_a_job_and_stops_nobody(shared, user):
    """It takes a while to check, and others are answered meanwhile."""
    request = pb.CreateJobRequest()
    graph = request.spec.graph
    graph.CopyFrom(number().spec.graph)
    call = next(n for n in graph.nodes if n.HasField("call"))
    for _ in range(20_000):
        node = graph.nodes.add()
        node.CopyFrom(call)
        node.call.args[0] = len(graph.nodes) - 2
    graph.result = len(graph.nodes) - 1
    rpc = user.channel.unary_unary("/swath.v1.JobService/CreateJob")
    slow = rpc.future(request.SerializeToString(), timeout=60)
    other, longest_s = shared.user(), 0.0
    while not slow.done():
        began_s = time.monotonic()
        other.quota()
        longest_s = max(longest_s, time.monotonic() - began_s)
    assert pb.CreateJobResponse.FromString(slow.result()).job.stage == pb.STAGE_QUEUED
    assert longest_s < 0.5


def test_a_graph_of_too_many_nodes_is_refused(user):
    request = number()
    node = request.spec.graph.nodes[0]
    request.spec.graph.nodes.extend([node] * 50_001)
    with pytest.raises((RequestTooLarge, InvalidGraph)):
        user.create(request)


def test_labels_and_ids_of_any_text_come_back_as_they_were(user):
    labels = {"ключ": "значение", "a b": "\u0001", "'; DROP TABLE job; --": "%_\\"}
    job = user.create(number(labels=labels, request_id="'; --"))
    assert dict(user.get(job.id).labels) == labels
    for name, text in labels.items():
        assert job.id in [j.id for j in user.list(labels={name: text}).jobs]


@pytest.mark.parametrize(
    "fields", [{"labels": {"a": "\0"}}, {"labels": {"\0": "a"}}, {"request_id": "a\0"}]
)
def test_a_text_with_nul_which_databases_do_not_store_is_refused(user, fields):
    with pytest.raises(InvalidArgument):
        user.create(number(**fields))


def test_labels_are_compared_and_not_matched(user):
    user.create(number(labels={"a": "xyz"}))
    assert list(user.list(labels={"a": "x%"}).jobs) == []
    assert list(user.list(labels={"%": "xyz"}).jobs) == []


def test_a_deadline_that_cannot_be_met_harms_nobody(shared, user):
    """Whether such a call made a job or not, repeating it gives exactly one."""
    impatient = shared.user()
    requests = [number(request_id=os.urandom(8).hex()) for _ in range(20)]
    before = user.quota().outstanding
    for request in requests:
        with contextlib.suppress(DeadlineExceeded):
            impatient.ask("CreateJob", request, timeout_s=1e-4)
    jobs = {user.create(request).id for request in requests}
    assert len(jobs) == 20
    assert user.quota().outstanding == before + 20


def test_without_a_deadline_a_call_is_answered(user):
    rpc = user.channel.unary_unary("/swath.v1.JobService/GetQuota")
    assert pb.GetQuotaResponse.FromString(rpc(b"")).owner == "local"


def test_an_rpc_that_there_is_not_is_unimplemented(user):
    with pytest.raises(grpc.RpcError) as caught:
        user.channel.unary_unary("/swath.v1.JobService/DropTable")(b"")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_fields_that_a_newer_client_sends_are_ignored(user):
    data = number().SerializeToString() + b"\xfa\x3f\x03abc"  # field 1023
    job = pb.CreateJobResponse.FromString(user.raw("CreateJob", data)).job
    assert job.stage == pb.STAGE_QUEUED
