"""`swath kernels`: compile the kernels of this machine, say where they are, remove them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.kernels import library
from swath.errors import SwathError


@click.group()
def kernels() -> None:
    """Compiled pixel kernels of this machine."""


_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of the kernels.  [default: swath/kernels in the user's cache folder]",
)


@kernels.command()
@_folder
def build(folder: Path | None) -> None:
    """Compile what is missing; about half a minute the first time."""
    try:
        where = library.ensure(folder, _show)
    except SwathError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"The kernels are ready in {where}.")


@kernels.command()
@_folder
def path(folder: Path | None) -> None:
    """Print the folder of the kernels."""
    click.echo(folder or library.default_folder())


@kernels.command()
@_folder
def clean(folder: Path | None) -> None:
    """Remove all compiled kernels, of this and of other versions."""
    where = folder or library.default_folder()
    files = [*where.glob("*.kernels"), *where.glob("*.part")]
    for file in files:
        file.unlink(missing_ok=True)
    click.echo(f"Removed {len(files)} files from {where}.")


def _show(done: int, total: int, name: str) -> None:
    """One line, rewritten; where it cannot be rewritten, one line per ten kernels."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K[{done}/{total}] {name}", nl=done == total, err=True)
    elif done % 10 == 0 or done == total:
        click.echo(f"[{done}/{total}] {name}", err=True)
