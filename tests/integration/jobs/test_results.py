"""GetJobResult and DownloadJobResult."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest

from swath.errors import (
    InvalidArgument,
    JobNotDone,
    ResultExpired,
    ResultNotAvailable,
)
from swath.v1 import jobs_pb2 as pb
from swath.worker.v1 import worker_pb2
from tests.integration.jobs.asked import number


def done(user, worker, data: bytes) -> str:
    job = user.create(number())
    worker.commit(worker.claim().lease, data, format="json")
    return job.id


def done_in_pieces(user, worker, *pieces: bytes) -> str:
    job = user.create(number())
    lease = worker.claim().lease
    names = [f"piece-{index}" for index in range(len(pieces))]
    for name, data in zip(names, pieces, strict=True):
        worker.put(lease, name, data)
    worker.commit(lease, pieces=names)
    return job.id


def joined(messages: list[pb.DownloadJobResultResponse], offset: int = 0) -> bytes:
    """The bytes of a download, whose messages must follow each other and fit their sums."""
    data = b""
    for message in messages:
        assert message.offset == offset + len(data)
        assert message.crc32 == zlib.crc32(message.data)
        assert 0 < len(message.data) <= 1 << 20
        data += message.data
    return data


def test_a_small_result_is_in_the_answer(user, worker):
    result = user.result(done(user, worker, b"[1]"))
    assert (result.format, result.size_bytes, result.data) == ("json", 3, b"[1]")
    assert result.crc32 == zlib.crc32(b"[1]")
    assert result.type.name == "Int"


def test_a_small_result_of_pieces_is_in_the_answer(user, worker):
    result = user.result(done_in_pieces(user, worker, b"ab", b"", b"cd"))
    assert (result.data, result.crc32) == (b"abcd", zlib.crc32(b"abcd"))


def test_a_result_of_64_kib_is_in_the_answer_and_a_larger_one_is_not(user, worker):
    assert user.result(done(user, worker, b"x" * 65536)).HasField("data")
    assert not user.result(done(user, worker, b"x" * 65537)).HasField("data")


def test_an_empty_result_is_a_result(user, worker):
    id_ = done(user, worker, b"")
    result = user.result(id_)
    assert (result.size_bytes, result.data, result.HasField("data")) == (0, b"", True)
    assert user.download(id_) == []


def test_a_large_result_is_downloaded_whole(user, worker):
    pieces = [os.urandom(size) for size in (3_000_000, 1, 1_500_000)]
    id_ = done_in_pieces(user, worker, *pieces)
    whole = b"".join(pieces)
    assert joined(user.download(id_)) == whole
    assert user.result(id_).crc32 == zlib.crc32(whole)
    assert user.get(id_).result_bytes == len(whole)


@pytest.mark.parametrize("offset", [0, 1, 699_999, 700_000, 700_001, 1_400_000])
def test_a_download_begins_where_it_is_asked_to(user, worker, offset):
    pieces = [os.urandom(700_000) for _ in range(2)]
    id_ = done_in_pieces(user, worker, *pieces)
    assert joined(user.download(id_, offset), offset) == b"".join(pieces)[offset:]


@pytest.mark.parametrize("offset", [-1, 5, 2**62])
def test_an_offset_that_is_not_in_the_result_is_refused(user, worker, offset):
    with pytest.raises(InvalidArgument):
        user.download(done(user, worker, b"1234"), offset)


def test_a_job_that_is_not_done_has_no_result_yet(user, worker):
    job = user.create(number())
    worker.claim()
    with pytest.raises(JobNotDone) as caught:
        user.result(job.id)
    assert caught.value.stage == "STAGE_PREPARING"
    with pytest.raises(JobNotDone):
        user.download(job.id)


def test_a_job_that_failed_says_why_it_has_no_result(user, worker):
    job = user.create(number())
    worker.fail(
        worker.claim().lease, worker_pb2.FailRequest.KIND_PERMANENT, "INVALID_SOURCE", "No."
    )
    with pytest.raises(ResultNotAvailable, match="failed") as caught:
        user.result(job.id)
    assert caught.value.status == "STATUS_FAILURE"


def test_a_job_that_was_cancelled_says_so(user):
    job = user.cancel(user.create(number()).id)
    with pytest.raises(ResultNotAvailable, match="cancelled"):
        user.download(job.id)


def test_a_result_whose_bytes_are_damaged_is_not_given(shared, user, worker):
    id_ = done_in_pieces(user, worker, b"x" * 100_000)
    (file,) = (shared.data / "jobs" / "results" / id_[:2] / id_).iterdir()
    file.write_bytes(b"y" * 100_000)
    with pytest.raises(ResultNotAvailable):
        user.download(id_)


def test_a_result_whose_bytes_are_gone_is_not_given(shared, user, worker):
    id_ = done_in_pieces(user, worker, b"x" * 100_000)
    (file,) = (shared.data / "jobs" / "results" / id_[:2] / id_).iterdir()
    file.unlink()
    with pytest.raises(ResultNotAvailable):
        user.download(id_)


def test_a_result_that_was_kept_long_enough_is_gone_and_says_so(launch):
    server = launch(expire_s=0.2, settle_s=0)
    user, worker = server.user(), server.worker()
    job = user.create(number(keep_s=0.1))
    worker.commit(worker.claim().lease, b"1")
    for _ in user.watch(job.id, timeout_s=5):
        pass
    server.until_event("expire")
    with pytest.raises(ResultExpired) as caught:
        user.result(job.id)
    assert caught.value.expired_us == user.get(job.id).expires_us
    with pytest.raises(ResultExpired):
        user.download(job.id)


def folder_of(server, id_: str) -> Path:
    return server.data / "jobs" / "results" / id_[:2] / id_


def checkpointed(user, worker) -> str:
    """A job that waits for its next attempt, and has stored a tile."""
    id_ = user.create(number()).id
    lease = worker.claim().lease
    worker.put(lease, "tile", b"x" * 1000)
    worker.release(lease)
    return id_


def test_tiles_of_a_job_that_is_cancelled_leave_the_disk_at_once(shared, user, worker):
    id_ = checkpointed(user, worker)
    assert folder_of(shared, id_).exists()
    user.cancel(id_)
    shared.until(lambda: not folder_of(shared, id_).exists())


def test_a_server_that_is_stopped_removes_first_what_nothing_names_any_more(job_server):
    user, worker = job_server.user(), job_server.worker()
    jobs = [checkpointed(user, worker) for _ in range(5)]
    for id_ in jobs:
        user.cancel(id_)
    assert job_server.stop() == 0
    assert not any(folder_of(job_server, id_).exists() for id_ in jobs)
