"""Results as xarray."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from swath.errors import InvalidArgument
from swath.grid import Affine, Grid, Shape2d
from swath.results import GeoContextResult, ImageCollectionResult, ImageResult

GRID = Grid("EPSG:32633", Affine(10.0, 0.0, 5e5, 0.0, -20.0, 5e6), Shape2d(2, 3))
WHERE = GeoContextResult(GRID)
BANDS: dict[str, dict[str, Any]] = {"red": {}, "nir": {}}
VALUES = np.arange(12, dtype="u2").reshape(2, 2, 3)
DATE = datetime(2021, 5, 1, 10, tzinfo=UTC)


def image(mask: Any = False, where: GeoContextResult = WHERE) -> ImageResult:
    pixels = np.ma.MaskedArray(VALUES, np.broadcast_to(mask, VALUES.shape).copy())
    properties = {"id": "a", "date": DATE, "cloud": 0.5, "nested": {"no": "attribute"}}
    return ImageResult(pixels, properties, BANDS, where)


def test_an_array_has_bands_and_pixel_centres_as_coordinates() -> None:
    array = image().to_xarray()
    assert array.dims == ("band", "y", "x")
    assert array.band.values.tolist() == ["red", "nir"]
    assert array.x.values.tolist() == [500005, 500015, 500025]
    assert array.y.values.tolist() == [4999990, 4999970]
    assert array.values.tolist() == VALUES.tolist()


def test_an_array_says_where_it_is_as_rioxarray_reads_it() -> None:
    array = image().to_xarray()
    reference = array.coords[array.encoding["grid_mapping"]].attrs
    assert reference["crs_wkt"] == reference["spatial_ref"] == "EPSG:32633"
    assert reference["GeoTransform"] == "500000 10 0 5000000 0 -20"


def test_masked_pixels_are_nan_and_others_keep_their_value() -> None:
    mask = np.zeros(VALUES.shape, bool)
    mask[1, 0, 2] = True
    array = image(mask).to_xarray()
    assert array.dtype == np.float32
    assert np.isnan(array.values[1, 0, 2])
    assert array.values[~mask].tolist() == VALUES[~mask].tolist()
    assert np.isnan(array.encoding["_FillValue"])


def test_integers_without_a_masked_pixel_stay_integers() -> None:
    assert image().to_xarray().dtype == np.uint16


def test_making_an_array_leaves_the_result_as_it_was() -> None:
    result = image(True)
    result.to_xarray()
    assert result.ndarray is not None
    assert result.ndarray.data.tolist() == VALUES.tolist()


def test_properties_that_files_take_are_attributes() -> None:
    assert image().to_xarray().attrs == {
        "id": "a",
        "date": "2021-05-01T10:00:00+00:00",
        "cloud": 0.5,
        "long_name": ("red", "nir"),
    }


def test_a_collection_has_ids_and_times() -> None:
    stack = np.ma.MaskedArray(np.stack([VALUES, VALUES]))
    properties: list[dict[str, Any]] = [{"id": "a", "date": DATE}, {"id": "b", "date": DATE}]
    array = ImageCollectionResult(stack, properties, BANDS, WHERE).to_xarray()
    assert array.dims == ("image", "band", "y", "x")
    assert array.id.values.tolist() == ["a", "b"]
    assert array.time.values[0] == np.datetime64("2021-05-01T10:00:00")


def test_a_collection_whose_images_have_no_date_has_no_times() -> None:
    stack = np.ma.MaskedArray(VALUES[np.newaxis])
    array = ImageCollectionResult(stack, [{"group": 3}], BANDS, WHERE).to_xarray()
    assert set(array.coords) == {"band", "x", "y", "spatial_ref"}


def test_a_rotated_grid_has_its_transform_and_no_columns() -> None:
    rotated = Grid("EPSG:32633", Affine(10.0, 1.0, 5e5, 1.0, -20.0, 5e6), Shape2d(2, 3))
    array = image(where=GeoContextResult(rotated)).to_xarray()
    assert set(array.coords) == {"band", "spatial_ref"}
    assert array.spatial_ref.attrs["GeoTransform"] == "500000 10 1 5000000 1 -20"


def test_pixels_that_are_nowhere_have_no_crs() -> None:
    nowhere = Grid("", GRID.transform, GRID.shape)
    array = image(where=GeoContextResult(nowhere)).to_xarray()
    assert set(array.spatial_ref.attrs) == {"GeoTransform"}


@pytest.mark.parametrize(
    "empty", [ImageResult(None, {}, {}, None), ImageCollectionResult(None, [], {}, None)]
)
def test_what_is_empty_is_no_array(empty: Any) -> None:
    with pytest.raises(InvalidArgument, match="empty"):
        empty.to_xarray()


def test_without_xarray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(ImportError, match=r"swath\[xarray\]"):
        image().to_xarray()
