"""What is asked about: generated, tiled GeoTIFFs, and a catalog of images that do not exist."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.add.add import add
from engine.catalog.add.candidate import Candidate, CandidateFile
from engine.catalog.asset import Identity
from engine.catalog.catalog import Catalog
from swath.grid import Affine, Grid, Shape2d
from tests.imagery import catalog_of, write_tiff

SIDE_PX = 4096
"""Of the scene whose NDVI is asked for."""
WIDE_PX = 8192
"""Of the image that is streamed."""
BLOCK_PX = 256
IMAGES = 10_000
DAY_US = 86_400_000_000
TILED: dict[str, Any] = {
    "tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX, "compress": "deflate",
    "zlevel": 1, "predictor": 2, "nodata": 0,
}  # fmt: skip


def square(side_px: int) -> Grid:
    """A grid of 10 m pixels."""
    return Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -10.0, 5e6), Shape2d(side_px, side_px))


@dataclass(frozen=True, slots=True)
class Imagery:
    """Where everything is."""

    data: Path
    """Folder of the catalog: products `fields` (red, nir), `wide` (three bands), `many`."""
    red: Path
    nir: Path
    """Copies of the files of `fields`, for whoever reads without Swath."""


def make(folder: Path) -> Imagery:
    """Write the files and the catalog under `folder`; takes some ten seconds."""
    rng = np.random.default_rng(20181113)
    data, copies = folder / "data", folder / "copies"
    copies.mkdir(parents=True)
    for name in ("red", "nir"):
        path = folder / "fields" / f"2021-06-01_{name}.tif"
        write_tiff(path, _land(rng, SIDE_PX), square(SIDE_PX), **TILED)
        shutil.copyfile(path, copies / path.name)
    pattern = "{date:%Y-%m-%d}_{band}.tif"
    catalog_of(
        folder / "fields", pattern, "fields", ["red:scale=1e-4", "nir:scale=1e-4"], data
    ).close()
    patch = np.kron(rng.integers(0, 64, (3, 128, 128)), np.ones((4, 4))).astype(np.uint8)
    repeats = WIDE_PX // 512
    wide = np.tile(patch, (1, repeats, repeats))
    write_tiff(folder / "wide" / "2021-06-01.tif", wide, square(WIDE_PX), **TILED)
    catalog_of(
        folder / "wide", "{date:%Y-%m-%d}.tif", "wide",
        [f"{band}:scale=0.01" for band in ("b1", "b2", "b3")], data,
    ).close()  # fmt: skip
    with Catalog.open(data) as catalog:
        report = add(catalog, "many", list(_absent_images()), _made_up)
        assert report.added == IMAGES, report
    return Imagery(data, copies / "2021-06-01_red.tif", copies / "2021-06-01_nir.tif")


def _land(rng: np.random.Generator, side_px: int) -> NDArray[np.uint16]:
    """Fields of different brightness, with noise: compresses as imagery does, to about 60 %."""
    fields = rng.integers(400, 4000, (side_px // 64, side_px // 64))
    noise = rng.normal(0, 40, (side_px, side_px))
    return (np.kron(fields, np.ones((64, 64))) + noise).clip(1, 65535).astype(np.uint16)


@dataclass(frozen=True)
class _Band:
    index: int = 1
    dtype: str = "uint16"
    nodata: float | None = 0.0
    scale: float = 1e-4
    offset: float = 0.0
    name: str = ""
    color: str = "gray"
    mask: Any = "none"


@dataclass(frozen=True)
class _Info:
    href: str
    grid: Grid
    bands: tuple[_Band, ...] = (_Band(),)
    block: Shape2d = Shape2d(256, 256)
    overviews: tuple[int, ...] = ()
    overviews_averaged: bool = True
    identity: Identity = Identity(100, 7, "x")  # noqa: RUF009 - frozen
    acquired: str = ""


def _made_up(href: str) -> _Info:
    return _Info(href, square(256))


def _absent_images() -> Iterator[Candidate]:
    """Images of files that are nowhere: whoever opened one would fail."""
    for number in range(IMAGES):
        files = tuple(CandidateFile(f"/nowhere/{number}_{b}.tif", b) for b in ("red", "nir"))
        name = f"image-{number:05d}"
        yield Candidate(name, name, files, number * DAY_US // 4, None, {"cloud": number % 100})
