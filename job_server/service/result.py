"""GetJobResult and DownloadJobResult: what a job gave."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from job_server.results.concat import Joined
from job_server.service.jobs import Jobs
from job_server.service.message import INLINE_BYTES, encode_piece, encode_result
from job_server.service.thread import in_thread
from job_server.store.record import JobRecord, Manifest
from job_server.store.store import Transaction
from swath.errors import JobNotDone, ResultExpired, ResultNotAvailable
from swath.job import Status
from swath.serving.call import Call
from swath.wire.job_request import decode_download, decode_id

PART_BYTES = 512 * 1024
"""Bytes in a message of a download: a throughput near the best, and any client takes it."""


async def get_job_result(jobs: Jobs, call: Call) -> None:
    """Answer GetJobResult."""
    id_ = decode_id(call.request)
    job, manifest = await jobs.run(lambda tx: result_of(tx, id_, call.owner))
    await call.send(encode_result(job, manifest, await small_data(jobs, manifest)))


async def download_job_result(jobs: Jobs, call: Call) -> None:
    """Answer DownloadJobResult."""
    id_, offset = decode_download(call.request)
    _, manifest = await jobs.run(lambda tx: result_of(tx, id_, call.owner))
    parts = Joined(jobs.results, manifest).parts(offset, PART_BYTES)
    while True:
        message, offset = await in_thread(_next, parts, offset)
        if message is None:
            return
        await call.send(message)


def result_of(tx: Transaction, id_: str, owner: str) -> tuple[JobRecord, Manifest]:
    """A job that has a result, and that.

    Raises:
        JobNotFound. JobNotDone. ResultNotAvailable: it ended otherwise. ResultExpired.
    """
    job = tx.get(id_, owner)
    if not job.is_done:
        raise JobNotDone(
            "The job is not done yet: wait for it.", job_id=job.id, stage=job.stage.value
        )
    if job.status is not Status.SUCCESS:
        is_cancelled = job.status is Status.CANCELLED
        how = "was cancelled: resubmit it" if is_cancelled else "failed; its `error` says why"
        raise ResultNotAvailable(
            f"There is no result: the job {how}.", job_id=job.id, status=job.status.value
        )
    manifest = tx.manifest(id_)
    if manifest is None:
        raise ResultExpired(
            "The result was removed at the time it was to be kept until: resubmit the job.",
            job_id=job.id,
            expired_us=job.expires_us,
        )
    return job, manifest


async def small_data(jobs: Jobs, manifest: Manifest) -> bytes | None:
    """All bytes of a result that is small enough for the answer that describes it."""
    if manifest.size_bytes > INLINE_BYTES:
        return None
    if manifest.data is not None:
        return manifest.data
    return await in_thread(_joined, jobs, manifest)


def _joined(jobs: Jobs, manifest: Manifest) -> bytes:
    return b"".join(Joined(jobs.results, manifest).parts())


def _next(parts: Iterator[bytes], offset: int) -> tuple[bytes | None, int]:
    """The next message, and where the one after it begins; in a thread: it reads from disk."""
    part = next(parts, None)
    if part is None:
        return None, offset
    return encode_piece(offset, part, zlib.crc32(part)), offset + len(part)
