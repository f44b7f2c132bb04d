"""Our warp beside GDAL's: the same grids, the scale pinned, transforms true to 1e-6 px.

Where they may differ, and by how much:

* Coordinates come from a lattice that is true to 0.05 px (in these cases to 0.001 px), so values
  differ by as much of the local range, and `near` where a centre lies so close to an edge.
* GDAL resamples in float32, in part: 1e-5 of the value; lanczos by a table.
* Beside masked pixels GDAL's unwidened `cubic` becomes bilinear at once, ours when half of the
  weight is gone; GDAL's lanczos never does.
* GDAL's `average` and statistics cover the transformed corners of each target pixel, ours a
  rectangle of one fixed scale, so that windows join: pixels at the rim weigh differently, much
  where the grid turns (not compared), a little where the scale changes along the image.
* Our `mode` weighs by area, GDAL's counts pixels; of equal modes we give the smallest, GDAL the
  first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from engine.geo.crs import transform
from engine.geo.lattice import lattice
from engine.geo.resampling import resampled_dtype
from engine.geo.resolve import xyz_grid
from engine.geo.scale import scale
from engine.kernels import warp
from swath.grid import Affine, Grid, Shape2d

GDAL = {
    "near": Resampling.nearest,
    "bilinear": Resampling.bilinear,
    "cubic": Resampling.cubic,
    "cubicspline": Resampling.cubic_spline,
    "lanczos": Resampling.lanczos,
    "average": Resampling.average,
    "mode": Resampling.mode,
    "max": Resampling.max,
    "min": Resampling.min,
    "med": Resampling.med,
    "q1": Resampling.q1,
    "q3": Resampling.q3,
}
NODATA = -9999.0
INTERPOLATING = ["bilinear", "cubic", "cubicspline", "lanczos"]
Plane = NDArray[Any]

SCENE = Grid("EPSG:32633", Affine(10, 0, 486_000, 0, -10, 5_105_000), Shape2d(300, 320))


def terrain(shape: tuple[int, int]) -> Plane:
    """A smooth field with some texture, 0 … 3000."""
    row, col = np.mgrid[: shape[0], : shape[1]]
    rng = np.random.default_rng(7)
    smooth = 1500 + 900 * np.sin(row / 23) * np.cos(col / 31) + 400 * np.sin((row + col) / 7)
    return np.asarray(smooth + rng.normal(0, 20, shape), np.float32)


def ours(values: Plane, source: Grid, target: Grid, resampling: str) -> tuple[Plane, Plane]:
    mask = (values == NODATA).astype(np.uint8)
    out = np.empty(target.shape, resampled_dtype(values.dtype.name, resampling))
    gone = np.empty(target.shape, np.uint8)
    coords = warp.coordinates(lattice(source, target, target.whole))
    warp.resample(values, mask, coords, scale(source, target), resampling, out, gone)
    return out, gone


def gdals(values: Plane, source: Grid, target: Grid, resampling: str) -> tuple[Plane, Plane]:
    ratio = scale(source, target)
    profile = {
        "driver": "GTiff",
        "count": 1,
        "dtype": values.dtype,
        "height": source.shape.y,
        "width": source.shape.x,
        "crs": source.crs,
        "transform": rasterio.Affine(*source.transform),
        "nodata": NODATA,
    }
    with MemoryFile() as file:
        with file.open(**profile) as dataset:
            dataset.write(values, 1)
        with (
            file.open() as dataset,
            WarpedVRT(
                dataset,
                crs=target.crs,
                transform=rasterio.Affine(*target.transform),
                height=target.shape.y,
                width=target.shape.x,
                resampling=GDAL[resampling],
                tolerance=1e-6,
                XSCALE=1 / ratio[0],
                YSCALE=1 / ratio[1],
            ) as vrt,
        ):
            out = vrt.read(1)
    return out, (out == NODATA).astype(np.uint8)


def inner(gone: Plane, margin: int) -> NDArray[np.bool_]:
    """Pixels at least `margin` away from masked ones, by growing the mask."""
    grown = gone.astype(bool)
    for _ in range(margin):
        padded = np.pad(grown, 1, constant_values=True)
        grown = (
            padded[1:-1, 1:-1]
            | padded[:-2, 1:-1]
            | padded[2:, 1:-1]
            | padded[1:-1, :-2]
            | padded[1:-1, 2:]
        )
    return ~grown


def near_an_edge(source: Grid, target: Grid, within_px: float) -> NDArray[np.bool_]:
    coords = warp.coordinates(lattice(source, target, target.whole))
    off = np.abs(coords - np.round(coords))
    return np.asarray((off < within_px).any(axis=0) | np.isnan(coords).any(axis=0))


TARGETS = {
    "web mercator tile": xyz_grid(8867, 5823, 14),
    "degrees": Grid("EPSG:4326", Affine(7e-5, 0, 14.83, 0, -5e-5, 46.085), Shape2d(200, 200)),
    "next zone": Grid("EPSG:32632", Affine(8, 0, 950_600, 0, -8, 5_120_900), Shape2d(200, 200)),
    "south up": Grid("EPSG:32633", Affine(6, 0, 487_003.7, 0, 6, 5_102_512.3), Shape2d(200, 200)),
    "rotated": Grid("EPSG:32633", Affine(6, 3, 486_503, 3, -6, 5_104_011), Shape2d(200, 200)),
    "coarser": Grid("EPSG:3857", Affine(47, 0, 1_650_100, 0, -47, 5_795_600), Shape2d(70, 70)),
}
FINE = sorted(set(TARGETS) - {"coarser"})


@pytest.mark.parametrize("name", TARGETS)
def test_near_gives_the_same_pixels(name: str) -> None:
    target, values = TARGETS[name], terrain(SCENE.shape)
    values[100:140, 100:150] = NODATA
    found, gone = ours(values, SCENE, target, "near")
    expected, expected_gone = gdals(values, SCENE, target, "near")
    clear = ~near_an_edge(SCENE, target, 0.001)
    assert clear.mean() > 0.97
    assert np.array_equal(gone[clear], expected_gone[clear])
    both = clear & (gone == 0)
    assert np.array_equal(found[both], expected[both])


@pytest.mark.parametrize("resampling", INTERPOLATING)
@pytest.mark.parametrize("name", FINE)
def test_interpolation_agrees_to_a_fortieth_of_a_unit(name: str, resampling: str) -> None:
    target, values = TARGETS[name], terrain(SCENE.shape)
    found, gone = ours(values, SCENE, target, resampling)
    expected, expected_gone = gdals(values, SCENE, target, resampling)
    assert np.array_equal(gone, expected_gone)
    away = inner(gone, 4)
    assert away.sum() > 10_000
    assert np.abs(found - expected)[away].max() < 0.025


@pytest.mark.parametrize("resampling", INTERPOLATING)
def test_widened_kernels_agree_to_a_thousandth_of_the_local_range(resampling: str) -> None:
    target, values = TARGETS["coarser"], terrain(SCENE.shape)
    assert scale(SCENE, target)[0] > 3
    found, gone = ours(values, SCENE, target, resampling)
    expected, expected_gone = gdals(values, SCENE, target, resampling)
    assert np.array_equal(gone, expected_gone)
    local_range = 400.0
    assert np.abs(found - expected)[inner(gone, 4)].max() < local_range / 1000


@pytest.mark.parametrize("resampling", ["bilinear", "cubicspline"])
@pytest.mark.parametrize("name", TARGETS)
def test_masked_pixels_weigh_nothing_and_mask_alike(name: str, resampling: str) -> None:
    target, values = TARGETS[name], terrain(SCENE.shape)
    values[100:140, 100:150] = NODATA
    values[np.random.default_rng(0).random(SCENE.shape) < 0.01] = NODATA
    found, gone = ours(values, SCENE, target, resampling)
    expected, expected_gone = gdals(values, SCENE, target, resampling)
    assert (gone != expected_gone).mean() < 1e-4
    both = (gone == 0) & (expected_gone == 0)
    assert np.abs(found - expected)[both].max() < 0.2


@pytest.mark.parametrize("name", ["web mercator tile", "degrees", "south up", "coarser"])
def test_averages_agree_to_a_thousandth_of_the_local_range(name: str) -> None:
    target, values = TARGETS[name], terrain(SCENE.shape)
    found, gone = ours(values, SCENE, target, "average")
    expected, expected_gone = gdals(values, SCENE, target, "average")
    away = inner(gone | expected_gone, 2)
    assert np.abs(found - expected)[away].max() < 0.4


@pytest.mark.parametrize("resampling", ["min", "max", "med", "q1", "q3"])
@pytest.mark.parametrize("name", ["web mercator tile", "degrees", "south up", "coarser"])
def test_statistics_agree_but_for_pixels_at_the_rim(name: str, resampling: str) -> None:
    target, values = TARGETS[name], terrain(SCENE.shape)
    found, gone = ours(values, SCENE, target, resampling)
    expected, expected_gone = gdals(values, SCENE, target, resampling)
    away = inner(gone | expected_gone, 2)
    assert (found != expected)[away].mean() < 0.02


def test_modes_agree_where_one_class_prevails() -> None:
    target = TARGETS["coarser"]
    row, col = np.mgrid[: SCENE.shape.y, : SCENE.shape.x]
    values = ((row // 17 + col // 23) % 5).astype(np.float32)
    found, gone = ours(values, SCENE, target, "mode")
    expected, expected_gone = gdals(values, SCENE, target, "mode")
    away = inner(gone | expected_gone, 2)
    assert (found != expected)[away].mean() < 0.08


GANBAR = "scenes/ls5_nbar_ganbar_19920323"
REAL = {
    "elevation": ("dem/alps_dem_2056.tif", "EPSG:3857", 3.0),
    "radiance": ("scenes/s2_l1c_T33UUU_20170216/cog/B08_512.tif", "EPSG:3857", 13.0),
    "aerial photo": ("utm_zones/m_3607824_se_17_1_20160620_subset.tif", "EPSG:26918", 0.8),
    "heights in degrees": ("zion/srtm.tif", "EPSG:32612", 60.0),
    "reflectance south of the equator": (
        "scenes/ls5_nbar_ganbar_19920323/LS5_TM_NBAR_P54_GANBAR01-002_090_084_19920323_B40.tif",
        "EPSG:3577",
        20.0,
    ),
}


@pytest.mark.parametrize("resampling", ["near", *INTERPOLATING])
@pytest.mark.parametrize("name", REAL)
def test_real_rasters_agree(shared_data: Path, name: str, resampling: str) -> None:
    path, crs, pixel = REAL[name]
    with rasterio.open(shared_data / path) as dataset:
        values = dataset.read(1, masked=True).astype(np.float32).filled(NODATA)
        t = dataset.transform
        source = Grid(dataset.crs.to_string(), Affine(*t[:6]), Shape2d(*dataset.shape))
    target = _grid_over(source, crs, pixel)
    found, gone = ours(values, source, target, resampling)
    expected, expected_gone = gdals(values, source, target, resampling)
    assert (gone != expected_gone).mean() < 0.001
    away = inner(gone | expected_gone, 4)
    assert away.sum() > 5_000
    if resampling == "near":
        clear = away & ~near_an_edge(source, target, 0.005)
        assert np.array_equal(found[clear], expected[clear])
    else:
        tolerance = 0.005 * np.ptp(values[values != NODATA])
        assert np.abs(found - expected)[away].max() < min(tolerance, 1.0)


def _grid_over(source: Grid, crs: str, pixel: float) -> Grid:
    """200 × 200 pixels of `pixel` metres around the middle of `source`."""
    west, south, east, north = source.bounds
    x, y = transform(source.crs, crs, [(west + east) / 2], [(south + north) / 2])
    corner = float(x[0]) - 100 * pixel, float(y[0]) + 100 * pixel
    return Grid(crs, Affine(pixel, 0, corner[0], 0, -pixel, corner[1]), Shape2d(200, 200))
