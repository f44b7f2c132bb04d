"""Imagery of several zones, grids and kinds on another grid, against PROJ and GDAL's warp.

Swath interpolates coordinates between points of a lattice: to 0.0125 source pixels. So a centre
that lies nearer than EDGE to the edge of a source pixel may fall on either side of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.files import from_files
from tests.imagery import fill
from tests.integration.rasters import read

EDGE = 0.0125
"""Source pixels."""
VOID = -32768.0
"""A value that no file has."""
DATE_US = 1_600_000_000_000_000


def engine_of(path: Path, *bands: str) -> Engine:
    """An engine over one file, an image of product `p`."""
    catalog = Catalog.in_memory()
    fill(catalog, "p", from_files([str(path)], DATE_US), list(bands))
    return Engine(catalog)


def image(resampler: str | None = None, band: str = "b1") -> Any:
    """The only image."""
    return wf.ImageCollection.from_id("p", resampler=resampler)[0].pick_bands(band)


class Target:
    """A grid in another crs."""

    @classmethod
    def amid(cls, path: Path, crs: str, size: float, rows: int, cols: int) -> Target:
        """Around the middle of a file, its edges on multiples of `size`."""
        with rasterio.open(path) as dataset:
            there = pyproj.Transformer.from_crs(dataset.crs.to_wkt(), crs, always_xy=True)
            x, y = there.transform(*(dataset.transform @ (dataset.width / 2, dataset.height / 2)))
        west, north = (round(x / size) - cols // 2) * size, (round(y / size) + rows // 2) * size
        return cls(crs, west, north, size, rows, cols)

    def __init__(self, crs: str, west: float, north: float, size: float, rows: int, cols: int):
        self.crs, self.size, self.shape = crs, size, (rows, cols)
        self.transform = rasterio.Affine(size, 0, west, 0, -size, north)
        bounds = (west, north - rows * size, west + cols * size, north)
        self.where = wf.GeoContext(bounds=bounds, bounds_crs=crs, crs=crs, shape=(rows, cols))

    def coordinates(self, path: Path) -> Any:
        """(2, y, x) column and row of each centre in the file's pixels, by PROJ."""
        rows, cols = np.indices(self.shape) + 0.5
        x, y = self.transform.c + cols * self.size, self.transform.f - rows * self.size
        with rasterio.open(path) as dataset:
            there = pyproj.Transformer.from_crs(self.crs, dataset.crs.to_wkt(), always_xy=True)
            u, v = there.transform(x, y)
            inverse = ~dataset.transform
        return np.stack([inverse.a * u + inverse.b * v + inverse.c,
                         inverse.d * u + inverse.e * v + inverse.f])  # fmt: skip

    def warped(self, path: Path, how: Resampling) -> Any:
        """The first band in float64 as GDAL warps it, its coordinates exact to 1e-4 pixels."""
        with rasterio.open(path) as dataset:
            stored = dataset.read(1, masked=True).astype(np.float64).filled(VOID)
            told = {"crs": dataset.crs, "transform": dataset.transform, "nodata": VOID}
        height, width = stored.shape
        with MemoryFile() as memory:
            size = {"count": 1, "dtype": "float64", "height": height, "width": width}
            with memory.open(driver="GTiff", **size, **told) as dataset:
                dataset.write(stored, 1)
            grid = {"crs": self.crs, "transform": self.transform}
            rows, cols = self.shape
            with (
                memory.open() as dataset,
                WarpedVRT(
                    dataset, **grid, height=rows, width=cols, resampling=how, tolerance=1e-4
                ) as vrt,
            ):
                return vrt.read(1, masked=True)


def picked(values: Any, coordinates: Any) -> Any:
    """The pixel that holds each place; masked outside (W6)."""
    cols, rows = np.floor(coordinates).astype(int)
    height, width = values.shape
    inside = (rows >= 0) & (rows < height) & (cols >= 0) & (cols < width)
    rows, cols = np.clip(rows, 0, height - 1), np.clip(cols, 0, width - 1)
    outside = ~inside | np.ma.getmaskarray(values)[rows, cols]
    return np.ma.masked_array(values.data[rows, cols], outside)


def on_edges(coordinates: Any) -> Any:
    """Where a centre lies on the edge of a source pixel, but for EDGE."""
    return (np.abs(coordinates - np.round(coordinates)) < EDGE).any(axis=0)


def differs(a: Any, b: Any) -> Any:
    """Where two masked arrays are not the same."""
    masks = np.ma.getmaskarray(a), np.ma.getmaskarray(b)
    return (masks[0] != masks[1]) | (~masks[0] & ~masks[1] & (a.data != b.data))


