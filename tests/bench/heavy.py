"""Questions that keep an engine process busy for seconds, and a client that asks them for ever.

`python -m tests.bench.heavy ADDRESS` asks until its standard input ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import swath as wf
from swath.client.inspect import InspectClient
from tests.bench.imagery import SIDE_PX, WIDE_PX, square


def functions() -> wf.Float:
    """Elementary functions of the large scene, to one number: kernels and decoding."""
    image = wf.Image.from_id("fields:2021-06-01")
    total = image
    for step in range(40):
        total = wf.log(wf.exp(total.pick_bands("red nir") * 0.1 + step) + 1.0)
    return total.pick_bands("red").mean()


def for_minutes() -> wf.Image:
    """The same again and again, as an image: a job that runs for minutes, tile by tile."""
    image = wf.Image.from_id("fields:2021-06-01").pick_bands("red")
    for step in range(2000):
        image = wf.log(wf.exp(image * 0.1 + step * 1e-6) + 1.0)
    return image


def warped() -> wf.Image:
    """The wide image on a grid that is turned against its own: cubic resampling."""
    return wf.ImageCollection.from_id("wide", resampler="cubic").mosaic()


def place(side_px: int = SIDE_PX) -> wf.GeoContext:
    """All of a scene."""
    where: wf.GeoContext = wf.GeoContext.from_grid(square(side_px))
    return where


def elsewhere() -> wf.GeoContext:
    """All of the wide image in another crs."""
    return wf.GeoContext(
        bounds=square(WIDE_PX).bounds, bounds_crs="EPSG:32633", crs="EPSG:3035", resolution=10.0
    )


@contextmanager
def asking(address: str, clients: int) -> Iterator[None]:
    """That many clients, each a process; they have ended when this has."""
    command = [sys.executable, "-m", "tests.bench.heavy", address]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(clients)]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(10)


def _ask_for_ever(address: str) -> None:
    client = InspectClient(address)
    threading.Thread(target=_end_with_input, daemon=True).start()
    while True:
        functions().inspect(place(), cache=False, client=client)


def _end_with_input() -> None:
    """The end of the process that started this one, however it came, is the end of this one."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    _ask_for_ever(sys.argv[1])
