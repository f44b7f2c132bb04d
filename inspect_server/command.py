"""`swath inspectserver`: start the inspect server alone, say so, run until asked to stop."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from engine.kernels import library
from inspect_server.config import InspectConfig
from inspect_server.server import InspectServer
from inspect_server.spec import engine_spec, load_here
from swath.errors import PermissionDenied
from swath.serving.config import DEFAULT_DATA, load
from swath.serving.follow import follow_supervisor
from swath.serving.lifetime import serve_until_signalled


@click.command()
@click.option("--data", help=f"Folder of the catalog.  [SWATH_DATA or {DEFAULT_DATA}]")
@click.option("--inspect-port", type=int, help="Port to listen on; 0: a free one.  [7070]")
@click.option("--inspect-host", help="Address to listen on.  [127.0.0.1]")
@click.option("--metrics-port", type=int, help="Port of /metrics; 0: a free one, -1: none.  [7071]")
@click.option("--engines", type=int, help="Processes that compute pixels.  [one for each core]")
@click.option("--root", multiple=True, help="Folder whose files may be read.  [any file]")
@click.option("--allow-prefix", multiple=True, help="https:// or s3:// address to read.  [none]")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="TOML file with more settings, in table [inspect].",
)
def inspectserver(config: Path | None, **flags: Any) -> None:
    """Answer questions until Ctrl-C or SIGTERM; then finish what is in progress."""
    follow_supervisor(os.environ)
    settings = load(InspectConfig, "inspect", flags, os.environ, config).validate()
    settings = replace(settings, data=settings.data.expanduser())
    _check_folder(settings.data)
    library.ensure(progress=_Progress())
    server = InspectServer(settings, engine_spec(settings), load_here)
    status = asyncio.run(serve_until_signalled(server, _say_ready))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # gRPC's own threads may outlive the loop by seconds


def _say_ready(server: InspectServer) -> None:
    config = server.config
    metrics = f", metrics on port {server.metrics_port}" if server.metrics_port >= 0 else ""
    where = f"{config.inspect_host}:{server.port}"
    click.echo(f"swath: inspect server ready on {where} (data {config.data}{metrics})")


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise PermissionDenied(
            f"The data folder {folder} cannot be made: {problem.strerror}."
        ) from None
    if not os.access(folder, os.R_OK | os.X_OK):
        raise PermissionDenied(f"The data folder {folder} is not readable.")


class _Progress:
    """A line for the first start, and one that grows where somebody watches."""

    def __call__(self, done: int, total: int, name: str) -> None:
        """See `engine.kernels.library.Progress`."""
        if done == 0:
            click.echo(
                f"swath: first start: compiling {total} kernels for this machine (about a minute)",
                err=True,
            )
        elif sys.stderr.isatty():
            end = "\n" if done == total else ""
            click.echo(f"\rswath: {done}/{total} {name:<40.40}{end}", nl=False, err=True)
        elif done == total:
            click.echo(f"swath: {total} kernels compiled", err=True)
