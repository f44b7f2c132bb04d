"""`swath jobserver`: start the job server alone, say so in one line, run until asked to stop."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from job_server.config import JobConfig
from job_server.limit import limit
from job_server.server import JobServer
from swath.errors import PermissionDenied
from swath.serving.config import DEFAULT_DATA, load
from swath.serving.follow import follow_supervisor
from swath.serving.lifetime import serve_until_signalled
from swath.worker.v1 import admin_pb2 as pb


@click.command()
@click.option("--data", help=f"Folder of catalog and jobs.  [SWATH_DATA or {DEFAULT_DATA}]")
@click.option("--database", help="postgresql://... of the jobs.  [SQLite in the data folder]")
@click.option("--jobs-port", type=int, help="Port to listen on; 0: a free one.  [7072]")
@click.option("--jobs-host", help="Address to listen on.  [127.0.0.1]")
@click.option("--worker-address", help="host:port or unix:/path.  [a socket in the data folder]")
@click.option("--jobs-metrics-port", type=int, help="Port of /metrics; -1: none.  [7073]")
@click.option("--outstanding-limit", type=int, help="Most jobs of an owner not done.  [120]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="TOML file with more settings, in table [jobs].",
)
def jobserver(config: Path | None, **flags: Any) -> None:
    """Queue jobs and keep their results until Ctrl-C or SIGTERM. Workers are started apart."""
    follow_supervisor(os.environ)
    settings = load(JobConfig, "jobs", flags, os.environ, config)
    settings = replace(settings, data=settings.data.expanduser()).validate()
    _make_folder(settings.folder())
    status = asyncio.run(serve_until_signalled(JobServer(settings), _say_ready))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # gRPC's own threads may outlive the loop by seconds


def _say_ready(server: JobServer) -> None:
    config = server.config
    metrics = f", metrics on port {server.metrics_port}" if server.metrics_port >= 0 else ""
    where = f"{config.jobs_host}:{server.port}"
    click.echo(
        f"swath: job server ready on {where} (data {config.data}, workers on"
        f" {server.worker_address} with {server.secret_file}{metrics})"
    )


def _make_folder(folder: Path) -> None:
    """The folder of jobs, which only this user may open: it has results and the secret."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise PermissionDenied(
            f"The folder {folder} cannot be made: {problem.strerror}. Choose another with --data,"
            " or answer questions alone: swath serve --jobs-port -1."
        ) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionDenied(
            f"The folder {folder} cannot be written. Choose another with --data, or answer"
            " questions alone: swath serve --jobs-port -1."
        )


@click.command()
@click.argument("owner")
@click.option("--outstanding", type=click.IntRange(0), help="Most jobs that are not done.")
@click.option("--running", type=click.IntRange(0), help="Most jobs that run at once; 0: any.")
@click.option("--data", help=f"Folder of catalog and jobs.  [SWATH_DATA or {DEFAULT_DATA}]")
@click.option("--database", help="postgresql://... of the jobs.  [SQLite in the data folder]")
@click.option("--worker-address", help="host:port or unix:/path.  [a socket in the data folder]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="TOML file with more settings, in table [jobs].",
)
def owner(
    owner: str, outstanding: int | None, running: int | None, config: Path | None, **flags: Any
) -> None:
    """Say what OWNER has and may have; give it limits of its own."""
    settings = load(JobConfig, "jobs", flags, os.environ, config)
    settings = replace(settings, data=settings.data.expanduser()).validate()
    asked = pb.SetLimitsRequest(owner=owner, outstanding_limit=outstanding, running_limit=running)
    now = limit(settings, asked)
    most = now.running_limit or "any"
    click.echo(f"{owner}: {now.outstanding} of {now.outstanding_limit} jobs not done")
    click.echo(f"{' ' * len(owner)}  {now.running} of {most} running")