TARGETS: dict[str, tuple[str, float, int, int]] = {
    "dem/alps_dem_2056.tif": ("EPSG:32632", 2.0, 300, 330),
    "dem/rmnp-dem.tif": ("EPSG:32613", 170.0, 200, 180),
    "zion/srtm.tif": ("EPSG:26912", 70.0, 400, 320),
    "zion/nlcd.tif": ("EPSG:4326", 0.0005, 500, 400),
    "landcover/nlcd_pr_lc.tif": ("EPSG:32161", 2000.0, 60, 110),
    "utm_zones/m_3607717_sw_18_1_20160620_subset.tif": ("EPSG:26917", 1.0, 300, 300),
    "utm_zones/m_3607824_se_17_1_20160620_subset.tif": ("EPSG:3857", 1.3, 300, 300),
    "scenes/l8_elkton_va/L8-B4-Elkton-VA.tiff": ("EPSG:5070", 25.0, 180, 200),
    "scenes/ls5_nbar_ganbar_19920323/LS5_TM_NBAR_P54_GANBAR01-002_090_084_19920323_B30.tif": (
        "EPSG:3577", 22.0, 450, 500
    ),
}  # fmt: skip
"""Of each file: crs, pixel size and shape of a target at its middle."""


@pytest.fixture(params=sorted(TARGETS), ids=lambda name: Path(name).stem[:24])
def case(request: pytest.FixtureRequest, shared_data: Path) -> tuple[Path, Target]:
    """A file, and a place in another crs."""
    return target_of(shared_data, request.param)


def target_of(shared_data: Path, name: str) -> tuple[Path, Target]:
    """A file and its target."""
    return shared_data / name, Target.amid(shared_data / name, *TARGETS[name])


def ask(path: Path, target: Target, resampler: str | None = None) -> Any:
    """Pixels of the first band."""
    engine = engine_of(path)
    col = wf.ImageCollection.from_id("p", resampler=resampler)
    name = next(iter(engine.inspect(col[0].bandinfo)))
    return engine.inspect(col[0].pick_bands(name), target.where).ndarray[0]


def test_near_takes_the_pixel_that_proj_says_holds_the_centre(case: tuple[Path, Target]) -> None:
    path, target = case
    found = ask(path, target)
    coordinates = target.coordinates(path)
    expected = picked(read(path), coordinates)
    assert expected.count() > expected.size / 4
    assert found.dtype == expected.dtype
    wrong = differs(found, expected)
    assert not (wrong & ~on_edges(coordinates)).any()
    assert wrong.mean() < 0.002


def test_near_is_that_of_gdal_but_at_edges_of_pixels(case: tuple[Path, Target]) -> None:
    path, target = case
    found = ask(path, target)
    expected = target.warped(path, Resampling.nearest)
    wrong = differs(found.astype(np.float64), expected)
    assert not (wrong & ~on_edges(target.coordinates(path))).any()
    assert wrong.mean() < 0.002


SMOOTH = [n for n in sorted(TARGETS) if n.startswith(("dem", "zion/srtm", "scenes"))]
"""Files of quantities, with targets finer than they are, so that neither side smooths."""


@pytest.mark.parametrize("name", SMOOTH, ids=lambda name: Path(name).stem[:24])
@pytest.mark.parametrize("how", ["bilinear", "cubic"])
def test_interpolation_is_that_of_gdal_away_from_holes(
    shared_data: Path, name: str, how: str
) -> None:
    """Within what 0.0125 pixels of place make, by the steepest neighbours."""
    path, target = target_of(shared_data, name)
    found = ask(path, target, how)
    expected = target.warped(path, Resampling[how])
    coordinates = target.coordinates(path)
    inner = ~near_holes(read(path), coordinates)
    assert inner.mean() > 0.2
    assert not np.ma.getmaskarray(found)[inner].any()
    slope = steepest(read(path), coordinates)
    off = np.abs(found.data - expected.data)
    allowed = 2 * EDGE * slope + 1e-6 * np.abs(expected.data)
    assert (off <= allowed)[inner].all()


def near_holes(values: Any, coordinates: Any) -> Any:
    """Where a masked pixel or the border is within two pixels."""
    height, width = values.shape
    hole = np.pad(np.ma.getmaskarray(values), 4, constant_values=True)
    wide = np.zeros_like(hole)
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            wide |= np.roll(hole, (dy, dx), (0, 1))
    cols, rows = np.floor(coordinates).astype(int) + 4
    outside = (rows < 0) | (rows >= height + 8) | (cols < 0) | (cols >= width + 8)
    return outside | wide[np.clip(rows, 0, height + 7), np.clip(cols, 0, width + 7)]


