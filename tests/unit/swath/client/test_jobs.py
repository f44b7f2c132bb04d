"""The client of a job server: what it asks, and how it bears a server that misbehaves."""

from __future__ import annotations

import threading
import zlib
from dataclasses import replace
from typing import Any

import pytest

from swath.client import JobClient
from swath.errors import (
    DeadlineExceeded,
    InvalidArgument,
    JobDeleted,
    JobNotDone,
    JobNotFound,
    ResourceExhausted,
    ServerBusy,
    Transient,
    Unavailable,
)
from swath.graph.graph import Graph, Literal
from swath.graph.type import INT
from swath.job import JobResult, JobSpec, Quota, Stage, Status
from swath.wire import job_answer as answer
from swath.wire import job_request as asked
from swath.wire.job_answer import Piece
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

SPEC = JobSpec(Graph((Literal(1, INT),), (), (), 0))
AWAY = Unavailable("The database does not answer.")
FULL = ResourceExhausted("You have 120 jobs.", retry_after_ms=-1, quota="jobs", limit=120, used=120)


def test_a_job_is_created_with_what_was_said(server: Any) -> None:
    script(server, asked.CREATE_JOB, [answer.encode_job(QUEUED)])
    made = client_of(server).create(SPEC, {"a": "b"}, priority=3, keep_s=60)
    sent = asked.decode_create(server.asked[0])
    assert made == QUEUED
    assert (sent.spec, sent.labels, sent.priority, sent.keep_s) == (SPEC, {"a": "b"}, 3, 60)
    assert len(sent.request_id) == 32


def test_a_create_is_repeated_with_the_same_request_id(server: Any) -> None:
    script(server, asked.CREATE_JOB, [AWAY], [ServerBusy("full")], [answer.encode_job(QUEUED)])
    assert client_of(server).create(SPEC) == QUEUED
    assert len({asked.decode_create(data).request_id for data in server.asked}) == 1
    assert len(server.asked) == 3


def test_two_creates_have_different_request_ids(server: Any) -> None:
    script(server, asked.CREATE_JOB, [answer.encode_job(QUEUED)])
    client = client_of(server)
    client.create(SPEC), client.create(SPEC)
    assert len({asked.decode_create(data).request_id for data in server.asked}) == 2


def test_a_used_up_quota_is_an_error_at_once(server: Any) -> None:
    script(server, asked.CREATE_JOB, [FULL])
    with pytest.raises(ResourceExhausted) as caught:
        client_of(server).create(SPEC)
    assert (caught.value.code, caught.value.limit) == (429, 120)
    assert len(server.asked) == 1


def test_a_used_up_quota_is_tried_again_as_often_as_asked(server: Any) -> None:
    script(server, asked.CREATE_JOB, [FULL], [FULL], [answer.encode_job(QUEUED)])
    assert client_of(server).create(SPEC, num_retries=2) == QUEUED
    assert len(server.asked) == 3


def test_a_server_that_stays_away_is_unavailable_after_some_tries(server: Any) -> None:
    script(server, asked.GET_JOB, [AWAY])
    with pytest.raises(Unavailable):
        client_of(server).get(ID)
    assert len(server.asked) == 6


def test_a_missing_server_is_told_with_the_way_to_start_one() -> None:
    with pytest.raises(Unavailable, match=r"swath serve.*SWATH_JOBS=host:port"):
        JobClient("127.0.0.1:1", pacing=QUICK).get(ID)


def test_an_error_of_the_request_is_not_tried_again(server: Any) -> None:
    script(server, asked.GET_JOB, [JobNotFound("There is none.", job_id=ID)])
    with pytest.raises(JobNotFound) as caught:
        client_of(server).get(ID)
    assert (caught.value.job_id, len(server.asked)) == (ID, 1)


def test_a_create_that_was_made_and_deleted_before_it_was_answered_is_told_so(
    server: Any,
) -> None:
    gone = JobDeleted("It was deleted.", job_id=ID, request_id="r")
    script(server, asked.CREATE_JOB, [AWAY], [gone])
    with pytest.raises(JobDeleted) as caught:
        client_of(server).create(SPEC)
    assert (caught.value.job_id, caught.value.code) == (ID, 410)
    assert isinstance(caught.value, JobNotFound)
    assert len({asked.decode_create(data).request_id for data in server.asked}) == 1
    assert len(server.asked) == 2


