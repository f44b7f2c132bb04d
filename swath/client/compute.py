"""`wf.compute`: a job, waited for."""

from __future__ import annotations

from typing import Any

from swath.client.job import Job, give_up
from swath.client.jobs import JobClient
from swath.client.progress import ProgressBar
from swath.client.question import named_options
from swath.client.save import File, require_encoded
from swath.client.spec import Format
from swath.errors import InvalidArgument


def compute(
    obj: Any,
    geoctx: Any = None,
    format: Format = "native",
    destination: Format = "download",
    file: File | None = None,
    timeout: float | None = None,
    block: bool = True,
    progress_bar: ProgressBar = None,
    cache: bool = True,
    num_retries: int | None = None,
    client: JobClient | None = None,
    **arguments: Any,
) -> Any:
    """The value of an expression, computed as a job: for what is large, slow, or must not be lost.

    Gives what `inspect` gives. Ctrl-C and the timeout cancel the job.

    Args:
        obj: a proxy; or a list or tuple of proxies, computed together.
        geoctx: where: a GeoContext, or the `geocontext` of a result. Needed for pixels.
        format: `native`: Python values, ImageResult and ImageCollectionResult. `json` or
            `geotiff`: bytes. A dict of `type` and options sets options of the format.
        destination: `download`: it is given here. The name of another, or a dict of `type` and
            options: it goes there, and None is given once it has.
        file: path or open binary file to write the bytes to, instead of returning them. A path
            never holds a part of a result.
        timeout: seconds until DeadlineExceeded; None: none.
        block: False: give the `Job` at once, instead of its result.
        progress_bar: True: on the standard output; a text stream: there; None: where somebody
            watches, in a terminal or notebook; False: none.
        cache: taken as Workflows users know it; a job always computes afresh.
        num_retries: how often to try again when the quota is used up, or the server is away.
            Absent: never for the quota, a few times for the server.
        client: which server to ask; absent: that of the configuration.
        arguments: a value for each parameter that `obj` depends on, by name.

    Raises:
        TypeMismatch: missing or extra arguments, or no expression: before anything is sent.
        Unavailable: no server answers. ResourceExhausted: too many of your jobs are not done.
        DeadlineExceeded: the timeout passed. Cancelled: somebody cancelled the job.
        SwathError: why the job failed, as the class that was raised.
    """
    if file is not None:
        require_encoded(named_options(format, "format")[0])
        if not block:
            raise InvalidArgument(
                "Only a result that is waited for goes to a file: leave block out, or use "
                "Job.result_to_file later."
            ).at(argument="file")
    job = Job(obj, geoctx, format, destination, cache, num_retries, client, **arguments)
    if not block:
        return job
    try:
        if file is None:
            return job.result(timeout, progress_bar)
        job.result_to_file(file, timeout, progress_bar)
    except KeyboardInterrupt as interrupt:
        if not job.done and not hasattr(interrupt, "__notes__"):  # it came outside of `wait`
            give_up(job, interrupt)
        raise
    return None
