"""A job over 20,000 × 20,000 pixels: undisturbed, then with its worker killed half-way."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import swath as wf
from swath.client.jobs import JobClient
from swath.stream import Chunk, Trailer
from swath.wire.delimited import read_delimited
from swath.wire.stream import read_stream
from tests.bench.figure import Figure
from tests.bench.imagery import TILED, square
from tests.bench.rounds import mib
from tests.bench.server import Server, serving
from tests.imagery import catalog_of, write_tiff

SIDE_PX = 20_000
TILES = 100
DATES, SCENE_PX = 5, 2048
WORKER = "job_server.worker"
SETTINGS = "[jobs]\nlease_s = 3.0\nsettle_s = 3.0\n"
MOST_BYTES = 1_000_000_000


def measure(folder: Path, log: Path) -> list[Figure]:
    """Row 7 of issue 3. Some minutes."""
    _imagery(folder)
    settings = folder / "settings.toml"
    settings.write_text(SETTINGS)
    with serving(folder / "data", log, None, 1, "--config", str(settings)) as server:
        client = JobClient(server.jobs)
        with workers_memory(server) as most:
            began = time.perf_counter()
            plain = question().compute(place(), client=client, block=False)
            plain.wait()
            plain_s = time.perf_counter() - began
            killed = question().compute(place(), client=client, block=False)
            done = _kill_half_way(server, killed)
            killed.wait()
        same = _pixels_crc32(client, plain.id) == _pixels_crc32(client, killed.id)
        computed = _tiles(log, killed.id)  # by now the log has caught up: it is 50 ms behind
        outcomes = ", ".join(a.outcome.removeprefix("OUTCOME_").lower() for a in killed.attempts)
    size = f"{SIDE_PX:,} × {SIDE_PX:,} px NDVI median of {DATES} dates"
    return [
        Figure(
            f"{size}: most private memory of a worker",
            f"{mib(most[0])}; {plain_s:.0f} s undisturbed",
            "≤ 1 GB",
            most[0] <= MOST_BYTES,
        ),
        Figure(
            f"killed after {done} of {TILES} tiles ({outcomes}): tiles computed in both runs",
            f"{computed}",
            f"≤ {TILES + 1}",
            computed <= TILES + 1,
        ),
        Figure(
            "the same: pixels and masks equal those of the undisturbed run", str(same), "", same
        ),
    ]


def question() -> wf.Image:
    """NDVI, median over the dates."""
    red, nir = wf.ImageCollection.from_id("dates").unpack_bands("red nir")
    return wf.normalized_difference(nir, red).median("images")


def place() -> wf.GeoContext:
    """The scenes' area in smaller pixels."""
    scene = square(SCENE_PX)
    return wf.GeoContext(
        bounds=scene.bounds, bounds_crs=scene.crs, crs=scene.crs, shape=(SIDE_PX, SIDE_PX)
    )


def _imagery(folder: Path) -> None:
    rng = np.random.default_rng(20181113)
    for month in range(1, DATES + 1):
        for band in ("red", "nir"):
            values = rng.integers(0, 4000, (SCENE_PX, SCENE_PX)).astype(np.uint16)
            path = folder / "dates" / f"2021-{month:02d}-01_{band}.tif"
            write_tiff(path, values, square(SCENE_PX), **TILED)
    bands = ["red:scale=1e-4", "nir:scale=1e-4"]
    catalog_of(
        folder / "dates", "{date:%Y-%m-%d}_{band}.tif", "dates", bands, folder / "data"
    ).close()


def _kill_half_way(server: Server, job: wf.Job) -> int:
    for now in job.watch():
        if now.progress.done >= TILES // 2:
            _worker(server).kill()
            return now.progress.done
    raise RuntimeError("the job ended before half of its tiles were done")


def _worker(server: Server) -> psutil.Process:
    (found,) = (p for p in server.process.children() if WORKER in p.cmdline())
    return found


@contextmanager
def workers_memory(server: Server) -> Iterator[list[int]]:
    """The most private bytes of one process of a worker while the block ran, in a list of one."""
    most, is_over = [0], threading.Event()

    def sample() -> None:
        while not is_over.wait(0.1):
            with suppress(psutil.Error, ValueError):
                for process in (w := _worker(server)), *w.children(recursive=True):
                    most[0] = max(most[0], process.memory_full_info().uss)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield most
    finally:
        is_over.set()
        thread.join()


def _tiles(log: Path, job: str) -> int:
    """Tiles of a job that workers sent, as the server's log tells; also one on its way when its
    worker was killed, which may count all the same, so that nobody sends it again."""
    events = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    return sum(1 for event in events if _is_tile(event, job))


def _is_tile(event: dict[str, Any], job: str) -> bool:
    is_piece = event["verb"] == "put_piece" and event.get("job") == job
    return is_piece and str(event.get("piece", "")).startswith("tile-")


def _pixels_crc32(client: JobClient, job: str) -> int:
    """The checksum of all pixels and masks of a native result, each chunk of it checked."""
    crc32, messages = 0, read_delimited(client.download(job))
    for event in read_stream(messages):
        if isinstance(event, Trailer):
            return crc32
        if isinstance(event, Chunk):
            crc32 = zlib.crc32(event.values.tobytes(), crc32)
            crc32 = zlib.crc32(b"" if event.mask is None else event.mask.tobytes(), crc32)
    raise RuntimeError("the result has no trailer")
