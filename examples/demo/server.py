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
def serving(data: Path, log: Path, lease_s: float) -> Iterator[tuple[str, str]]:
    """The addresses of an inspect and a job server on the catalog under `data`, with two workers.

    They have ended when this has.

    Args:
        log: gets their events, one line of JSON each.
        lease_s: how long a worker may be silent before its job is run again.
    """
    workers = 2
    settings = data / "settings.toml"
    settings.write_text(f"[jobs]\nlease_s = {lease_s}\nsettle_s = {lease_s}\n")
    ports = ("--inspect-port", "0", "--jobs-port", "0")
    none = ("--metrics-port", "-1", "--jobs-metrics-port", "-1")
    command = [
        SWATH,
        "serve",
        "--data",
        str(data),
        "--config",
        str(settings),
        "--workers",
        str(workers),
    ]
    with log.open("w") as events:
        process = subprocess.Popen(
            [*command, *ports, *none], stdout=subprocess.PIPE, stderr=events, text=True
        )
    try:
        addresses = _address(process, log), _address(process, log)
        for _ in range(workers):
            _line(process, log)
        yield addresses
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Of the next server that says that it is ready."""
    found = READY.search(_line(process, log))
    assert found is not None, "a server that is ready says where"
    return found.group(1)


def _line(process: subprocess.Popen[str], log: Path) -> str:
    """What the next part says when it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        raise SystemExit(f"The server did not start:\n{log.read_text()}")
    return line
