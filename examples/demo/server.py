"""Starts a server in a process of its own, and makes sure that it ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.demo.data import Imagery

SWATH = str(Path(sys.executable).parent / "swath")
READY = re.compile(r"ready on (\S+:\d+)")


def add(product: str, imagery: Imagery, data: Path) -> None:
    """Add the imagery to the catalog under `data`, as a user would."""
    options = [word for option in imagery.bands for word in ("--band", option)]
    command = [SWATH, "catalog", "add", product, str(imagery.folder), "--pattern", imagery.pattern]
    finished = subprocess.run(
        [*command, *options, "--data", str(data)], check=False, text=True, capture_output=True
    )
    if finished.returncode != 0:
        raise SystemExit(f"swath catalog add failed:\n{finished.stdout}{finished.stderr}")


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """The address of a server on the catalog under `data`; it has ended when this has.

    `log` gets its events, one line of JSON each.
    """
    command = [SWATH, "serve", "--data", str(data), "--inspect-port", "0", "--metrics-port", "-1"]
    with log.open("w") as events:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=events, text=True)
    try:
        assert process.stdout is not None
        found = READY.search(process.stdout.readline())
        if found is None:
            process.wait()
            raise SystemExit(f"The server did not start:\n{log.read_text()}")
        yield found.group(1)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
