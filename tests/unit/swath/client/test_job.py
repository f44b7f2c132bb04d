"""`wf.Job` and `wf.compute` against a server that answers as each test says."""

from __future__ import annotations

import io
import signal
import threading
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from swath.client import Job, JobClient, compute
from swath.errors import (
    BandNotFound,
    Cancelled,
    DeadlineExceeded,
    InvalidArgument,
    JobNotFound,
    ResultNotAvailable,
    TypeMismatch,
    Unavailable,
    UnsupportedFormat,
    Where,
)
from swath.graph.canonical import digest
from swath.graph.type import IMAGE, INT
from swath.grid import Affine, Grid, Shape2d
from swath.job import Attempt, Destination, JobInfo, JobResult, Outcome, Progress, Stage, Status
from swath.results import ImageResult
from swath.stream import Chunk, Event, Header, RasterHeader, RasterRef, Trailer
from swath.wire import job_answer as answer
from swath.wire import job_request as asked
from swath.wire.delimited import write_delimited
from swath.wire.job_answer import Piece
from swath.wire.stream import write_stream
from tests.unit.swath.client.jobs import (
    DONE,
    ID,
    QUEUED,
    QUICK,
    RUNNING,
    client_of,
    hang_after,
    script,
)

N: Any = wf.Int
ONE = N(1) + 1
WHERE = wf.GeoContext(bounds=(0, 0, 1, 1), crs="EPSG:4326", resolution=0.5)
FAILED = replace(
    DONE,
    status=Status.FAILURE,
    error=BandNotFound("There is no band nir.", where=Where(node=3), band="nir"),
    result_bytes=None,
)
CANCELLED = replace(DONE, status=Status.CANCELLED, result_bytes=None)


def native(*events: Event) -> bytes:
    return b"".join(write_delimited(write_stream(events)))


def stored(data: bytes, format: str = "native", inline: bool = True) -> JobResult:
    return JobResult(INT, format, len(data), zlib.crc32(data), data if inline else None)


TWO = stored(native(Header(INT, 2), Trailer()))


def serve(server: Any, end: JobInfo = DONE, result: JobResult | None = TWO) -> JobClient:
    """A server whose jobs run and end so; the last message has the result, if there is one."""
    script(server, asked.CREATE_JOB, [answer.encode_job(QUEUED)])
    script(server, asked.GET_JOB, [answer.encode_job(end)])
    changes = [answer.encode_change(QUEUED), answer.encode_change(RUNNING)]
    script(server, asked.WATCH_JOB, [*changes, answer.encode_change(end, result)])
    script(server, asked.CANCEL_JOB, [answer.encode_job(CANCELLED)])
    return client_of(server)


def calls(server: Any) -> list[str]:
    return [path.rpartition("/")[2] for path in server.called]


def test_computing_gives_the_value(server: Any) -> None:
    assert compute(ONE, client=serve(server)) == 2
    assert calls(server) == ["CreateJob", "WatchJob"]


def test_a_proxy_asks_the_server_of_the_environment(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(server)
    monkeypatch.setenv("SWATH_JOBS", server.address)
    assert ONE.compute() == 2


def test_a_job_says_what_was_asked(server: Any) -> None:
    client = serve(server)
    n: Any = wf.parameter("n", wf.Int)
    Job(
        n + 1,
        WHERE,
        {"type": "json", "indent": 2},
        {"type": "folder", "path": "out"},
        client=client,
        labels={"a": "b"},
        priority=2,
        keep=timedelta(days=1),
        attempt_timeout=timedelta(hours=8),
        n=41,
    )
    sent = asked.decode_create(server.asked[0])
    assert (sent.spec.geocontext, sent.spec.arguments) == (WHERE.value, {"n": 41})
    assert (sent.spec.format, sent.spec.options) == ("json", {"indent": 2})
    assert sent.spec.destination == Destination("folder", {"path": "out"})
    assert (sent.labels, sent.priority, sent.keep_s) == ({"a": "b"}, 2, 86_400)
    assert sent.attempt_timeout_s == 8 * 3600


def test_several_at_once_are_one_job(server: Any) -> None:
    client = serve(server, result=stored(native(Header(INT, [2, 2]), Trailer())))
    assert compute([ONE, ONE], client=client) == [2, 2]
    assert calls(server).count("CreateJob") == 1


@pytest.mark.parametrize("arguments", [{}, {"n": 1, "m": 2}, {"n": "text"}])
def test_wrong_arguments_are_a_type_error_before_anything_is_sent(arguments: Any) -> None:
    n: Any = wf.parameter("n", wf.Int)
    with pytest.raises(TypeError):
        compute(n + 1, client=JobClient("127.0.0.1:1", pacing=QUICK), **arguments)


@pytest.mark.parametrize("wrong", [{"format": {}}, {"destination": 3}, {"destination": {"a": 1}}])
def test_a_format_or_destination_without_a_name_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeMismatch):
        compute(ONE, client=JobClient("127.0.0.1:1"), **wrong)


