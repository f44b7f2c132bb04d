"""The `swath` command: a group to which installed packages add sub-commands.

`main` works wherever Swath is installed; the sub-commands need the extra `server`.
"""

from swath.command.main import main

__all__ = ["main"]
