"""The progress bar of a job: a line of text, rewritten at each change.

`[#######        ] | Steps: 3/7 | Stage: STAGE_RUNNING`, and when it is done
`[###############] | Steps: 1/1 | Stage: STAGE_DONE | Status: STATUS_SUCCESS`. A job that waits for
another attempt tells what the last one failed of. Drawn by tqdm where it is installed (extra
`progress`); otherwise the line is written anew when it changes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from swath.errors import InvalidArgument
from swath.job import JobInfo, Stage, Status

WIDTH = 15
"""Characters of the bar."""

Show = Callable[[JobInfo], None]
"""Draws a job as it is now."""
ProgressBar = bool | IO[str] | None
"""True: to the standard output. False: none. A text stream: there. None: to the standard output
where somebody watches, in a terminal or a notebook."""


@contextmanager
def progress(where: ProgressBar) -> Iterator[Show]:
    """A bar that is there inside the context, and stays as it was last.

    Raises:
        InvalidArgument: `where` is no stream.
    """
    stream = _stream(where)
    if stream is None:
        yield _nothing
        return
    with _drawn(stream) as show:
        yield show


def line(job: JobInfo) -> str:
    """A job as the bar shows it."""
    done, total = job.progress.done, job.progress.total
    filled = min(WIDTH, WIDTH * done // total) if total else 0
    steps = f"{done}/{total or '?'}"
    return f"[{'#' * filled:{WIDTH}}] | Steps: {steps} | {_stage(job)}"


def _stage(job: JobInfo) -> str:
    stage = f"Stage: {job.stage.value}"
    if job.status is not Status.UNSPECIFIED:
        return f"{stage} | Status: {job.status.value}"
    if job.stage is Stage.QUEUED and job.error is not None:
        return f"{stage} | Last attempt: {job.error.REASON}"
    return stage


def _nothing(job: JobInfo) -> None:
    """No bar is wanted."""


def _stream(where: ProgressBar) -> IO[str] | None:
    if where is None:
        return sys.stdout if sys.stdout.isatty() or in_notebook() else None
    if isinstance(where, bool):
        return sys.stdout if where else None
    if not hasattr(where, "write"):
        raise InvalidArgument("progress_bar is True, False, None or a text stream.").at(
            argument="progress_bar"
        )
    return where


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook. Imports nothing."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def _drawn(stream: IO[str]) -> Iterator[Show]:
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        with _plain(stream) as show:
            yield show
        return
    form = f"[{{bar:{WIDTH}}}] | Steps: {{n_fmt}}/{{total_fmt}} | {{desc}}"
    bar: Any = tqdm(
        total=None, bar_format=form, ascii=" #", file=stream, desc="Stage: ?", delay=1e9
    )
    if (bar.ncols or 1) < 1 or (bar.nrows or 1) < 1:
        bar.ncols = bar.nrows = None  # a terminal that does not know its size: draw all the same
    try:
        yield lambda job: _draw(bar, job)
    finally:
        bar.close()


def _draw(bar: Any, job: JobInfo) -> None:
    bar.delay = 0  # nothing was drawn before the first state is known
    bar.total = job.progress.total or None
    bar.n = job.progress.done
    bar.set_description_str(_stage(job), refresh=False)
    bar.refresh()


@contextmanager
def _plain(stream: IO[str]) -> Iterator[Show]:
    """The line itself: in place on a terminal, else one line for each that differs."""
    in_place = stream.isatty()
    shown = ""

    def show(job: JobInfo) -> None:
        nonlocal shown
        text = line(job)
        if text == shown:
            return
        stream.write(f"\r{text:{len(shown)}}" if in_place else f"{text}\n")
        stream.flush()
        shown = text

    try:
        yield show
    finally:
        if in_place and shown:
            stream.write("\n")
            stream.flush()