def test_without_a_server_the_error_says_how_to_start_one() -> None:
    with pytest.raises(Unavailable, match="swath serve"):
        compute(ONE, client=JobClient("127.0.0.1:1", pacing=QUICK))


def test_not_blocking_gives_the_job_at_once(server: Any) -> None:
    job = compute(ONE, client=serve(server), block=False)
    assert (type(job), job.id, job.stage, job.done) == (Job, ID, Stage.QUEUED, False)
    assert calls(server) == ["CreateJob"]
    assert job.result() == 2
    assert (job.stage, job.status, job.done) == (Stage.DONE, Status.SUCCESS, True)


def test_a_result_that_came_along_is_given_again_without_a_call(server: Any) -> None:
    job = Job(ONE, client=serve(server))
    assert [job.result(), job.result()] == [2, 2]
    assert calls(server) == ["CreateJob", "WatchJob"]


def image_events() -> list[Event]:
    grid = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(4, 5))
    raster = RasterHeader("image", grid, ("red",), ("uint16",), ({"id": "a"},), ({},))
    values = np.arange(20, dtype="u2").reshape(1, 1, 4, 5)
    chunk = Chunk(0, (0, 1), (0, 1), grid.whole, values, None)
    return [Header(IMAGE, RasterRef(0), (raster,)), chunk, Trailer()]


def test_a_large_result_is_downloaded_and_is_what_inspect_gives(server: Any) -> None:
    data = native(*image_events())
    client = serve(server, result=None)
    script(server, asked.GET_JOB_RESULT, [answer.encode_result(stored(data, inline=False))])
    pieces = [data[at : at + 50] for at in range(0, len(data), 50)]
    script(
        server,
        asked.DOWNLOAD_JOB_RESULT,
        [answer.encode_piece(Piece(50 * i, p, zlib.crc32(p))) for i, p in enumerate(pieces)],
    )
    result = compute(ONE, client=client)
    assert isinstance(result, ImageResult)
    assert result.ndarray is not None
    assert result.ndarray.tolist() == np.arange(20).reshape(1, 4, 5).tolist()
    assert calls(server) == ["CreateJob", "WatchJob", "GetJobResult", "DownloadJobResult"]


def test_a_failed_job_raises_its_error(server: Any) -> None:
    job = Job(ONE, client=serve(server, FAILED, None))
    for _ in range(2):
        with pytest.raises(BandNotFound, match="no band nir") as caught:
            job.result()
        assert (caught.value.band, caught.value.where.node) == ("nir", 3)
    assert type(job.error) is BandNotFound


def test_a_cancelled_job_raises_cancelled(server: Any) -> None:
    job = Job(ONE, client=serve(server, CANCELLED, None))
    with pytest.raises(Cancelled, match=ID):
        job.result()
    assert job.cancelled


def test_waiting_raises_nothing_however_it_ends(server: Any) -> None:
    job = Job(ONE, client=serve(server, FAILED, None))
    assert job.wait() is job
    assert job.status is Status.FAILURE


def test_a_timeout_cancels_the_job_once(server: Any) -> None:
    client = serve(server)
    server.answers[asked.WATCH_JOB] = hang_after(answer.encode_change(RUNNING))
    with pytest.raises(DeadlineExceeded, match=r"0\.3 s") as caught:
        compute(ONE, client=client, timeout=0.3)
    assert calls(server) == ["CreateJob", "WatchJob", "CancelJob"]
    assert "being cancelled" in caught.value.__notes__[0]


def test_a_timeout_leaves_the_job_alone_where_that_was_said(server: Any) -> None:
    client = serve(server)
    server.answers[asked.WATCH_JOB] = hang_after(answer.encode_change(RUNNING))
    with pytest.raises(DeadlineExceeded):
        Job(ONE, client=client).wait(0.3, cancel_on_timeout=False)
    assert "CancelJob" not in calls(server)


def interrupt_soon(server: Any) -> None:
    """Ctrl-C once the job is followed."""

    def answers(request: bytes, cancelled: threading.Event) -> Any:
        yield answer.encode_change(RUNNING)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        cancelled.wait(30)

    server.answers[asked.WATCH_JOB] = answers


def test_control_c_cancels_the_job_once(server: Any) -> None:
    client = serve(server)
    interrupt_soon(server)
    with pytest.raises(KeyboardInterrupt) as caught:
        compute(ONE, client=client)
    assert calls(server) == ["CreateJob", "WatchJob", "CancelJob"]
    assert asked.decode_id(server.asked[-1]) == ID
    assert "being cancelled" in caught.value.__notes__[0]