def steepest(values: Any, coordinates: Any) -> Any:
    """Largest difference of neighbours, near each place."""
    filled = values.astype(np.float64).filled(0.0)
    spread = np.zeros_like(filled)
    low, high = filled.copy(), filled.copy()
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            moved = np.roll(filled, (dy, dx), (0, 1))
            low, high = np.minimum(low, moved), np.maximum(high, moved)
    spread = high - low
    return picked(np.ma.masked_array(spread), coordinates).data


@pytest.mark.parametrize("how", ["near", "bilinear", "cubic", "lanczos", "average", "mode"])
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("dem/alps_dem_2056.tif", 1500, 4500),
        ("dem/rmnp-dem.tif", 1500, 4400),
        ("zion/srtm.tif", 1000, 3000),
    ],
)
def test_what_stands_for_no_data_never_leaks_into_values(
    shared_data: Path, name: str, low: float, high: float, how: str
) -> None:
    """−9999 and 65535 lie far from all heights there are; targets reach over the border."""
    _, target = target_of(shared_data, name)
    coarse = Target(target.crs, target.transform.c - 40 * target.size,
                    target.transform.f + 40 * target.size, target.size * 2.5, 120, 120)  # fmt: skip
    stored = read(shared_data / name)
    margin = 0.05 * (stored.max() - stored.min())
    for where in (target, coarse):
        found = ask(shared_data / name, where, how)
        assert found.count() > 0
        values = found.compressed()
        assert values.min() >= max(low, stored.min() - margin)
        assert values.max() <= min(high, stored.max() + margin)


def test_two_zones_meet_in_one_mosaic(shared_data: Path) -> None:
    """Tiles of zones 17 and 18 on one grid of zone 17: no pixel is of neither, or displaced."""
    paths = sorted((shared_data / "utm_zones").glob("m_3607[78]*.tif"))
    catalog = Catalog.in_memory()
    fill(catalog, "naip", from_files([str(p) for p in paths]))
    target = Target("EPSG:26917", 767990, 4057280, 1, 260, 560)
    red = wf.ImageCollection.from_id("naip").pick_bands("b1")
    found = Engine(catalog).inspect([red.mosaic(), red.count("images")], target.where)

    layers = [picked(read(p), target.coordinates(p)) for p in paths]
    count = sum((~np.ma.getmaskarray(layer)).astype(np.int32) for layer in layers)
    top = np.ma.masked_array(np.where(layers[1].mask, layers[0].data, layers[1].data), count == 0)
    doubt = on_edges(target.coordinates(paths[0])) | on_edges(target.coordinates(paths[1]))
    wrong = differs(found[0].ndarray[0], top)
    assert 0 < layers[0].count() < top.size
    assert 0 < layers[1].count() < top.size
    assert not (wrong & ~doubt).any()
    assert wrong.mean() < 0.002
    assert not ((found[1].ndarray[0].data != count) & ~doubt).any()


def test_classes_of_land_cover_with_a_palette_are_never_mixed(shared_data: Path) -> None:
    path, target = target_of(shared_data, "zion/nlcd.tif")
    engine = engine_of(path)
    bandinfo = engine.inspect(wf.ImageCollection.from_id("p")[0].bandinfo)
    (name,) = bandinfo
    assert bandinfo[name]["kind"] == "class"
    col = wf.ImageCollection.from_id("p", resampler="mode")
    found = engine.inspect(col[0].pick_bands(name), target.where).ndarray[0]
    assert set(np.unique(found.compressed())) <= set(np.unique(read(path).compressed()))


def test_a_window_of_a_world_of_land_cover_is_read_at_full_resolution(shared_data: Path) -> None:
    """36,000 × 36,000 classes with a palette, of which one in 400 pixels is on land."""
    path = shared_data / "landcover" / "ESA_WorldCover_10m_2021_v200_N00E006_Map.tif"
    size, left, top = 1 / 12000, 7200, 34200
    with rasterio.open(path) as dataset:
        window = rasterio.windows.Window(left, top, 600, 600)
        expected = dataset.read(1, window=window, masked=True)
    west, north = 6 + left * size, 3 - top * size
    bounds = (west, north - 600 * size, west + 600 * size, north)
    where = wf.GeoContext(bounds=bounds, crs="EPSG:4326", shape=(600, 600))
    found = engine_of(path).inspect(wf.ImageCollection.from_id("p")[0], where).ndarray[0]
    assert len(np.unique(expected.compressed())) >= 3
    assert not differs(found, expected).any()
