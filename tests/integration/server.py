"""A whole `swath serve` in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = "from swath.command.main import main; main()"
START_S, STOP_S = 90, 30
"""A first start compiles kernels."""


@contextmanager
def running(data: Path) -> Iterator[str]:
    """The address of a server on the catalog in `data`; it must end with status 0."""
    ports = ("--inspect-port", "0", "--metrics-port", "-1", "--engines", "1")
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "inspectserver", "--data", str(data), *ports],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield _address(process)
        finally:
            process.terminate()
            watch = threading.Timer(STOP_S, process.kill)
            watch.start()
            status = process.wait()
            watch.cancel()
        assert status == 0


def _address(process: subprocess.Popen[str]) -> str:
    """Where it says that it listens; from then on its output is read and dropped."""
    assert process.stdout is not None
    watch = threading.Timer(START_S, process.kill)
    watch.start()
    said = []
    for line in process.stdout:
        said.append(line)
        if " ready on " in line:
            watch.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return line.partition(" ready on ")[2].split()[0]
    watch.cancel()
    raise AssertionError(f"swath serve did not start: {''.join(said)}")
