"""Asking a job server: one method for each rpc, safe against a server that goes and comes back.

`swath.client.job.Job` is what users hold; this is what it, and the command line, ask with.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from uuid import uuid4

from swath.client import channel
from swath.client.call import stream
from swath.client.config import client_token, jobs_address
from swath.client.patience import Patience
from swath.client.retry import PACING, Pacing, retried
from swath.errors import InternalError, InvalidArgument, SwathError, Transient, Unavailable
from swath.job import JobInfo, JobResult, JobSpec, Quota, Stage, Status
from swath.wire.job_answer import (
    decode_change,
    decode_job,
    decode_jobs,
    decode_piece,
    decode_quota,
    decode_result,
)
from swath.wire.job_request import (
    CANCEL_JOB,
    CREATE_JOB,
    DELETE_JOB,
    DOWNLOAD_JOB_RESULT,
    GET_JOB,
    GET_JOB_RESULT,
    GET_QUOTA,
    LARGEST_PAGE,
    LIST_JOBS,
    RESUBMIT_JOB,
    UPDATE_JOB,
    WATCH_JOB,
    CreateJob,
    ListJobs,
    UpdateJob,
    WatchJob,
    encode_create,
    encode_download,
    encode_get,
    encode_id,
    encode_list,
    encode_quota_question,
    encode_resubmit,
    encode_update,
    encode_watch,
)

TIMEOUT_S = 30.0
"""How long each answer is awaited, all tries together."""
SILENCE_S = 35.0
"""A stream is given up after so long without a message: a job's has one every 15 s at least."""
Change = tuple[JobInfo, JobResult | None]
"""A job after a change; and its result, where it came along."""


