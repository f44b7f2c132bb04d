from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from swath.errors import BandNotFound, InvalidArgument
from swath.grid import Affine, Grid, Shape2d
from swath.results import GeoContextResult, ImageCollectionResult, ImageResult

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
WHERE = GeoContextResult(
    Grid("EPSG:32613", Affine(30.0, 0.0, 5e5, 0.0, -30.0, 4e6), Shape2d(20, 30))
)
EMPTY = ImageResult(None, {}, {}, None)


def image(bands: int = 3) -> ImageResult:
    pixels = np.ma.MaskedArray(np.arange(bands * 600.0).reshape(bands, 20, 30), fill_value=0)
    pixels[0, :10] = np.ma.masked
    info: dict[str, Any] = {name: {} for name in ("red", "green", "blue", "nir")[:bands]}
    when = datetime(2020, 6, 1, tzinfo=UTC)
    return ImageResult(pixels, {"id": "<scene>", "date": when}, info, WHERE)


def collection() -> ImageCollectionResult:
    one = image(1)
    assert one.ndarray is not None
    pixels = np.ma.stack([one.ndarray] * 3)
    return ImageCollectionResult(pixels, [one.properties] * 3, one.bandinfo, WHERE)


def test_an_image_reads_well_in_a_terminal() -> None:
    assert repr(image()).splitlines() == [
        "ImageResult",
        "  pixels  3 band × 20 y × 30 x, float64, 16.7 % masked",
        "  bands   red, green, blue",
        "  where   EPSG:32613, pixels of 30, x 500000 … 500900, y 3999400 … 4000000",
        "  id      <scene>",
        "  date    2020-06-01 00:00:00+00:00",
    ]


def test_a_notebook_shows_text_as_text() -> None:
    assert "&lt;scene&gt;" in image()._repr_html_()


def test_a_collection_reads_well() -> None:
    assert "images  3" in repr(collection())
    assert "<table>" in collection()._repr_html_()


def test_an_empty_image_says_so() -> None:
    assert "Empty" in repr(EMPTY)


def test_an_image_of_a_collection_shares_its_pixels() -> None:
    stack = collection()
    assert stack.ndarray is not None
    assert np.shares_memory(stack[1].ndarray, stack.ndarray)


def drawn(figure: Any) -> bytes:
    out = io.BytesIO()
    figure.savefig(out)
    matplotlib.pyplot.close(figure)
    return out.getvalue()


def test_one_band_is_drawn_in_units_of_the_crs() -> None:
    ax = image().plot("red")
    assert ax.images[0].get_extent() == pytest.approx((5e5, 5e5 + 900, 4e6 - 600, 4e6))
    assert ax.get_title() == "2020-06-01"
    pixels: Any = ax.images[0].get_array()
    assert pixels.mask[:10].all()
    assert drawn(ax.figure).startswith(b"\x89PNG")


def test_three_bands_are_colours_and_masked_pixels_are_clear() -> None:
    ax = image().plot()
    colours: Any = ax.images[0].get_array()
    assert colours.shape == (20, 30, 4)
    assert (colours[:10, :, 3] == 0).all()
    assert (colours[10:, :, 3] == 1).all()
    matplotlib.pyplot.close(ax.figure)


def test_a_wholly_masked_image_is_drawn_clear() -> None:
    one = image(1)
    assert one.ndarray is not None
    one.ndarray[...] = np.ma.masked
    assert drawn(one.plot().figure)


def test_a_collection_is_drawn_small_and_alike() -> None:
    figure = collection().plot(columns=2)
    limits = {ax.images[0].get_clim() for ax in figure.axes if ax.images}
    assert len([ax for ax in figure.axes if ax.images]) == 3
    assert len(limits) == 1
    assert drawn(figure)


def test_a_band_that_is_not_there_is_named() -> None:
    with pytest.raises(BandNotFound) as caught:
        image().plot("swir")
    assert caught.value.available == ["red", "green", "blue"]


@pytest.mark.parametrize("bands", ["red green", []])
def test_two_bands_or_none_cannot_be_drawn(bands: Any) -> None:
    with pytest.raises(InvalidArgument):
        image().plot(bands)


def test_an_empty_result_cannot_be_drawn() -> None:
    with pytest.raises(InvalidArgument):
        EMPTY.plot()
