from __future__ import annotations

import pytest

from engine.catalog.add.override import fits, parse_override, parse_overrides
from swath.errors import BandNotFound, InvalidArgument
from tests.unit.engine.catalog.made import MadeBand


def test_all_keys_are_understood():
    said = parse_override("B04:scale=1e-4,offset=-0.1,nodata=0,range=0..1,name=red,flag")
    assert said.band == "B04"
    assert said.values == {
        "scale": 1e-4, "offset": -0.1, "nodata": 0.0, "data_range": [0.0, 1.0], "name": "red",
        "kind": "flag",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "B04", "B04:", ":class", "B04:clas", "B04:scale=0", "B04:scale=x", "B04:scale=nan",
        "B04:range=1..0", "B04:range=1", "B04:name=a b", "B04:scale=1,scale=2", "B04:class,flag",
        "B04:class=1", "B04:gamma=2", "B04:offset=inf",
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(text):
    with pytest.raises(InvalidArgument, match="--band"):
        parse_override(text)


def test_two_texts_about_one_band_are_joined():
    (said,) = parse_overrides(["B04:scale=2", "B04:nodata=none"])
    assert said.values == {"scale": 2.0, "nodata": None}


def test_two_texts_that_disagree_are_refused():
    with pytest.raises(InvalidArgument, match="two things"):
        parse_overrides(["B04:scale=2", "B04:scale=3"])


def test_overrides_beat_the_file(catalog, files, put):
    put(files.image("a"), bands=("red:scale=1e-4,offset=-0.1,nodata=0",))
    asset = catalog.search("p").assets("red")[0]
    assert (asset.scale, asset.offset, asset.nodata) == (1e-4, -0.1, 0.0)
    assert asset.dtype_read == "float32"
    assert catalog.product("p").bands[0].dtype_read == "float32"


def test_overrides_are_remembered_for_images_added_later(catalog, files, put):
    put(files.image("a", 0), bands=("red:scale=0.5",))
    put(files.image("b", 1))
    assert [asset.scale for asset in catalog.search("p").assets("red")] == [0.5, 0.5]


def test_overrides_count_for_images_added_before(catalog, files, put):
    image = files.image("a")
    put(image)
    report = put(image, bands=("red:scale=0.5,range=0..1,class",))
    assert report.unchanged == 1
    band = catalog.product("p").bands[0]
    assert (band.scale, band.data_range, band.kind) == (0.5, (0.0, 1.0), "class")
    assert band.dtype_read == "float32"
    asset = catalog.search("p").assets("red")[0]
    assert (asset.scale, asset.kind) == (0.5, "class")


def test_the_same_override_again_changes_nothing(catalog, files, put):
    image = files.image("a")
    put(image, bands=("red:scale=0.5,name=r,range=0..1,nodata=nan",))
    revision = catalog.revision
    put(image, bands=("red:scale=0.5,name=r,range=0..1,nodata=nan",))
    assert catalog.revision == revision


def test_a_renamed_band_keeps_its_name_for_later_images(catalog, files, put):
    put(files.image("a", 0), bands=("red:name=B04",))
    put(files.image("b", 1))
    assert catalog.product("p").band_names == ["B04", "nir"]
    assert None not in catalog.search("p").assets("B04")


def test_two_bands_can_swap_names(catalog, files, put):
    image = files.image("a")
    put(image)
    put(image, bands=("red:name=nir", "nir:name=red"))
    assert catalog.search("p").assets("nir")[0].href == "/made/a_red.tif"


def test_a_name_that_is_taken_is_refused(catalog, files, put):
    image = files.image("a")
    put(image)
    with pytest.raises(InvalidArgument, match="Two bands"):
        put(image, bands=("red:name=nir",))


def test_an_unknown_band_is_refused_before_anything_is_recorded(catalog, files, put):
    with pytest.raises(BandNotFound, match="red, nir") as caught:
        put(files.image("a"), bands=("rde:class",))
    assert caught.value.available == ["red", "nir"]
    assert catalog.products() == []


def test_a_nodata_that_no_pixel_can_have_is_refused(catalog, files, put):
    with pytest.raises(InvalidArgument, match="uint16"):
        put(files.image("a"), bands=("red:nodata=-1",))
    assert catalog.products() == []


@pytest.mark.parametrize(
    ("nodata", "dtype", "expected"),
    [(255, "uint8", True), (256, "uint8", False), (-1, "uint16", False), (0.5, "int16", False),
     (float("nan"), "int16", False), (float("nan"), "float32", True), (-9999, "int16", True)],
)  # fmt: skip
def test_which_nodata_fits_which_dtype(nodata, dtype, expected):
    assert fits(nodata, dtype) is expected


def test_images_of_different_dtypes_widen_the_band(catalog, files, put):
    first, second = files.image("a", bands=("red",)), files.image("b", bands=("red",))
    grid = files.infos["/made/b_red.tif"].grid
    files.put("/made/b_red.tif", grid, MadeBand(dtype="int16"))
    put(first, second)
    band = catalog.product("p").bands[0]
    assert (band.dtype, band.dtype_read) == ("int32", "int32")
