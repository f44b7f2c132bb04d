"""Where the `swath` command starts, and where its errors become one line and an exit status."""

from __future__ import annotations

import sys

from swath.errors import SwathError

OURS = frozenset({"swath", "engine", "inspect_server", "job_server", "loadtest"})
"""Packages of this distribution: one of them missing is a bug, not an extra left out."""

EXTRAS = {"hdrh": "loadtest", "psutil": "loadtest", "psycopg": "postgres"}
"""The extra that brings a package, where it is not `server`."""


def main() -> int:
    """Run the sub-command that was typed, and end the process.

    Exit status: 0 done, 1 failed and said why, 2 wrongly typed, 130 interrupted.
    """
    try:
        from swath.command.group import group

        group.main(prog_name="swath")
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in OURS:
            raise
        extra = EXTRAS.get(error.name, "server")
        problem = f"this needs {error.name}, not installed here: pip install 'swath[{extra}]'"
    except SwathError as error:
        problem = str(error)
    sys.stderr.write(f"swath: {problem}\n")
    return 1
