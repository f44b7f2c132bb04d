"""`make bench`: the figures to reach, one table; then rows of single functions.

`make bench ARGS='scalar ndvi'` measures some of them. A figure that is missed is told, and is no
failure: what else runs on the machine is in every figure.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from swath.client.inspect import InspectClient
from tests.bench import (
    backlog,
    cancel,
    columns,
    creating,
    fairness,
    imagery,
    imports,
    jobs,
    kernels,
    large,
    ndvi,
    scalar,
    streamed,
)
from tests.bench.figure import Figure, print_table
from tests.bench.server import Server, serving

MICRO = Path(__file__).parent / "micro"
OF_SERVER: dict[str, Callable[[Server, imagery.Imagery], list[Figure]]] = {
    "streamed": lambda server, _: streamed.measure(server),  # first: no cache is full yet
    "scalar": lambda server, _: scalar.measure(server),
    "columns": lambda server, _: columns.measure(server),
    "ndvi": ndvi.measure,
    "cancel": lambda server, _: cancel.measure(server),
    "fairness": lambda server, _: fairness.measure(server),
}
OF_QUEUE: dict[str, Callable[[Path, Path], list[Figure]]] = {
    "creating": creating.measure,
    "backlog": lambda folder, _: backlog.measure(folder),
    "large": large.measure,
}
ROWS = (*OF_SERVER, "jobs", *OF_QUEUE, "kernels", "imports", "micro")

Measure = Callable[[], list[Figure]]


def main() -> None:
    """Measure what was asked for, print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {' '.join(ROWS)}")
    rows = parser.parse_args().rows or list(ROWS)
    for row in rows:
        if row not in ROWS:
            parser.error(f"there is no row {row}; there are: {' '.join(ROWS)}")
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(f"{platform.platform()}, {os.cpu_count()} cores, load {_load()}")
    folder = Path(tempfile.mkdtemp(prefix="swath-bench-"))
    try:
        figures = _measure(rows, folder)
    finally:
        shutil.rmtree(folder)
    if figures:
        print_table(figures, console)
        console.print(f"load at the end {_load()}")
    if "micro" in rows:
        _micro()


def _measure(rows: list[str], folder: Path) -> list[Figure]:
    figures: list[Figure] = []

    def take(name: str, measure: Measure) -> None:
        began = time.perf_counter()
        try:
            figures.extend(measure())
        except Exception as fault:  # noqa: BLE001 - the other rows are worth having
            figures.append(Figure(name, f"failed: {fault!r}", "an answer", is_met=False))
        took_s = time.perf_counter() - began
        print(f"{name}: {took_s:.0f} s", file=sys.stderr, flush=True)

    if "imports" in rows:
        take("imports", imports.measure)
    if any(row in rows for row in (*OF_SERVER, "jobs", "kernels")):
        _measure_servers(rows, folder, take)
    for row, measure in OF_QUEUE.items():
        if row in rows:
            (folder / row).mkdir()
            take(row, partial(measure, folder / row, folder / f"{row}.log"))
    return figures


def _measure_servers(rows: list[str], folder: Path, take: Callable[[str, Measure], None]) -> None:
    made = imagery.make(folder)
    log, cache = folder / "events.log", None
    if "kernels" in rows:
        cache = folder / "cache"
        take("kernels", partial(kernels.build, cache))
        take("start", partial(kernels.start, cache, made, log))
    of_server = [row for row in OF_SERVER if row in rows]
    if of_server:
        with serving(made.data, log, cache) as server:
            time.sleep(SETTLE_S)
            for row in of_server:
                take(row, partial(OF_SERVER[row], server, made))
            InspectClient(server.address).close()
    if "jobs" in rows:
        take("jobs", partial(jobs.measure, made, log))


SETTLE_S = 3.0
"""After the server is ready it starts a spare process, once."""


def _load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


def _micro() -> None:
    """Rows of pytest-benchmark."""
    if importlib.util.find_spec("pytest_benchmark") is None:
        return
    options = ["--benchmark-enable", "--benchmark-columns=min,median,max,ops", "-q"]
    quick = ["--benchmark-max-time=0.3", "--benchmark-sort=name", "-p", "no:randomly"]
    subprocess.run(
        [sys.executable, "-m", "pytest", str(MICRO), *options, *quick], check=False, timeout=300
    )


if __name__ == "__main__":
    main()
