"""`swath token`: make, list and revoke the tokens that tell servers who calls."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from swath.serving import tokens
from swath.serving.config import DEFAULT_DATA


def _data_option(function: Any) -> Any:
    return click.option(
        "--data",
        type=click.Path(path_type=Path),
        envvar="SWATH_DATA",
        default=DEFAULT_DATA,
        help=f"Folder of the servers.  [SWATH_DATA or {DEFAULT_DATA}]",
    )(function)


@click.group()
def token() -> None:
    """Say who may use the servers. Without any token, only this machine may."""


@token.command()
@click.argument("owner")
@_data_option
def create(owner: str, data: Path) -> None:
    """Make a token for OWNER and print it; it cannot be shown again."""
    click.echo(tokens.create(data.expanduser(), owner, int(time.time())))


@token.command("list")
@_data_option
def list_(data: Path) -> None:
    """Print id, owner and date of each token."""
    for one in tokens.read(data.expanduser() / tokens.FILE):
        made = datetime.fromtimestamp(one.created_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
        click.echo(f"{one.id}  {one.owner:<24}  {made}")


@token.command()
@click.argument("which", metavar="ID|OWNER")
@_data_option
def revoke(which: str, data: Path) -> None:
    """Make a token invalid, or all tokens of an owner; servers notice at once."""
    for one in tokens.revoke(data.expanduser(), which):
        click.echo(f"revoked {one.id} of {one.owner}")
