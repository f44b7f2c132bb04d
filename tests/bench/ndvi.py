"""NDVI of 256 × 256 pixels of two local files through the server, cached and not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

import swath as wf
from swath.client.inspect import InspectClient
from swath.grid import Affine, Grid, Shape2d
from tests.bench.figure import Figure
from tests.bench.imagery import BLOCK_PX, SIDE_PX, Imagery, square
from tests.bench.rounds import in_turns, ms, spread
from tests.bench.server import Server

ROUNDS, CALLS = 7, 15
SHAPE = Shape2d(BLOCK_PX, BLOCK_PX)
SLACK_S = 0.003


def measure(server: Server, imagery: Imagery) -> list[Figure]:
    """Row 3, computed anew for each question.

    Both sides read each block once, from files of equal bytes in the page cache.
    """
    client = InspectClient(server.address)
    warm = area(0, 0)

    def ask(where: wf.GeoContext) -> None:
        image = ndvi().inspect(where, cache=False, client=client)
        assert image.ndarray.shape == (1, BLOCK_PX, BLOCK_PX)

    with ExitStack() as files:
        read = _reader(files, imagery.red, imagery.nir)
        ours, theirs = _blocks(), _blocks()
        times = in_turns(
            {
                "cached": lambda: ask(warm),
                "cold": lambda: ask(area(*next(ours))),
                "rasterio": lambda: read(*next(theirs)),
            },
            ROUNDS,
            CALLS,
            3,
        )
    cached, cold, plain = (times[name] for name in ("cached", "cold", "rasterio"))
    limits = 1.2 * np.median(plain.seconds, axis=1) + SLACK_S
    used = np.median(cold.seconds, axis=1) / limits
    share = spread(used)
    return [
        Figure(
            f"NDVI of {BLOCK_PX}×{BLOCK_PX}, blocks cached: p50",
            f"{cached.p50().shown(1e3)} ms, p99 {ms(cached.percentile(99))}",
            "≤ 5 ms",
            cached.p50().median <= 0.005,
        ),
        Figure(
            "the same, cold: p50 over (1.2 × the two reads by warm rasterio handles + 3 ms)",
            f"{share.shown()}; {ms(cold.p50().median)}, rasterio {ms(plain.p50().median)}",
            "≤ 1",
            share.median <= 1.0,
        ),
    ]


def ndvi() -> wf.Image:
    """The question."""
    image = wf.Image.from_id("fields:2021-06-01")
    return wf.normalized_difference(image.pick_bands("nir"), image.pick_bands("red"))


def _across() -> int:
    return SIDE_PX // BLOCK_PX


def _blocks() -> Iterator[tuple[int, int]]:
    """Row and column of every block but the first, each once, in a fixed random order."""
    order = np.random.default_rng(5).permutation(np.arange(1, _across() ** 2))
    for number in order:
        yield divmod(int(number), _across())


def area(row: int, col: int) -> wf.GeoContext:
    """Exactly one block of the files."""
    whole = square(SIDE_PX)
    t = whole.transform
    west, north = t.c + col * BLOCK_PX * t.a, t.f + row * BLOCK_PX * t.e
    corner = Affine(t.a, 0.0, west, 0.0, t.e, north)
    area: wf.GeoContext = wf.GeoContext.from_grid(Grid(whole.crs, corner, SHAPE))
    return area


def _reader(files: ExitStack, *paths: Path) -> Callable[[int, int], None]:
    """Reads one block of each file with a handle that stays open."""
    opened = [files.enter_context(rasterio.open(path)) for path in paths]

    def read(row: int, col: int) -> None:
        window = Window(col * BLOCK_PX, row * BLOCK_PX, BLOCK_PX, BLOCK_PX)
        for dataset in opened:
            dataset.read(1, window=window)

    return read
