"""`swath worker`: take jobs from a job server, one at a time, until asked to stop."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import click

from job_server.worker.config import MIB, WorkerConfig
from job_server.worker.lifetime import work_until_signalled
from job_server.worker.scratch import open_scratch
from swath.serving.config import DEFAULT_DATA, load
from swath.serving.events import Instrument
from swath.serving.follow import follow_supervisor
from swath.serving.subscriber import LogAndMetrics


@click.command()
@click.option("--server", help="host:port or unix:/path where it listens for workers.  [by --data]")
@click.option("--data", help=f"Folder of the catalog.  [SWATH_DATA or {DEFAULT_DATA}]")
@click.option("--secret-file", help="File with the secret of workers.  [by --data]")
@click.option("--memory", type=int, help="Most MiB of memory that a job may use.  [2048]")
@click.option("--scratch", help="Folder for files of jobs in progress.  [the system's]")
@click.option("--root", multiple=True, help="Folder whose files may be read.  [any file]")
@click.option("--allow-prefix", multiple=True, help="https:// or s3:// address to read.  [none]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="TOML file with more settings, in table [worker].",
)
def worker(config: Path | None, memory: int | None, **flags: Any) -> None:
    """Run jobs until Ctrl-C or SIGTERM; then finish, or give back, the job in progress."""
    follow_supervisor(os.environ)
    flags["memory_bytes"] = None if memory is None else memory * MIB
    settings = load(WorkerConfig, "worker", flags, os.environ, config).validate()
    secret = settings.secret()
    scratch = open_scratch(settings.scratch.expanduser(), secrets.token_hex(4))
    instrument = Instrument(LogAndMetrics())
    try:
        status = asyncio.run(
            work_until_signalled(
                settings.address(),
                secret,
                settings.child(),
                settings.parent(),
                scratch,
                instrument.emit,
                lambda: _say_ready(settings),
            )
        )
    finally:
        scratch.close()
        instrument.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # gRPC's own threads may outlive the loop by seconds


def _say_ready(settings: WorkerConfig) -> None:
    click.echo(f"swath: worker ready, jobs from {settings.address()} (data {settings.data})")