def test_control_c_leaves_the_job_alone_where_that_was_said(server: Any) -> None:
    client = serve(server)
    interrupt_soon(server)
    with pytest.raises(KeyboardInterrupt):
        Job(ONE, client=client).wait(cancel_on_interrupt=False)
    assert "CancelJob" not in calls(server)


def interrupt_once(server: Any, method: str) -> None:
    """Ctrl-C instead of the first answer of a method."""
    usual = server.answers[method]

    def interrupted(request: bytes, cancelled: threading.Event) -> Any:
        server.answers[method] = usual
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        cancelled.wait(30)
        return []

    server.answers[method] = interrupted


def test_control_c_while_a_job_is_created_cancels_what_was_made(server: Any) -> None:
    client = serve(server)
    interrupt_once(server, asked.CREATE_JOB)
    with pytest.raises(KeyboardInterrupt):
        compute(ONE, client=client)
    assert calls(server) == ["CreateJob", "CreateJob", "CancelJob"]
    first, again = server.asked[:2]
    assert asked.decode_create(first).request_id == asked.decode_create(again).request_id


def test_control_c_while_a_job_is_resubmitted_cancels_what_was_made(server: Any) -> None:
    client = serve(server)
    script(server, asked.RESUBMIT_JOB, [answer.encode_job(QUEUED)])
    interrupt_once(server, asked.RESUBMIT_JOB)
    with pytest.raises(KeyboardInterrupt):
        client.resubmit(ID)
    assert calls(server) == ["ResubmitJob", "ResubmitJob", "CancelJob"]
    first, again = server.asked[:2]
    assert asked.decode_resubmit(first) == asked.decode_resubmit(again)


def test_an_interrupt_before_the_wait_comes_through_also_where_it_cannot_cancel(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    client = serve(server)
    script(server, asked.CANCEL_JOB, [Unavailable("The database does not answer.")])
    monkeypatch.setattr(Job, "result", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        compute(ONE, client=client)
    assert "could not be cancelled" in caught.value.__notes__[0]


def test_an_interrupt_that_cannot_cancel_says_so(server: Any) -> None:
    client = serve(server)
    script(server, asked.CANCEL_JOB, [Unavailable("The database does not answer.")])
    interrupt_soon(server)
    with pytest.raises(KeyboardInterrupt) as caught:
        compute(ONE, client=client)
    assert "could not be cancelled" in caught.value.__notes__[0]


def test_a_destination_elsewhere_gives_none(server: Any) -> None:
    client = serve(server, replace(DONE, result_bytes=None), None)
    gone = ResultNotAvailable("It went to folder.", job_id=ID)
    script(server, asked.GET_JOB_RESULT, [gone])
    assert compute(ONE, destination="folder", client=client) is None


def test_a_file_gets_the_bytes(server: Any, tmp_path: Path) -> None:
    client = serve(server, result=stored(b"[2]", "json"))
    out = tmp_path / "two.json"
    assert compute(ONE, format="json", file=out, client=client) is None
    assert out.read_bytes() == b"[2]"
    assert list(tmp_path.iterdir()) == [out]


def test_an_open_file_gets_the_bytes(server: Any) -> None:
    out = io.BytesIO()
    Job(ONE, format="json", client=serve(server, result=stored(b"2", "json"))).result_to_file(out)
    assert out.getvalue() == b"2"


def test_another_format_gives_its_bytes(server: Any) -> None:
    client = serve(server, result=stored(b"2", "json"))
    assert compute(ONE, format="json", client=client) == b"2"


def test_a_native_result_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat):
        compute(ONE, file=tmp_path / "two", client=JobClient("127.0.0.1:1"))


def test_a_file_needs_a_result_that_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="block"):
        compute(
            ONE, format="json", file=tmp_path / "t", block=False, client=JobClient("127.0.0.1:1")
        )


def full(server: Any, obj: Any, **spec: Any) -> JobInfo:
    """What the server says of a job that was created of `obj` elsewhere."""
    from swath.client.spec import specification

    made = replace(DONE, spec=specification(obj, **spec))
    script(
        server,
        asked.GET_JOB,
        [answer.encode_job(replace(made, spec=None))],
        [answer.encode_job(made)],
    )
    return made


