"""What is known to be wrong with a job before it is queued."""

from __future__ import annotations

import pytest

import swath as wf
from job_server.config import JobConfig
from job_server.service.check import checked, has_pixels
from swath.errors import (
    BadRequest,
    GeoContextRequired,
    InvalidArgument,
    InvalidGeoContext,
    InvalidGraph,
    RequestTooLarge,
    TypeMismatch,
    UnsupportedDestination,
    UnsupportedFormat,
)
from swath.graph.type import IMAGE, INT, dict_of, list_of
from swath.job import Destination, JobSpec
from swath.types import build_graph
from swath.v1 import jobs_pb2 as pb
from swath.v1 import type_pb2
from swath.wire.job_request import CreateJob, encode_create
from swath.wire.limits import DEFAULT_LIMITS

ID = "ab" * 16
IMAGERY = wf.Image.from_id("some:image")
PLACE = wf.GeoContext(bounds=(1, 2, 3, 4), resolution=0.1, crs="EPSG:4326").value


def request_of(expression=None, **fields) -> pb.CreateJobRequest:
    spec = JobSpec(build_graph(wf.Int(3) + 1 if expression is None else expression), **fields)
    return pb.CreateJobRequest.FromString(encode_create(CreateJob(spec)))


def check(request: pb.CreateJobRequest, config: JobConfig | None = None):
    return checked(request.SerializeToString(), "alice", ID, config or JobConfig())


def test_a_right_request_is_a_job():
    new = check(request_of())
    assert (new.id, new.owner, new.format, new.request_id) == (ID, "alice", "native", None)
    assert type_pb2.Type.FromString(new.type).name == "Int"


def test_what_the_caller_leaves_open_is_as_the_server_has_it():
    new = check(request_of(), JobConfig(keep_s=5, attempt_timeout_s=7, age_limit_s=9))
    assert (new.keep_us, new.attempt_timeout_us, new.age_limit_us) == (
        5_000_000,
        7_000_000,
        9_000_000,
    )


def test_a_result_may_be_kept_for_ever():
    request = request_of()
    request.keep_s = 0
    assert check(request).keep_us is None


def test_the_digest_does_not_see_the_request_id_and_source_lines():
    request = request_of()
    first = check(request).spec_digest
    request.request_id = "x"
    request.spec.graph.lines.add(node=0, file="a.py", number=1, text="x = 1")
    assert check(request).spec_digest == first


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.labels.update(a="b"),
        lambda r: setattr(r, "priority", 1),
        lambda r: setattr(r, "keep_s", 1.0),
        lambda r: setattr(r, "attempt_timeout_s", 1.0),
        lambda r: setattr(r.spec.format, "name", "json"),
        lambda r: setattr(r.spec.geocontext, "resolution", 0.2),
    ],
)
def test_the_digest_sees_everything_else(change):
    request = request_of(geocontext=PLACE)
    digest = check(request).spec_digest
    change(request)
    assert check(request).spec_digest != digest


def test_source_lines_are_kept_with_the_job():
    request = request_of()
    request.spec.graph.lines.add(node=0, file="a.py", number=1, text="x = 1")
    spec = pb.JobSpec.FromString(check(request).spec)
    assert [line.text for line in spec.graph.lines][-1] == "x = 1"


def test_nothing_to_compute_is_refused():
    with pytest.raises(BadRequest):
        check(pb.CreateJobRequest())


def test_bytes_that_are_no_request_are_refused():
    with pytest.raises(BadRequest):
        checked(b"\xff\xff\xff", "alice", ID, JobConfig())


def test_a_request_over_the_limit_is_refused_unread():
    with pytest.raises(RequestTooLarge):
        checked(b"\0" * (DEFAULT_LIMITS.request_bytes + 1), "alice", ID, JobConfig())


def test_a_graph_that_refers_to_nowhere_is_refused():
    request = request_of()
    request.spec.graph.result = 99
    with pytest.raises(InvalidGraph):
        check(request)


def test_an_op_of_the_wrong_type_names_its_node():
    request = request_of(wf.Str("a") + "b")
    node = next(n for n in request.spec.graph.nodes if n.HasField("call"))
    node.call.op = "sqrt"
    with pytest.raises((TypeMismatch, InvalidArgument, InvalidGraph)) as caught:
        check(request)
    assert caught.value.where.node is not None


def test_a_function_is_no_result():
    request = request_of(wf.List[wf.Int]([1, 2]).map(lambda x: x + 1))
    nodes = request.spec.graph.nodes
    request.spec.graph.result = next(i for i, n in enumerate(nodes) if n.HasField("function"))
    with pytest.raises(TypeMismatch, match="Function"):
        check(request)


def test_an_argument_too_many_is_refused():
    request = request_of(arguments={"x": 1})
    with pytest.raises(InvalidArgument, match="x"):
        check(request)


def test_an_argument_too_few_is_refused():
    with pytest.raises(InvalidArgument, match="x"):
        check(request_of(wf.parameter("x", wf.Int) + 1))


def test_an_argument_of_the_wrong_type_is_refused():
    with pytest.raises(TypeMismatch):
        check(request_of(wf.parameter("x", wf.Int) + 1, arguments={"x": "a"}))


def test_pixels_need_a_place():
    with pytest.raises(GeoContextRequired):
        check(request_of(IMAGERY))


def test_pixels_with_a_place_are_right():
    assert type_pb2.Type.FromString(check(request_of(IMAGERY, geocontext=PLACE)).type).name == (
        "Image"
    )


def test_a_place_that_is_none_is_refused_also_where_nothing_has_pixels():
    request = request_of()
    request.spec.geocontext.resolution = -1
    with pytest.raises(InvalidGeoContext):
        check(request)


def test_a_format_that_there_is_not_is_refused():
    with pytest.raises(UnsupportedFormat):
        check(request_of(format="papyrus"))


def test_an_option_that_a_format_has_not_is_refused():
    with pytest.raises(InvalidArgument):
        check(request_of(format="json", options={"colour": "red"}))


def test_a_format_of_pixels_does_not_take_a_number():
    with pytest.raises(UnsupportedFormat):
        check(request_of(format="geotiff"))


@pytest.mark.parametrize(
    "destination", [Destination("email"), Destination("download", {"to": "me"})]
)
def test_a_destination_that_there_is_not_is_refused(destination):
    with pytest.raises(UnsupportedDestination) as caught:
        check(request_of(destination=destination))
    assert caught.value.supported == ("download",)


def test_the_destination_may_be_named():
    request = request_of()
    request.spec.destination.name = "download"
    assert check(request).format == "native"


def test_an_attempt_may_not_take_longer_than_the_server_allows():
    request = request_of()
    request.attempt_timeout_s = 11
    with pytest.raises(InvalidArgument, match="10 s"):
        check(request, JobConfig(attempt_timeout_s=10, max_attempt_timeout_s=10))


@pytest.mark.parametrize(
    ("type_", "has"),
    [(INT, False), (IMAGE, True), (list_of(IMAGE), True), (dict_of(INT, list_of(INT)), False)],
)
def test_pixels_are_found_inside_of_types(type_, has):
    assert has_pixels(type_) is has
