"""Rules W and P: where, and stages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import swath as wf
from engine import Engine
from swath.errors import BandNotFound, GeoContextRequired, InvalidArgument
from swath.grid import Affine, Grid, Shape2d
from tests.imagery import catalog_of, write_tiff

from .conftest import GRID, image, pixels

Ask = Callable[..., Any]
ROW = [[0, 1, 2], [3, 4, 5]]
FAR = Grid("EPSG:32633", Affine(10.0, 0.0, 700000.0, 0.0, -10.0, 5000000.0), Shape2d(2, 3))


@pytest.fixture
def two_places(tmp_path: Path) -> Engine:
    """A product with an image on GRID that has bands a and b, and one on FAR that has only a."""
    write_tiff(tmp_path / "near_20200101_a.tif", np.array(ROW, np.uint8) + 1, GRID)
    write_tiff(tmp_path / "near_20200101_b.tif", np.array(ROW, np.uint8) + 11, GRID)
    write_tiff(tmp_path / "far_20200102_a.tif", np.array(ROW, np.uint8) + 21, FAR)
    return Engine(catalog_of(tmp_path, "{id}_{date:%Y%m%d}_{band}.tif", "p"))


def test_w1_pixels_need_a_place(ask: Ask) -> None:
    with pytest.raises(GeoContextRequired):
        ask(image(1), None)


def test_w2_edges_lie_on_multiples_of_the_resolution(ask: Ask) -> None:
    where = wf.GeoContext(
        bounds=(500003.0, 4999981.0, 500027.0, 4999999.0),
        bounds_crs="EPSG:32633", crs="EPSG:32633", resolution=10.0,
    )  # fmt: skip
    assert ask(image(1), where).geocontext.bounds == (500000.0, 4999980.0, 500030.0, 5000000.0)


def test_w2_a_shape_divides_the_bounds_exactly(ask: Ask) -> None:
    where = wf.GeoContext(
        bounds=(500000.0, 4999980.0, 500030.0, 5000000.0),
        bounds_crs="EPSG:32633", crs="EPSG:32633", shape=(4, 6),
    )  # fmt: skip
    assert ask(image(1), where).geocontext.resolution == (5.0, 5.0)


def test_w3_without_a_place_it_is_the_whole_product(two_places: Engine) -> None:
    assert two_places.inspect(wf.ImageCollection.from_id("p").length()) == 2


def test_w3_with_a_place_it_is_the_images_that_meet_it(
    two_places: Engine, here: wf.GeoContext
) -> None:
    assert two_places.inspect(wf.ImageCollection.from_id("p").length(), here) == 1


def test_w4_a_result_says_where_it_is(ask: Ask) -> None:
    assert ask(image(1)).geocontext.grid == GRID


def test_w6_the_grid_of_the_source_is_read_as_it_is(ask: Ask) -> None:
    assert pixels(ask(image(ROW))) == ROW


def test_w6_a_centre_on_an_edge_belongs_to_the_pixel_right_and_below(ask: Ask) -> None:
    shifted = Grid(GRID.crs, Affine(10.0, 0.0, 500005.0, 0.0, -10.0, 4999995.0), Shape2d(1, 2))
    assert pixels(ask(image(ROW), wf.GeoContext.from_grid(shifted))) == [[4, 5]]


def test_w7_value_at_is_that_of_the_pixel_that_holds_the_point(ask: Ask) -> None:
    assert ask(image(ROW).value_at(500015.0, 4999985.0)) == {"band_1": 4.0}


def test_w7_there_is_no_value_outside(ask: Ask) -> None:
    assert ask(image(ROW).value_at(0.0, 0.0)) == {"band_1": None}


def test_w7_there_is_no_value_under_the_mask(ask: Ask) -> None:
    assert ask(image(ROW, nodata=4).value_at(500015.0, 4999985.0)) == {"band_1": None}


def test_w8_an_array_is_placed_on_the_geocontext(ask: Ask) -> None:
    wider = Grid(GRID.crs, Affine(10.0, 0.0, 499990.0, 0.0, -10.0, 5000000.0), Shape2d(2, 4))
    assert pixels(ask(image(ROW), wf.GeoContext.from_grid(wider)))[0] == [None, 0, 1, 2]


def test_w8_an_array_has_the_shape_of_its_grid(ask: Ask) -> None:
    wrong = wf.Image.from_array(np.zeros((3, 3), np.uint8), GRID, None)
    with pytest.raises(InvalidArgument):
        ask(wrong)


def test_m1_pixels_outside_the_geometry_are_masked(ask: Ask) -> None:
    left = wf.GeoContext(
        geometry={
            "type": "Polygon",
            "coordinates": [[[14.9, 45.1], [15.00013, 45.1], [15.00013, 45.2], [14.9, 45.2]]],
        },
        crs="EPSG:32633", bounds=(500000.0, 4999980.0, 500030.0, 5000000.0),
        bounds_crs="EPSG:32633", resolution=10.0,
    )  # fmt: skip
    assert pixels(ask(image(7), left))[0] == [7, None, None]


def test_i3_a_band_without_file_is_masked(two_places: Engine) -> None:
    result = two_places.inspect(
        wf.ImageCollection.from_id("p").pick_bands("b"), wf.GeoContext.from_grid(FAR)
    )
    assert result.ndarray.mask.all()


def test_i3_an_image_has_only_its_own_bands(two_places: Engine) -> None:
    far = two_places.inspect(wf.ImageCollection.from_id("p")[1].properties["id"], None)
    with pytest.raises(BandNotFound):
        two_places.inspect(wf.Image.from_id(far).pick_bands("b"), wf.GeoContext.from_grid(FAR))


def test_d10_an_averaging_resampler_is_refused_for_classes(tmp_path: Path) -> None:
    write_tiff(tmp_path / "x_20200101_scl.tif", np.array(ROW, np.uint8), GRID)
    catalog = catalog_of(tmp_path, "{id}_{date:%Y%m%d}_{band}.tif", "p", ["scl:class"])
    col = wf.ImageCollection.from_id("p", resampler="bilinear")
    with pytest.raises(InvalidArgument, match="class"):
        Engine(catalog).inspect(col, wf.GeoContext.from_grid(GRID))


def test_d1_scale_and_offset_are_applied(tmp_path: Path) -> None:
    write_tiff(tmp_path / "x_20200101_red.tif", np.full((2, 3), 1234, np.uint16), GRID)
    catalog = catalog_of(
        tmp_path, "{id}_{date:%Y%m%d}_{band}.tif", "p", ["red:scale=1e-4,offset=-0.1"]
    )
    result = Engine(catalog).inspect(wf.ImageCollection.from_id("p"), wf.GeoContext.from_grid(GRID))
    assert str(result.ndarray.dtype) == "float32"
    assert result.ndarray[0, 0, 0, 0] == np.float32(1234 * 1e-4 - 0.1)


def test_d1_raw_leaves_out_scale_and_offset(tmp_path: Path) -> None:
    write_tiff(tmp_path / "x_20200101_red.tif", np.full((2, 3), 1234, np.uint16), GRID)
    catalog = catalog_of(tmp_path, "{id}_{date:%Y%m%d}_{band}.tif", "p", ["red:scale=1e-4"])
    col = wf.ImageCollection.from_id("p", processing_level="raw")
    result = Engine(catalog).inspect(col, wf.GeoContext.from_grid(GRID))
    assert result.ndarray[0, 0, 0, 0] == 1234
    assert result.bandinfo["red"]["processing_level"] == "raw"


def test_p2_a_number_from_pixels_is_that_of_the_whole_grid(ask: Ask) -> None:
    assert pixels(ask(image(ROW) / image(ROW).max())) == [
        pytest.approx([0.0, 0.2, 0.4]),
        pytest.approx([0.6, 0.8, 1.0]),
    ]


def test_p2_numbers_from_pixels_may_depend_on_each_other(ask: Ask) -> None:
    doubled = image(ROW) * image(ROW).max()
    assert ask((doubled / doubled.max()).max()) == 1.0


def test_p3_a_number_from_pixels_may_decide(ask: Ask) -> None:
    images = wf.ImageCollection([image(1), image(5), image(3)])
    assert ask(images.filter(lambda img: img.mean() > 2).length()) == 2


def test_p3_a_branch_may_hang_on_pixels(ask: Ask) -> None:
    assert ask(wf.ifelse(image(ROW).max() > 4, image(1), image(2)).max()) == 1.0


def test_w2_members_of_a_geocontext_are_those_of_its_grid(ask: Ask, here: wf.GeoContext) -> None:
    assert ask(here.crs) == GRID.crs
    assert ask(here.arr_shape) == tuple(GRID.shape)
    assert ask(here.bounds) == GRID.bounds
    assert ask(here.resolution) == 10.0
    assert ask(here.gdal_geotrans) == GRID.gdal_geotrans


def test_w2_pixels_and_coordinates_of_a_geocontext(ask: Ask, here: wf.GeoContext) -> None:
    assert ask(here.index_to_coords(0, 0)) == (500005.0, 4999995.0)
    assert ask(here.coords_to_index(500015.0, 4999985.0)) == (1, 1)