def test_the_token_goes_with_every_call(server: Any) -> None:
    for method in (asked.CANCEL_JOB, asked.GET_JOB):
        script(server, method, [answer.encode_job(QUEUED)])
    script(server, asked.WATCH_JOB, [answer.encode_change(DONE)])
    client = client_of(server, token="s3cret")
    client.cancel(ID), client.get(ID), list(client.watch(ID))
    assert [sent["authorization"] for sent in server.metadata] == ["Bearer s3cret"] * 3


def test_without_a_token_none_is_sent(server: Any) -> None:
    script(server, asked.GET_JOB, [answer.encode_job(QUEUED)])
    client_of(server).get(ID)
    assert "authorization" not in server.metadata[0]


def test_a_list_goes_on_over_pages(server: Any) -> None:
    jobs = [replace(QUEUED, id=f"{number:032x}") for number in range(5)]
    script(
        server,
        asked.LIST_JOBS,
        [answer.encode_jobs(jobs[:3], "next")],
        [answer.encode_jobs(jobs[3:])],
    )
    found = client_of(server).list(Stage.QUEUED, labels={"a": "b"})
    assert list(found) == jobs
    first, second = map(asked.decode_list, server.asked)
    assert (first.stage, first.status, first.labels) == (Stage.QUEUED, None, {"a": "b"})
    assert (first.page_token, second.page_token) == ("", "next")


def test_a_list_asks_for_no_page_that_nobody_takes(server: Any) -> None:
    script(server, asked.LIST_JOBS, [answer.encode_jobs([QUEUED, QUEUED], "next")])
    assert len(list(client_of(server).list(limit=1))) == 1
    assert len(server.asked) == 1


def test_a_negative_limit_is_refused(server: Any) -> None:
    with pytest.raises(InvalidArgument):
        client_of(server).list(limit=-1)


def test_an_update_a_resubmission_a_deletion_and_a_quota_are_asked(server: Any) -> None:
    quota = Quota("me", 1, 120, 1, 0)
    script(server, asked.UPDATE_JOB, [answer.encode_job(DONE)])
    script(server, asked.RESUBMIT_JOB, [answer.encode_job(QUEUED)])
    script(server, asked.DELETE_JOB, [JobNotDone("It runs.", job_id=ID)])
    script(server, asked.GET_QUOTA, [answer.encode_quota(quota)])
    client = client_of(server)
    assert client.update(ID, {"a": "b"}, 0) == DONE
    assert asked.decode_update(server.asked[0]) == asked.UpdateJob(ID, {"a": "b"}, 0)
    assert client.resubmit(ID) == QUEUED
    assert client.quota() == quota
    with pytest.raises(JobNotDone):
        client.delete(ID)


# Following


def test_following_gives_every_change_and_ends_when_it_is_done(server: Any) -> None:
    result = JobResult(INT, "native", 3, zlib.crc32(b"abc"), b"abc")
    changes = [answer.encode_change(j) for j in (QUEUED, RUNNING)]
    quiet = answer.encode_change(None)
    last = answer.encode_change(DONE, result)
    script(server, asked.WATCH_JOB, [*changes, quiet, last])
    found = list(client_of(server).watch(ID, with_result=True))
    assert found == [(QUEUED, None), (RUNNING, None), (DONE, result)]
    assert asked.decode_watch(server.asked[0]) == asked.WatchJob(ID, 0, True)


def test_a_broken_stream_goes_on_after_the_last_revision(server: Any) -> None:
    script(
        server,
        asked.WATCH_JOB,
        [answer.encode_change(QUEUED), answer.encode_change(RUNNING), AWAY],
        [AWAY],
        [answer.encode_change(RUNNING), answer.encode_change(DONE)],
    )
    found = [job.revision for job, _ in client_of(server).watch(ID)]
    assert found == [1, 2, 3]
    assert [asked.decode_watch(data).after_revision for data in server.asked] == [0, 2, 2]


def test_a_stream_that_ends_too_soon_is_opened_again(server: Any) -> None:
    script(
        server,
        asked.WATCH_JOB,
        [answer.encode_change(RUNNING)],
        [answer.encode_change(DONE)],
    )
    assert [job.revision for job, _ in client_of(server).watch(ID)] == [2, 3]


def test_a_server_that_falls_silent_is_asked_again(server: Any) -> None:
    script(server, asked.WATCH_JOB, [answer.encode_change(DONE)])
    usual = server.answers[asked.WATCH_JOB]

    def silent_once(request: bytes, cancelled: Any) -> Any:
        server.answers[asked.WATCH_JOB] = usual
        return hang_after(answer.encode_change(RUNNING))(request, cancelled)

    server.answers[asked.WATCH_JOB] = silent_once
    found = [job.revision for job, _ in client_of(server, silence_s=0.3).watch(ID)]
    assert found == [2, 3]


