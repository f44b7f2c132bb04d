"""A command as a program of its own: what is wrong is one line, as `swath` says it."""

from __future__ import annotations

import sys
from typing import Any

from swath.errors import SwathError


def run(command: Any, name: str) -> int:
    """Run a click command until it ends the process; the exit status where it failed."""
    try:
        command.main(prog_name=name)
    except SwathError as error:
        sys.stderr.write(f"swath: {error}\n")
    return 1