class JobClient:
    """Asks one job server. Safe to use from several threads; opening it sends nothing.

    Every method raises `Unavailable` when no server answers, and SwathErrors of the server as the
    same class. Calls are repeated by themselves only where that is safe.
    """

    def __init__(
        self,
        address: str | None = None,
        token: str | None = None,
        pacing: Pacing = PACING,
        silence_s: float = SILENCE_S,
    ) -> None:
        """A client of the server at an address.

        Args:
            address: `host:port`, or `grpcs://host:port` where it has TLS; absent: `SWATH_JOBS`,
                the configuration file, loopback.
            token: says who asks; absent: `SWATH_TOKEN`, the configuration file, nobody.
            pacing: how long to wait before trying again.
            silence_s: after so long without a message a stream is opened anew.
        """
        self.address = jobs_address(address)
        self._token = client_token(token)
        self._pacing = pacing
        self._silence_s = silence_s
        self._was_there = False

    def __repr__(self) -> str:
        return f"JobClient({self.address!r})"

    def create(
        self,
        spec: JobSpec,
        labels: Mapping[str, str] | None = None,
        priority: int = 0,
        keep_s: float | None = None,
        attempt_timeout_s: float | None = None,
        num_retries: int | None = None,
    ) -> JobInfo:
        """The new job. It is made once, however often this has to be repeated.

        Ctrl-C meanwhile cancels it, if it was made.

        Args:
            spec: what to compute.
            labels: texts by name.
            priority: from -100 to 100; higher goes first among your jobs.
            keep_s: how long to keep the result; absent: 10 days; 0: for ever.
            attempt_timeout_s: how long one attempt may take; absent: the server's usual.
            num_retries: how often to try again, also when the quota is used up. Absent: a few
                times, but never for the quota.

        Raises:
            ResourceExhausted: too many jobs are not done yet.
            BadRequest and those below it: what is wrong with the expression.
        """
        asked = CreateJob(spec, uuid4().hex, labels or {}, priority, keep_s, attempt_timeout_s)
        return self._made(CREATE_JOB, encode_create(asked), num_retries)

    def _made(self, method: str, request: bytes, num_retries: int | None) -> JobInfo:
        try:
            return decode_job(self._ask(method, request, num_retries))
        except KeyboardInterrupt:
            with suppress(SwathError):  # asked again, the server says which job it is
                self.cancel(decode_job(self._ask(method, request)).id)
            raise

    def get(self, id: str, full: bool = False) -> JobInfo:
        """The job as it is now; `full`: with its spec and attempts.

        Raises:
            JobNotFound: you have no job of that id.
        """
        return decode_job(self._ask(GET_JOB, encode_get(id, full)))

    def list(
        self,
        stage: Stage | None = None,
        status: Status | None = None,
        labels: Mapping[str, str] | None = None,
        limit: int | None = None,
    ) -> Iterator[JobInfo]:
        """Your jobs, newest first, page by page as they are taken.

        Args:
            stage, status: only those; absent: all.
            labels: only jobs that have all of these.
            limit: most jobs to give; absent: all there are.
        """
        if limit is not None and limit < 0:
            raise InvalidArgument("A limit is 0 or more.").at(argument="limit")
        size = LARGEST_PAGE if limit is None else min(limit, LARGEST_PAGE)
        return self._pages(ListJobs(stage, status, labels or {}, size), limit)

    def _pages(self, asked: ListJobs, limit: int | None) -> Iterator[JobInfo]:
        left = limit
        while left is None or left > 0:
            page, token = decode_jobs(self._ask(LIST_JOBS, encode_list(asked)))
            yield from page if left is None else page[:left]
            left = None if left is None else left - len(page)
            if not token:
                return
            asked = replace(asked, page_token=token)

    def watch(
        self,
        id: str,
        after_revision: int = 0,
        with_result: bool = False,
        timeout: float | None = None,
    ) -> Generator[Change, None, None]:
        """The job as it is, then after every change, until it is done.

        Survives breaks, restarts and silence of the server: it is asked again for what comes after
        the last revision that was seen.

        Args:
            after_revision: begin after that one; 0: with the job as it is now.
            with_result: whether a small result should come with the last change.
            timeout: seconds until DeadlineExceeded; None: none.

        Raises:
            JobNotFound. DeadlineExceeded: it is not done in time. Unavailable: the server was away
            for 5 minutes.
        """
        patience = Patience(self._pacing, timeout, self._was_there)
        seen = after_revision
        while True:
            request = encode_watch(WatchJob(id, seen, with_result))
            try:
                with closing(self._stream(WATCH_JOB, request, patience.left_s())) as messages:
                    for message in messages:
                        patience.heard()
                        job, result = decode_change(message)
                        if job is None or (job.revision <= seen and not job.is_done):
                            continue
                        seen = job.revision
                        yield job, result
                        if job.is_done:
                            return
            except SwathError as error:
                patience.failed(error)
            else:
                patience.failed(Unavailable("The server stopped telling of a job that goes on."))

    def cancel(self, id: str) -> JobInfo:
        """Ask for the job to end as cancelled; the job after it. One that is done stays so."""
        return decode_job(self._ask(CANCEL_JOB, encode_id(id)))

    def resubmit(self, id: str, num_retries: int | None = None) -> JobInfo:
        """A new job of the same specification. Ctrl-C and errors as `create`; JobNotFound."""
        return self._made(RESUBMIT_JOB, encode_resubmit(id, uuid4().hex), num_retries)

    def update(
        self, id: str, labels: Mapping[str, str] | None = None, keep_s: float | None = None
    ) -> JobInfo:
        """The job with other labels, or kept for another time from now; absent: as it was."""
        return decode_job(self._ask(UPDATE_JOB, encode_update(UpdateJob(id, labels, keep_s))))

    def delete(self, id: str) -> None:
        """Remove a job that is done, and its result.

        Raises:
            JobNotDone: cancel it first. JobNotFound.
        """
        self._ask(DELETE_JOB, encode_id(id))

    def result(self, id: str) -> JobResult:
        """What a result is; a small one with its bytes.

        Raises:
            JobNotDone. ResultNotAvailable: it failed, was cancelled, or is elsewhere.
            ResultExpired. JobNotFound.
        """
        return decode_result(self._ask(GET_JOB_RESULT, encode_id(id)))

    def download(self, id: str, described: JobResult | None = None) -> Generator[bytes, None, None]:
        """The bytes of a result, piece by piece, as they are taken.

        A break is resumed where it was; every piece and the whole are checked by their sums.

        Args:
            described: what `result` or the last change said; absent: it is asked for.

        Raises:
            Transient: they came damaged again and again. Otherwise as `result`.
        """
        result = self.result(id) if described is None else described
        if result.data is not None:
            yield _checked_whole(result.data, result)
            return
        at, crc32, patience = 0, 0, Patience(self._pacing, None, self._was_there)
        while at < result.size_bytes:
            try:
                request = encode_download(id, at)
                with closing(self._stream(DOWNLOAD_JOB_RESULT, request, None)) as messages:
                    for message in messages:
                        data = _next_bytes(message, at, result.size_bytes)
                        patience.heard()
                        at, crc32 = at + len(data), zlib.crc32(data, crc32)
                        yield data
                if at < result.size_bytes:
                    raise Transient("The result was cut short on its way.")
            except SwathError as error:
                patience.failed(error)
        if crc32 != result.crc32:
            raise Transient("The result is damaged: its checksum does not fit.")

    def quota(self) -> Quota:
        """How many jobs you have and may have."""
        return decode_quota(self._ask(GET_QUOTA, encode_quota_question()))

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        channel.close(self.address)

    def _ask(self, method: str, request: bytes, num_retries: int | None = None) -> bytes:
        def once(left_s: float | None) -> bytes:
            # One answer is a stream of one; so it is in a thread, where Ctrl-C cannot hurt it.
            answers = list(self._stream(method, request, left_s))
            if len(answers) != 1:
                raise InternalError("The server did not answer with one message.")
            return answers[0]

        answer = retried(once, TIMEOUT_S, num_retries, self._pacing)
        self._was_there = True
        return answer

    def _stream(
        self, method: str, request: bytes, timeout_s: float | None
    ) -> Generator[bytes, None, None]:
        return stream(self.address, method, request, timeout_s, self._token, self._silence_s)


def _next_bytes(message: bytes, at: int, size: int) -> bytes:
    """The bytes of a piece that belongs at `at`, of a result of `size` bytes."""
    piece = decode_piece(message)
    fits = piece.offset == at and at + len(piece.data) <= size
    if not fits or zlib.crc32(piece.data) != piece.crc32:
        raise Transient("A piece of the result came damaged.")
    return piece.data


def _checked_whole(data: bytes, result: JobResult) -> bytes:
    if len(data) != result.size_bytes or zlib.crc32(data) != result.crc32:
        raise Transient("The result came damaged: its checksum does not fit.")
    return data
