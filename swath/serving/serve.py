"""`swath serve`: inspect server, job server and workers on this machine, in one command."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from swath.errors import InvalidArgument
from swath.serving.config import DEFAULT_DATA
from swath.serving.events import Event, as_line
from swath.serving.follow import follow_supervisor
from swath.serving.supervise import PartSpec, supervise

INSPECT = ("inspect_host", "inspect_port", "metrics_port", "engines")
JOBS = ("jobs_host", "jobs_port", "jobs_metrics_port", "database", "outstanding_limit")
SOURCES = ("root", "allow_prefix")
"""Settings of each part by the names of their flags; all parts get data and config."""


@click.command()
@click.option("--data", help=f"Folder of catalog, jobs and tokens.  [SWATH_DATA or {DEFAULT_DATA}]")
@click.option("--inspect-port", type=int, default=7070, show_default=True, help="0: a free one.")
@click.option("--inspect-host", help="Address for questions.  [127.0.0.1]")
@click.option("--jobs-port", type=int, default=7072, show_default=True, help="-1: no jobs.")
@click.option("--jobs-host", help="Address for jobs.  [127.0.0.1]")
@click.option("--workers", type=int, default=1, show_default=True, help="Jobs that run at once.")
@click.option("--database", help="postgresql://... of the jobs.  [SQLite in the data folder]")
@click.option("--quota", type=int, help="Most jobs of an owner that are not done.  [120]")
@click.option("--metrics-port", type=int, help="/metrics of inspect; -1: none.  [7071]")
@click.option("--jobs-metrics-port", type=int, help="/metrics of jobs; -1: none.  [7073]")
@click.option("--engines", type=int, help="Processes that compute pixels.  [one for each core]")
@click.option("--root", multiple=True, help="Folder whose files may be read.  [any file]")
@click.option("--allow-prefix", multiple=True, help="https:// or s3:// address to read.  [none]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="TOML file with more settings, in tables [inspect], [jobs] and [worker].",
)
def serve(workers: int, jobs_port: int, quota: int | None, **flags: Any) -> None:
    """Answer questions and run jobs until Ctrl-C or SIGTERM; then finish what is in progress.

    The parts are also commands of their own: inspectserver, jobserver and worker.
    """
    follow_supervisor(os.environ)
    if workers < 0:
        raise InvalidArgument("--workers must be 0 or more.")
    flags |= {"jobs_port": jobs_port, "outstanding_limit": quota}
    first = [inspect_part(flags)]
    rest: list[PartSpec] = []
    if jobs_port >= 0:
        first.append(jobs_part(flags))
        rest = [worker_part(flags, number) for number in range(1, workers + 1)]
    status = asyncio.run(supervise(first, rest, click.echo, _tell))
    sys.stdout.flush()
    os._exit(status)


def inspect_part(flags: Mapping[str, Any]) -> PartSpec:
    """The inspect server."""
    words = _words(flags, ("data", *INSPECT, *SOURCES, "config"))
    return PartSpec("inspect server", "inspect_server", words, "--inspect-port")


def jobs_part(flags: Mapping[str, Any]) -> PartSpec:
    """The job server; workers need it to give back their jobs."""
    words = _words(flags, ("data", *JOBS, "config"))
    return PartSpec("job server", "job_server", words, "--jobs-port", stops_last=True)


def worker_part(flags: Mapping[str, Any], number: int) -> PartSpec:
    """One worker, of the job server of the same data folder."""
    words = _words(flags, ("data", *SOURCES, "config"))
    return PartSpec(f"worker {number}", "job_server.worker", words)


def _words(flags: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """Those flags that were given, as words of a command line."""
    found: list[str] = []
    for name in names:
        given = flags.get(name)
        for value in given if isinstance(given, tuple) else (given,):
            if value is not None:
                found += [f"--{name.replace('_', '-')}", str(value)]
    return tuple(found)


def _tell(verb: str, fields: Mapping[str, Any]) -> None:
    click.echo(as_line(Event(verb, fields, time.time())), err=True)