def test_a_caller_that_dawdles_is_not_a_silent_server(server: Any) -> None:
    script(server, asked.WATCH_JOB, [answer.encode_change(RUNNING), answer.encode_change(DONE)])
    changes = client_of(server, silence_s=0.05).watch(ID)
    next(changes)
    threading.Event().wait(0.2)
    assert [job.revision for job, _ in changes] == [3]
    assert len(server.asked) == 1


def test_a_job_that_is_not_done_in_time_is_a_deadline_exceeded(server: Any) -> None:
    server.answers[asked.WATCH_JOB] = hang_after(answer.encode_change(RUNNING))
    with pytest.raises(DeadlineExceeded, match=r"0\.3 s"):
        list(client_of(server).watch(ID, timeout=0.3))
    assert len(server.asked) == 1


def test_a_job_that_is_not_there_ends_the_following(server: Any) -> None:
    script(server, asked.WATCH_JOB, [JobNotFound("There is none.", job_id=ID)])
    with pytest.raises(JobNotFound):
        list(client_of(server).watch(ID))
    assert len(server.asked) == 1


def test_leaving_off_ends_the_call(server: Any) -> None:
    server.answers[asked.WATCH_JOB] = hang_after(answer.encode_change(RUNNING))
    changes = client_of(server).watch(ID)
    next(changes)
    changes.close()
    assert server.cancelled.wait(10)


# Downloading

BYTES = bytes(range(256)) * 8
WHOLE = JobResult(INT, "json", len(BYTES), zlib.crc32(BYTES))


def piece(first: int, end: int) -> bytes:
    data = BYTES[first:end]
    return answer.encode_piece(Piece(first, data, zlib.crc32(data)))


def test_a_result_comes_in_pieces(server: Any) -> None:
    script(server, asked.GET_JOB_RESULT, [answer.encode_result(WHOLE)])
    script(server, asked.DOWNLOAD_JOB_RESULT, [piece(0, 1000), piece(1000, 2048)])
    assert b"".join(client_of(server).download(ID)) == BYTES


def test_a_broken_download_is_resumed_where_it_was(server: Any) -> None:
    script(
        server,
        asked.DOWNLOAD_JOB_RESULT,
        [piece(0, 1000), AWAY],
        [AWAY],
        [piece(1000, 1500)],
        [piece(1500, 2048)],
    )
    assert b"".join(client_of(server).download(ID, WHOLE)) == BYTES
    offsets = [asked.decode_download(data)[1] for data in server.asked]
    assert offsets == [0, 1000, 1000, 1500]


@pytest.mark.parametrize(
    "damaged",
    [
        answer.encode_piece(Piece(0, b"other", zlib.crc32(b"bytes"))),
        piece(3, 20),
        answer.encode_piece(Piece(0, BYTES * 2, zlib.crc32(BYTES * 2))),
    ],
    ids=["with another sum", "of another place", "too long"],
)
def test_a_damaged_piece_is_asked_for_again(server: Any, damaged: bytes) -> None:
    script(server, asked.DOWNLOAD_JOB_RESULT, [damaged], [piece(0, 2048)])
    assert b"".join(client_of(server).download(ID, WHOLE)) == BYTES
    assert len(server.asked) == 2


def test_pieces_that_come_damaged_always_are_an_error(server: Any) -> None:
    script(server, asked.DOWNLOAD_JOB_RESULT, [answer.encode_piece(Piece(0, b"x", 0))])
    with pytest.raises(Transient, match="damaged"):
        list(client_of(server).download(ID, WHOLE))
    assert len(server.asked) == 6


def test_a_whole_that_does_not_fit_its_sum_is_an_error(server: Any) -> None:
    script(server, asked.DOWNLOAD_JOB_RESULT, [piece(0, 2048)])
    with pytest.raises(Transient, match="checksum"):
        list(client_of(server).download(ID, replace(WHOLE, crc32=1)))


def test_a_result_that_came_along_is_not_downloaded(server: Any) -> None:
    inline = replace(WHOLE, data=BYTES)
    assert list(client_of(server).download(ID, inline)) == [BYTES]
    with pytest.raises(Transient, match="checksum"):
        list(client_of(server).download(ID, replace(inline, crc32=1)))
    assert server.asked == []


def test_a_list_of_one_status_asks_for_that(server: Any) -> None:
    script(server, asked.LIST_JOBS, [answer.encode_jobs([])])
    assert list(client_of(server).list(status=Status.FAILURE)) == []
    assert asked.decode_list(server.asked[0]).status is Status.FAILURE
