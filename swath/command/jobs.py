"""`swath jobs` and `swath quota`: look at your jobs and steer them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from swath.client.job import Job
from swath.client.jobs import JobClient
from swath.command.job_text import facts, plain, row
from swath.errors import BadRequest, Cancelled, UnsupportedFormat
from swath.job import Stage, Status
from swath.results import ImageCollectionResult, ImageResult

WIDE = 240
"""Columns of a table that goes to a file or a program."""

_Option = Callable[[Callable[..., None]], Callable[..., None]]
_server: _Option = click.option(
    "--server", metavar="HOST:PORT", help="The job server.  [SWATH_JOBS, else 127.0.0.1:7072]"
)
_json: _Option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def jobs() -> None:
    """Your jobs on a job server. Who you are is said by SWATH_TOKEN."""


@jobs.command("list")
@click.option(
    "--stage",
    type=click.Choice([stage.name.lower() for stage in Stage]),
    help="Only jobs of this stage.",
)
@click.option(
    "--status",
    type=click.Choice([s.name.lower() for s in Status if s is not Status.UNSPECIFIED]),
    help="Only jobs that ended so.",
)
@click.option("--label", "labels", multiple=True, metavar="NAME=TEXT", help="Only with this label.")
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Most jobs; 0: all."
)
@_json
@_server
def list_(
    stage: str | None,
    status: str | None,
    labels: tuple[str, ...],
    limit: int,
    as_json: bool,
    server: str | None,
) -> None:
    """List jobs, newest first."""
    found = list(
        JobClient(server).list(
            None if stage is None else Stage[stage.upper()],
            None if status is None else Status[status.upper()],
            dict(map(_label, labels)),
            limit or None,
        )
    )
    if as_json:
        _print_json([plain(job) for job in found])
        return
    if not found:
        click.echo("No such jobs.")
        return
    columns = ("id", "created (UTC)", "stage", "status", "steps", "type", "labels")
    _print_table(columns, map(row, found))


@jobs.command()
@click.argument("id")
@_json
@_server
def show(id: str, as_json: bool, server: str | None) -> None:
    """Show the job ID: how it is, why it failed, its attempts."""
    job = JobClient(server).get(id, full=True)
    if as_json:
        _print_json(plain(job))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, text in facts(job):
        table.add_row(name, text)
    _console().print(table)


@jobs.command()
@click.argument("id")
@_server
def watch(id: str, server: str | None) -> None:
    """Follow the job ID until it is done. Status 0: it succeeded. Ctrl-C leaves it running."""
    job = Job.get(id, JobClient(server)).wait(progress_bar=True, cancel_on_interrupt=False)
    if job.error is not None and job.status is Status.FAILURE:
        raise job.error
    if job.cancelled:
        raise Cancelled(f"Job {id} was cancelled.")


@jobs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_server
def cancel(ids: tuple[str, ...], server: str | None) -> None:
    """Ask for jobs to end as cancelled. Those that are done stay as they are."""
    client = JobClient(server)

    def one(id_: str) -> str:
        job = client.cancel(id_)
        return job.status.name.lower() if job.is_done else "being cancelled"

    _each(ids, one)


@jobs.command()
@click.argument("id")
@_server
def resubmit(id: str, server: str | None) -> None:
    """Make a new job that computes what the job ID does; prints its id."""
    click.echo(JobClient(server).resubmit(id).id)


@jobs.command()
@click.argument("id")
@click.option("-o", "--output", metavar="FILE", help="Write it there, whole or not at all.")
@_server
def result(id: str, output: str | None, server: str | None) -> None:
    """Wait for the result of the job ID, and print it or write it to a file.

    A native result is printed as Python shows it; an image or collection is written as .npz or
    .tif. Ctrl-C leaves the job running.
    """
    job = Job.get(id, JobClient(server))
    job.wait(progress_bar=sys.stderr if sys.stderr.isatty() else False, cancel_on_interrupt=False)
    is_native = job.format["type"] == "native"
    if output is not None and not is_native:
        job.result_to_file(output)
        return
    value = job.result(progress_bar=False)
    if output is not None:
        _save(value, output)
    elif isinstance(value, bytes):
        sys.stdout.buffer.write(value)
    else:
        click.echo(repr(value))


@jobs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_server
def delete(ids: tuple[str, ...], server: str | None) -> None:
    """Remove jobs that are done, with their results."""
    client = JobClient(server)

    def one(id_: str) -> str:
        client.delete(id_)
        return "deleted"

    _each(ids, one)


@click.command()
@_json
@_server
def quota(as_json: bool, server: str | None) -> None:
    """Show how many jobs you have, and may have."""
    found = JobClient(server).quota()
    if as_json:
        names = ("owner", "outstanding", "outstanding_limit", "running", "running_limit")
        _print_json({name: getattr(found, name) for name in names})
        return
    running_limit = (
        str(found.running_limit) if found.running_limit else "as many as there are workers"
    )
    rows = [
        ("not done", str(found.outstanding), str(found.outstanding_limit)),
        ("running", str(found.running), running_limit),
    ]
    _print_table((f"jobs of {found.owner}", "now", "at most"), rows)


def _each(ids: Iterable[str], one: Callable[[str], str]) -> None:
    """Print what became of each; one that cannot be done keeps none of the others from it.

    Raises:
        BadRequest: that one; of several the last, the others were printed.
    """
    refused: list[tuple[str, BadRequest]] = []
    for id_ in ids:
        try:
            click.echo(f"{id_}: {one(id_)}")
        except BadRequest as error:
            refused.append((id_, error))
    for id_, why in refused[:-1]:
        click.echo(f"{id_}: {why}", err=True)
    if refused:
        raise refused[-1][1]


def _label(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not is_there:
        raise click.BadParameter(f"{text!r} is not NAME=TEXT.", param_hint="--label")
    return name, value


def _save(value: Any, output: str) -> None:
    if not isinstance(value, ImageResult | ImageCollectionResult):
        raise UnsupportedFormat(
            f"A native result of type {type(value).__name__} is no file: leave --output out, or "
            "compute it in the format json."
        )
    value.save(output)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, markup=False)


def _print_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for cells in rows:
        table.add_row(*cells)
    _console().print(table)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
