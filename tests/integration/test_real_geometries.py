"""Areas beside the imagery as cutlines, against rasterio.features.geometry_mask.

Swath decides on each centre or pixel; GDAL burns along scanlines and lines. So they may differ
where a centre lies on the boundary, within TIE pixels, and where the boundary cuts off less than
CORNER pixels of a touched one.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from rasterio.features import geometry_mask

import swath as wf
from engine import Catalog, Engine
from engine.catalog.add.files import from_files
from tests.imagery import catalog_of, fill
from tests.integration.rasters import profile, read, same, sampled

TIE = 1e-3
"""Pixels."""
CORNER = 0.02
"""Pixels; GDAL passes over the first hundredth of a pixel on each side of a crossing."""


def features(path: Path) -> list[Any]:
    """The geometries of a GeoJSON file."""
    return [f["geometry"] for f in json.loads(path.read_text())["features"]]


def in_crs(geometry: Any, crs: str) -> Any:
    """A geometry of EPSG:4326 in another crs, long edges cut first as they bend."""
    there = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    fine = shapely.segmentize(shapely.geometry.shape(geometry), 0.001)
    return shapely.transform(fine, lambda xy: np.column_stack(there.transform(*xy.T)))


class Lattice:
    """A grid around a geometry, and what GDAL says lies outside."""

    def __init__(self, geometry: Any, crs: str, size: float):
        self.shape_in_crs = in_crs(geometry, crs)
        west, south, east, north = self.shape_in_crs.bounds
        self.size, self.crs = size, crs
        self.west, self.north = np.floor(west / size) * size, np.ceil(north / size) * size
        self.rows = int(np.ceil((self.north - south) / size))
        self.cols = int(np.ceil((east - self.west) / size))

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.cols

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        south, east = self.north - self.rows * self.size, self.west + self.cols * self.size
        return self.west, south, east, self.north

    def outside(self, all_touched: bool) -> Any:
        """(y, x) True where GDAL burns nothing."""
        transform = rasterio.Affine(self.size, 0, self.west, 0, -self.size, self.north)
        return geometry_mask([self.shape_in_crs], self.shape, transform, all_touched=all_touched)

    def ties(self, all_touched: bool) -> Any:
        """Where the boundary passes through a centre; with all_touched through a pixel's edge."""
        rows, cols = np.indices(self.shape)
        x0, y0 = self.west + cols * self.size, self.north - rows * self.size
        boundary = self.shape_in_crs.boundary
        shapely.prepare(boundary)
        if not all_touched:
            x, y = x0 + self.size / 2, y0 - self.size / 2
            return shapely.dwithin(boundary, shapely.points(x, y), TIE * self.size)
        grow = CORNER * self.size
        wide = shapely.box(x0 - grow, y0 - self.size - grow, x0 + self.size + grow, y0 + grow)
        slim = shapely.box(x0 + grow, y0 - self.size + grow, x0 + self.size - grow, y0 - grow)
        return shapely.intersects(boundary, wide) & ~shapely.intersects(boundary, slim)

    def where(self, geometry: Any, all_touched: bool) -> Any:
        """The geocontext of the geometry on this grid."""
        return wf.GeoContext(
            geometry=geometry, crs=self.crs, resolution=self.size, all_touched=all_touched
        )


@pytest.fixture(scope="module")
def newyork(shared_data: Path) -> Path:
    """Eleven dates on eleven grids of 3 km, and the 71 community districts."""
    return shared_data / "timeseries" / "l8_newyork_coarse"


@pytest.fixture(scope="module")
def engine(newyork: Path) -> Engine:
    """An engine over the dates, product `l8`."""
    return Engine(catalog_of(newyork, "{id}/LC08*_{date:%Y%m%d}_{band}.TIF", "l8"))


DISTRICTS = (0, 13, 27, 40, 55, 70)
"""Some of the 71."""


@pytest.mark.parametrize("all_touched", [False, True], ids=["centre", "touched"])
@pytest.mark.parametrize("district", DISTRICTS)
def test_a_district_masks_what_gdal_says_lies_outside(
    newyork: Path, engine: Engine, district: int, all_touched: bool
) -> None:
    geometry = features(newyork / "vectors" / "nycd.geojson")[district]
    lattice = Lattice(geometry, "EPSG:32618", 60.0)
    image = wf.ImageCollection.from_id("l8").pick_bands("B4")
    found = engine.inspect(image.count("images"), lattice.where(geometry, all_touched))
    assert found.geocontext.shape == lattice.shape
    inside = found.ndarray[0].data > 0
    wrong = inside == lattice.outside(all_touched)
    assert inside.any()
    assert not inside.all()
    assert not (wrong & ~lattice.ties(all_touched)).any()
    assert wrong.mean() < 0.001


