"""Makes the image that pixel scenarios ask about, on servers that were started here.

The generator reads and writes no rasters: the inspect server is asked for files. It is sent seeded
pixels of four times the size, as a literal, and answers with as many as the image has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import swath as wf
from loadtest.imagery import Imagery
from loadtest.target import Target, swath
from swath.client.inspect import InspectClient
from swath.grid import Affine, Grid, Shape2d

COARSER = 4
"""So many pixels of a file, along a side, have one value: a request is at most 8 MiB."""
LOWEST, HIGHEST = 1, 4000
"""Of the values, which are uint16 as those of reflectances are."""
TIMEOUT_S = 60.0
PATTERN = "{date:%Y-%m-%d}_{band}.tif"


def paint(target: Target, imagery: Imagery, seed: int) -> None:
    """Make the image and add it to the catalog of the target, where that has not been done yet.

    Takes some ten seconds.

    Args:
        target: servers that were started here.
        imagery: what to make; its bands differ, and are the same for the same seed.

    Raises:
        Unavailable: the server, or the catalog, did not do it. SwathError: as `wf.inspect`.
    """
    assert target.data is not None, "a target that was started here"
    folder = target.data.with_name("imagery")
    if folder.exists():
        return
    folder.mkdir()
    dice = np.random.default_rng(seed)
    day = imagery.image.partition(":")[2]
    for band in (imagery.red, imagery.nir):
        side = imagery.side_px // COARSER
        values = dice.integers(LOWEST, HIGHEST, (side, side), dtype=np.uint16)
        _write(target, imagery, values, folder / f"{day}_{band}.tif")
    words = ("catalog", "add", imagery.product, str(folder), "--pattern", PATTERN)
    swath(*words, "--data", str(target.data))


def _write(target: Target, imagery: Imagery, values: NDArray[np.uint16], file: Path) -> None:
    cell = imagery.pixel * imagery.side_px / len(values)
    transform = Affine(cell, 0.0, imagery.west, 0.0, -cell, imagery.north)
    grid = Grid(imagery.crs, transform, Shape2d(*values.shape))
    client = InspectClient(target.address.inspect)
    try:
        client.inspect(
            wf.Image.from_array(values, grid),
            imagery.square(0, 0, imagery.side_px),
            format="geotiff",
            file=file,
            cache=False,
            timeout=TIMEOUT_S,
        )
    finally:
        client.close()