def test_what_went_in_comes_back_from_a_job_that_was_found_again(server: Any) -> None:
    n: Any = wf.parameter("n", wf.Int)
    image: Any = wf.ImageCollection.from_id("fields").max(axis="images")
    full(server, image * n, geoctx=WHERE, format_={"type": "json", "a": 1}, arguments={"n": 3})
    job = Job.get(ID, client=client_of(server))
    assert digest(wf.build_graph(job.object)) == digest(wf.build_graph(image * n))
    assert type(job.object) is wf.Image
    assert job.geoctx is not None and job.geoctx.value == WHERE.value  # type: ignore[attr-defined]
    assert job.arguments == {"n": 3}
    assert job.format == {"type": "json", "a": 1}
    assert job.destination == {"type": "download"}
    assert calls(server) == ["GetJob", "GetJob"]


def test_what_went_in_comes_back_without_a_call_from_a_job_made_here(server: Any) -> None:
    job = Job(ONE, WHERE, client=serve(server))
    assert digest(wf.build_graph(job.object)) == digest(wf.build_graph(ONE))
    assert job.geoctx is not None
    assert calls(server) == ["CreateJob"]


def test_a_job_nowhere_in_particular_has_no_geocontext(server: Any) -> None:
    assert Job(ONE, client=serve(server)).geoctx is None


def test_times_are_utc(server: Any) -> None:
    script(server, asked.GET_JOB, [answer.encode_job(DONE)])
    job = Job.get(ID, client=client_of(server))
    assert job.created_datetime == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert job.updated_datetime == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert job.expires_datetime == datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC)
    assert job.runtime == timedelta(seconds=3)


def test_a_job_that_has_not_begun_has_no_runtime_and_no_expiry(server: Any) -> None:
    job = Job(ONE, client=serve(server))
    assert (job.runtime, job.expires_datetime, job.error) == (None, None, None)


def test_attempts_are_asked_for(server: Any) -> None:
    tries = (Attempt(1, 5, 6, Outcome.LOST), Attempt(2, 7, None))
    client = serve(server)
    job = Job(ONE, client=client)
    script(server, asked.GET_JOB, [answer.encode_job(replace(RUNNING, attempts=tries))])
    assert job.attempts == tries


def test_watching_gives_the_job_at_each_change(server: Any) -> None:
    job = Job(ONE, client=serve(server))
    seen = [(found is job, found.stage, found.progress) for found in job.watch()]
    assert seen == [
        (True, Stage.QUEUED, Progress(0, 0)),
        (True, Stage.RUNNING, Progress(1, 4)),
        (True, Stage.DONE, Progress(4, 4)),
    ]


def test_refreshing_and_cancelling_tell_how_it_is(server: Any) -> None:
    job = Job(ONE, client=serve(server))
    assert job.refresh().done
    assert job.cancel().cancelled


def test_a_job_is_repeated_updated_and_deleted(server: Any) -> None:
    job = Job(ONE, client=serve(server))
    again = replace(QUEUED, id="f" * 32, resubmitted_from=ID)
    script(server, asked.RESUBMIT_JOB, [answer.encode_job(again)])
    script(server, asked.UPDATE_JOB, [answer.encode_job(replace(DONE, labels={"a": "b"}))])
    script(server, asked.DELETE_JOB, [answer.encode_delete_answer()])
    assert job.resubmit().id == "f" * 32
    assert job.update(labels={"a": "b"}, keep=0).labels == {"a": "b"}
    job.delete()
    assert calls(server)[1:] == ["ResubmitJob", "UpdateJob", "DeleteJob"]


def test_jobs_are_listed_as_jobs(server: Any) -> None:
    script(server, asked.LIST_JOBS, [answer.encode_jobs([QUEUED, DONE])])
    found = list(Job.list(labels={"a": "b"}, client=client_of(server)))
    assert [(type(job), job.stage) for job in found] == [(Job, Stage.QUEUED), (Job, Stage.DONE)]


def test_a_job_of_nobody_here_is_not_found(server: Any) -> None:
    script(server, asked.GET_JOB, [JobNotFound("There is none.", job_id=ID)])
    with pytest.raises(JobNotFound):
        Job.get(ID, client=client_of(server))


def test_the_bar_ends_with_stage_and_status(server: Any) -> None:
    out = io.StringIO()
    end = replace(DONE, progress=Progress(1, 1))
    compute(ONE, client=serve(server, end), progress_bar=out)
    last = out.getvalue().replace("\n", "\r").rstrip("\r").rpartition("\r")[2]
    assert last == ("[###############] | Steps: 1/1 | Stage: STAGE_DONE | Status: STATUS_SUCCESS")


def test_a_job_shows_what_it_is(server: Any) -> None:
    job = Job(ONE, client=serve(server))
    assert repr(job) == f"<swath.Job {ID} of Int: STAGE_QUEUED, steps 0/?>"
    job.wait()
    assert repr(job) == f"<swath.Job {ID} of Int: STAGE_DONE STATUS_SUCCESS, steps 4/4>"