def test_all_districts_in_one_geometry_are_those_of_gdal(newyork: Path, engine: Engine) -> None:
    parts = [shapely.geometry.shape(g) for g in features(newyork / "vectors" / "nycd.geojson")]
    whole = shapely.union_all([shapely.make_valid(part, method="structure") for part in parts])
    geometry = shapely.geometry.mapping(whole)
    lattice = Lattice(geometry, "EPSG:32618", 150.0)
    image = wf.ImageCollection.from_id("l8").pick_bands("B4")
    found = engine.inspect(image.count("images"), lattice.where(geometry, False))
    wrong = (found.ndarray[0].data > 0) == lattice.outside(False)
    assert not (wrong & ~lattice.ties(False)).any()


def test_numbers_over_a_district_take_its_pixels_alone(newyork: Path, engine: Engine) -> None:
    geometry = features(newyork / "vectors" / "nycd.geojson")[13]
    lattice = Lattice(geometry, "EPSG:32618", 100.0)
    col = wf.ImageCollection.from_id("l8").pick_bands("B5")
    where = lattice.where(geometry, False)
    ids, means, counts = engine.inspect(
        [col.map(lambda i: i.properties["id"]), col.mean("pixels"), col.count("pixels")], where
    )
    outside = lattice.outside(False)
    assert len(ids) >= 5
    expected: list[Any] = []
    for name in ids:
        (path,) = (newyork / name).glob("*_B5.TIF")
        values = sampled(path, lattice.west, lattice.north, lattice.size, lattice.shape)
        expected.append(np.ma.masked_array(values, outside).astype(np.float64))
    assert [c["B5"] for c in counts] == [e.count() for e in expected]
    assert [m["B5"] for m in means] == pytest.approx([e.mean() for e in expected], rel=1e-12)


def test_pixels_inside_a_district_are_those_of_the_files(newyork: Path, engine: Engine) -> None:
    geometry = features(newyork / "vectors" / "nycd.geojson")[40]
    lattice = Lattice(geometry, "EPSG:32618", 100.0)
    col = wf.ImageCollection.from_id("l8").pick_bands("B4")
    found = engine.inspect(col, lattice.where(geometry, False))
    outside = lattice.outside(False)
    for i, properties in enumerate(found.properties):
        (path,) = (newyork / properties["id"]).glob("*_B4.TIF")
        values = sampled(path, lattice.west, lattice.north, lattice.size, lattice.shape)
        same(found.ndarray[i, 0], np.ma.masked_array(values, np.ma.getmaskarray(values) | outside))


CASES = {
    "zion": ("zion/zion.geojson", "zion/srtm.tif", "EPSG:26912", 150.0),
    "zion in degrees": ("zion/zion.geojson", "zion/srtm.tif", "EPSG:4326", 0.0015),
    "rocky mountain": ("dem/rmnp.geojson", "dem/rmnp-dem.tif", "EPSG:32613", 250.0),
}
"""Border, imagery, crs and pixel size."""


@pytest.mark.parametrize("all_touched", [False, True], ids=["centre", "touched"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_border_of_a_park_is_that_of_gdal(
    shared_data: Path, name: str, all_touched: bool
) -> None:
    vector, raster, crs, size = CASES[name]
    (geometry,) = features(shared_data / vector)
    catalog = Catalog.in_memory()
    fill(catalog, "dem", from_files([str(shared_data / raster)], 0))
    lattice = Lattice(geometry, crs, size)
    image = wf.ImageCollection.from_id("dem")[0]
    where = lattice.where(geometry, all_touched)
    found = Engine(catalog).inspect(image.getmask(), where).ndarray[0].data
    # The heights cover the parks but for a strip of a few pixels at the edge of the file.
    nothing = Engine(catalog).inspect(image.getmask(), wf.GeoContext(
        bounds=lattice.bounds, bounds_crs=crs, crs=crs, shape=lattice.shape
    )).ndarray[0].data  # fmt: skip
    wrong = found != (lattice.outside(all_touched) | nothing)
    assert not (wrong & ~lattice.ties(all_touched)).any()
    assert wrong.mean() < 0.001


def test_reference_polygons_count_the_pixels_of_their_classes(shared_data: Path) -> None:
    """Thirty small polygons over a Sentinel-2 chip: the sums of each are numpy's."""
    scene = shared_data / "scenes" / "s2_l1c_T33UUU_20170216"
    path = scene / "T33UUU_20170216T102101_B02.jp2"
    catalog = Catalog.in_memory()
    fill(catalog, "s2", from_files([str(path)]))
    engine = Engine(catalog)
    blue = wf.ImageCollection.from_id("s2")[0]
    total = partial(engine.inspect, [blue.sum(), blue.count()])
    there = profile(path)
    assert there["crs"].to_epsg() == 32633
    values = read(path)
    for geometry in features(scene / "reference_polygons.geojson")[::3]:
        lattice = Lattice(geometry, "EPSG:32633", 10.0)
        top = round((there["transform"].f - lattice.north) / 10)
        left = round((lattice.west - there["transform"].c) / 10)
        window = values[top : top + lattice.rows, left : left + lattice.cols]
        chosen = window[~lattice.outside(False)].astype(np.float64)
        assert total(lattice.where(geometry, False)) == [chosen.sum(), chosen.count()]
