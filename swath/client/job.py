"""`wf.Job`: a computation in the background, as its owner holds it.

It keeps the job as it was when it was last heard of; `refresh`, `watch` and `wait` hear of it anew.
What a job server offers beyond that is in `swath.client.jobs`.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

from swath.client.asked import Asked
from swath.client.jobs import JobClient
from swath.client.progress import ProgressBar, progress
from swath.client.save import File, require_encoded, save
from swath.client.spec import Format, specification
from swath.client.state import State
from swath.errors import Cancelled, DeadlineExceeded, InternalError, ResultNotAvailable, SwathError
from swath.job import Attempt, JobInfo, JobResult, JobSpec, Stage, Status
from swath.results.assemble import assemble
from swath.wire.delimited import read_delimited
from swath.wire.stream import read_stream


class Job(Asked, State):
    """A computation in the background: `job = wf.Job(obj, geoctx)`, later `job.result()`.

    It goes on when this program ends: `wf.Job.get(id)` finds it again. `wf.JobClient().quota()`
    says how many jobs you may have.
    """

    __slots__ = ("_client", "_info", "_result", "_spec")

    def __init__(
        self,
        obj: Any,
        geoctx: Any = None,
        format: Format = "native",
        destination: Format = "download",
        cache: bool = True,
        num_retries: int | None = None,
        client: JobClient | None = None,
        labels: Mapping[str, str] | None = None,
        priority: int = 0,
        keep: float | timedelta | None = None,
        attempt_timeout: float | timedelta | None = None,
        **arguments: Any,
    ) -> None:
        """Create a job, which is durable from here on.

        Args:
            obj: a proxy; or a list or tuple of proxies, computed together.
            geoctx: where: a GeoContext, or the `geocontext` of a result. Needed for pixels.
            format: `native`, or a format as for `inspect`.
            destination: `download`, where the server keeps the result; or the name of another, or
                a dict of `type` and options.
            cache: taken as Workflows users know it; a job always computes afresh.
            num_retries: how often to try again when the quota is used up, or the server is away.
                Absent: never for the quota, a few times for the server.
            client: which server to ask; absent: that of the configuration.
            labels: texts by name, to find it again with `Job.list(labels=...)`.
            priority: from -100 to 100; higher goes first among your jobs.
            keep: seconds, or a timedelta, to keep the result after it is done; absent: 10 days;
                0: for ever.
            attempt_timeout: seconds, or a timedelta, that one attempt may take; absent: the
                server's usual.
            arguments: a value for each parameter that `obj` depends on, by name.

        Raises:
            TypeMismatch: missing or extra arguments, or no expression: before anything is sent.
            Unavailable: no server answers. ResourceExhausted: too many of your jobs are not done.
            BadRequest and those below it: what is wrong with the expression.
        """
        spec = specification(obj, geoctx, format, destination, arguments)
        self._client = client or JobClient()
        self._spec: JobSpec | None = spec
        self._result: JobResult | None = None
        self._info = self._client.create(
            spec,
            labels,
            priority,
            _seconds(keep),
            _seconds(attempt_timeout),
            num_retries=num_retries,
        )

    @classmethod
    def _of(cls, info: JobInfo, client: JobClient, spec: JobSpec | None = None) -> Job:
        job = object.__new__(cls)
        job._client, job._info, job._spec, job._result = client, info, spec, None
        return job

    @classmethod
    def get(cls, id: str, client: JobClient | None = None) -> Job:
        """The job of that id.

        Raises:
            JobNotFound: you have none. Unavailable: no server answers.
        """
        asked = client or JobClient()
        return cls._of(asked.get(id), asked)

    @classmethod
    def list(
        cls,
        stage: Stage | None = None,
        status: Status | None = None,
        labels: Mapping[str, str] | None = None,
        limit: int | None = None,
        client: JobClient | None = None,
    ) -> Iterator[Job]:
        """Your jobs, newest first, page by page as they are taken.

        Args:
            stage, status: only those, such as `wf.Stage.DONE`; absent: all.
            labels: only jobs that have all of these.
            limit: most jobs to give; absent: all there are.
        """
        asked = client or JobClient()
        found = asked.list(stage, status, labels, limit)
        return (cls._of(info, asked) for info in found)

    @property
    def info(self) -> JobInfo:
        """Everything that was last heard of it, as a plain value."""
        return self._info

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Its last tries, at most 20, oldest first. Asks the server."""
        return self._full().attempts

    # Verbs

    def refresh(self) -> Job:
        """Hear of it anew; gives the job itself."""
        self._info = self._client.get(self.id)
        return self

    def watch(self, timeout: float | None = None) -> Generator[Job, None, None]:
        """The job itself, as it is now and after every change, until it is done.

        Goes on when the server was away for a while.

        Args:
            timeout: seconds until DeadlineExceeded; None: none.

        Raises:
            DeadlineExceeded: it is not done in time; it goes on. Unavailable.
        """
        with closing(self._client.watch(self.id, 0, True, timeout)) as changes:
            for info, result in changes:
                self._info, self._result = info, result or self._result
                yield self

    def wait(
        self,
        timeout: float | None = None,
        progress_bar: ProgressBar = False,
        cancel_on_timeout: bool = True,
        cancel_on_interrupt: bool = True,
    ) -> Job:
        """Wait until it is done, however it ends; gives the job itself.

        Args:
            timeout: seconds until DeadlineExceeded; None: none.
            progress_bar: True: on the standard output; a text stream: there; None: where somebody
                watches; False: none.
            cancel_on_timeout: whether the job is cancelled when the timeout passes.
            cancel_on_interrupt: whether Ctrl-C cancels it.

        Raises:
            DeadlineExceeded; KeyboardInterrupt; Unavailable: the server was away too long.
        """
        if self.done:
            with progress(progress_bar) as show:
                show(self._info)
            return self
        try:
            with progress(progress_bar) as show, closing(self.watch(timeout)) as changes:
                for job in changes:
                    show(job.info)
        except DeadlineExceeded as error:
            if cancel_on_timeout:
                give_up(self, error)
            raise
        except KeyboardInterrupt as error:
            if cancel_on_interrupt:
                give_up(self, error)
            raise
        return self

    def result(self, timeout: float | None = None, progress_bar: ProgressBar = None) -> Any:
        """Wait for the result: what `inspect` gives; bytes for a format other than native.

        None where it went to another destination than `download`. A small result came along when
        the job was done; others are read as they arrive.

        Args:
            timeout, progress_bar: as for `wait`, which cancels the job in time and on Ctrl-C.

        Raises:
            Cancelled: it was cancelled. SwathError: why it failed, as the class that was raised.
            DeadlineExceeded. ResultExpired: resubmit it. Transient: it came damaged repeatedly.
        """
        described = self._described(timeout, progress_bar)
        if described is None:
            return None
        with closing(self._client.download(self.id, described)) as pieces:
            if described.format != "native":
                return b"".join(pieces)
            return assemble(read_stream(read_delimited(pieces)))

    def result_to_file(
        self, file: File, timeout: float | None = None, progress_bar: ProgressBar = None
    ) -> None:
        """Wait for the result, and write its bytes to a path or an open binary file.

        A path never holds a part of a result.

        Args:
            timeout, progress_bar: as for `wait`.

        Raises:
            UnsupportedFormat: the format is native, which is no file. ResultNotAvailable: it went
            to another destination. Otherwise as `result`.
        """
        require_encoded(self._specification().format)
        described = self._described(timeout, progress_bar)
        if described is None:
            raise ResultNotAvailable(
                "The result went to another destination, so it is not here to write.",
                job_id=self.id,
            )
        with closing(self._client.download(self.id, described)) as pieces:
            save(pieces, file)

    def cancel(self) -> Job:
        """Ask for it to end as cancelled; one that is done stays as it is. Gives the job itself."""
        self._info = self._client.cancel(self.id)
        return self

    def resubmit(self, num_retries: int | None = None) -> Job:
        """A new job of the same specification. Raises as the constructor."""
        again = self._client.resubmit(self.id, num_retries)
        return Job._of(again, self._client, self._spec)

    def update(
        self,
        labels: Mapping[str, str] | None = None,
        keep: float | timedelta | None = None,
    ) -> Job:
        """Change its labels, or how long from now its result is kept; gives the job itself.

        Args:
            labels: instead of all that are there; absent: they stay.
            keep: seconds or a timedelta; 0: for ever; absent: it stays.

        Raises:
            InvalidArgument: values that are none. ResultExpired.
        """
        self._info = self._client.update(self.id, labels, _seconds(keep))
        return self

    def delete(self) -> None:
        """Remove it, and its result.

        Raises:
            JobNotDone: cancel it first.
        """
        self._client.delete(self.id)
        self._result = None

    def __repr__(self) -> str:
        status = "" if self.status is Status.UNSPECIFIED else f" {self.status.value}"
        steps = f"{self.progress.done}/{self.progress.total or '?'}"
        type_ = f" of {self.type}" if self.type is not None else ""
        return f"<swath.Job {self.id}{type_}: {self.stage.value}{status}, steps {steps}>"

    def _specification(self) -> JobSpec:
        if self._spec is None:
            self._full()
        if self._spec is None:
            raise InternalError("The server does not say what its job computes.")
        return self._spec

    def _full(self) -> JobInfo:
        self._info = self._client.get(self.id, full=True)
        self._spec = self._info.spec or self._spec
        return self._info

    def _described(self, timeout: float | None, progress_bar: ProgressBar) -> JobResult | None:
        """What its result is, once it is done; None: it is elsewhere. Raises why there is none."""
        self.wait(timeout, progress_bar)
        if self.cancelled:
            raise Cancelled(f"Job {self.id} was cancelled: resubmit it to have its result.")
        if self.status is Status.FAILURE:
            # A copy: what is raised twice would carry the traces of both.
            raise copy.copy(self.error) if self.error else InternalError("The job failed.")
        if self._result is not None:
            return self._result
        try:
            return self._client.result(self.id)
        except ResultNotAvailable:
            return None


def _seconds(time: float | timedelta | None) -> float | None:
    return time.total_seconds() if isinstance(time, timedelta) else time


def give_up(job: Job, reason: BaseException) -> None:
    """Cancel a job; the reason says whether that was possible."""
    try:
        job.cancel()
        reason.add_note(f"Job {job.id} is being cancelled.")
    except SwathError as error:
        reason.add_note(f"Job {job.id} could not be cancelled: {error}")
