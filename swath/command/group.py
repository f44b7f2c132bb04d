"""The click group whose sub-commands are the entry points of the group `swath.commands`.

A sub-command's module is imported when it is typed or listed, so that `swath serve` never waits
for what `swath kernels` imports.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

ENTRY_POINTS = "swath.commands"


def found() -> dict[str, EntryPoint]:
    """Sub-command name → where its click command is, of all installed packages."""
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


class CommandGroup(click.Group):
    """A group that loads a sub-command when it is asked for; click has no other way to say so."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all sub-commands, sorted."""
        return sorted(found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The sub-command of that name; None when there is none.

        Raises:
            ModuleNotFoundError: it needs an extra that is not installed.
        """
        point = found().get(cmd_name)
        if point is None:
            return None
        command: click.Command = point.load()
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """What the sub-command gives; Ctrl-C ends it with the exit status that shells know."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(130)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="swath")
def group() -> None:
    """Compute on satellite imagery."""
