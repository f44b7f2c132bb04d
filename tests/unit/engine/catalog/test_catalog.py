from __future__ import annotations

import threading
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import ABSENT
from engine.catalog.add.add import add
from engine.catalog.catalog import Catalog
from engine.geo.footprint import footprint_of
from swath.errors import (
    BandNotFound,
    ImageNotFound,
    InvalidArgument,
    PermissionDenied,
    ProductNotFound,
)
from tests.unit.engine.catalog.made import DAY_US, MadeFiles, grid_at


def test_images_are_ordered_by_date_then_id(catalog, files, put):
    put(files.image("b", 2 * DAY_US), files.image("c", DAY_US), files.image("a", 2 * DAY_US))
    assert catalog.search("p").ids == ["c", "a", "b"]


def test_start_counts_and_end_does_not(catalog, files, put):
    put(*(files.image(f"i{day}", day * DAY_US) for day in range(5)))
    assert catalog.search("p", DAY_US, 3 * DAY_US).ids == ["i1", "i2"]


def test_a_limit_takes_the_first_in_order(catalog, files, put):
    put(*(files.image(f"i{day}", day * DAY_US) for day in (3, 1, 2)))
    assert catalog.search("p", limit=2).ids == ["i1", "i2"]


def test_a_limit_of_none_at_all_is_an_empty_selection(catalog, files, put):
    put(files.image("a"))
    assert len(catalog.search("p", limit=0)) == 0


def test_a_negative_limit_is_refused(catalog, files, put):
    put(files.image("a"))
    with pytest.raises(InvalidArgument):
        catalog.search("p", limit=-1)


def test_touching_a_footprint_counts_as_meeting_it(catalog, files, put):
    put(files.image("a", west=10, south=40))
    assert catalog.search("p", footprint=shapely.box(11, 40, 12, 41)).ids == ["a"]


def test_an_area_beside_the_footprint_finds_nothing(catalog, files, put):
    put(files.image("a", west=10, south=40))
    assert len(catalog.search("p", footprint=shapely.box(11.001, 40, 12, 41))) == 0


def test_an_area_in_the_box_but_not_in_the_footprint_finds_nothing(catalog, files):
    candidate = files.image("a", west=10, south=40)
    triangle = shapely.Polygon([(10, 40), (11, 40), (10, 41)])
    add(catalog, "p", [candidate], files, outline=lambda grid: triangle)
    assert len(catalog.search("p", footprint=shapely.box(10.9, 40.9, 11, 41))) == 0


@pytest.mark.parametrize("west", [179.6, -180.0])
def test_an_image_across_the_antimeridian_is_found_on_both_sides(catalog, files, put, west):
    put(files.image("a", west=179.5, south=-17))
    found = catalog.search("p", footprint=shapely.box(west, -16.9, west + 0.3, -16.8))
    assert found.ids == ["a"]
    assert catalog.columns("p").bboxes[0].tolist() == pytest.approx([179.5, -17, -179.5, -16])


def test_an_image_across_the_antimeridian_is_not_found_elsewhere(catalog, files, put):
    put(files.image("a", west=179.5, south=-17))
    assert len(catalog.search("p", footprint=shapely.box(-10, -17, 10, -16))) == 0


def test_an_area_across_the_antimeridian_finds_both_sides(catalog, files, put):
    put(files.image("east", west=178), files.image("west", west=-179), files.image("far", west=0))
    area = shapely.box(178.5, 40, 181.5, 41)
    assert catalog.search("p", footprint=area).ids == ["east", "west"]


_ANYWHERE = st.tuples(st.floats(-180, 179), st.floats(-80, 79))


@given(
    images=st.lists(st.tuples(_ANYWHERE, st.integers(0, 5)), min_size=1, max_size=8),
    area=st.tuples(_ANYWHERE, st.floats(0.1, 60), st.floats(0.1, 10)),
    days=st.tuples(st.integers(0, 5), st.integers(0, 6)),
    limit=st.none() | st.integers(0, 8),
)
@settings(max_examples=60, deadline=None)
def test_search_equals_asking_each_image(images, area, days, limit):
    catalog, files = Catalog.in_memory(), MadeFiles()
    add(
        catalog,
        "p",
        [files.image(f"i{i}", day * DAY_US, *place) for i, (place, day) in enumerate(images)],
        files,
    )
    (west, south), width, height = area
    box = shapely.box(west, south, min(west + width, 180), min(south + height, 90))
    expected = sorted(
        (day, f"i{i}")
        for i, (place, day) in enumerate(images)
        if days[0] <= day < days[1] and footprint_of(grid_at(*place)).intersects(box)
    )
    found = catalog.search("p", days[0] * DAY_US, days[1] * DAY_US, box, limit)
    assert found.ids == [image_id for _, image_id in expected][:limit]


def test_a_search_opens_no_file(catalog, files, put):
    put(*(files.image(f"i{i}") for i in range(3)))
    files.opened.clear()
    selection = catalog.search("p", footprint=shapely.box(0, 0, 90, 90))
    selection.assets("red")
    assert files.opened == []


def test_properties_have_what_every_image_has(catalog, files, put):
    put(files.image("a", DAY_US, west=10, south=40, cloud=12.5))
    properties = catalog.search("p").properties(0)
    assert properties["id"] == "a"
    assert properties["product"] == "p"
    assert properties["date"] == datetime(1970, 1, 2, tzinfo=UTC)
    assert properties["crs"] == "EPSG:4326"
    assert properties["geotrans"] == pytest.approx((10, 0.01, 0, 41, 0, -0.01))
    assert properties["cloud"] == 12.5


def test_changing_the_properties_of_one_answer_changes_no_other(catalog, files, put):
    put(files.image("a", cloud=1))
    catalog.search("p").properties(0)["cloud"] = 2
    assert catalog.search("p").properties(0)["cloud"] == 1


def test_a_column_has_a_mark_where_an_image_lacks_the_property(catalog, files, put):
    put(files.image("a", cloud=1), files.image("b"))
    assert catalog.search("p").property_column("cloud") == [1, ABSENT]


@pytest.mark.parametrize("name", ["id", "product", "date", "crs", "geotrans", "cloud"])
def test_columns_equal_the_properties_of_each_image(catalog, files, put, name):
    put(*(files.image(f"i{i}", i * DAY_US, cloud=i) for i in range(4)))
    selection = catalog.search("p", DAY_US)
    expected = [selection.properties(i)[name] for i in range(len(selection))]
    assert selection.property_column(name) == expected


def test_assets_are_in_the_order_of_the_images_and_none_where_missing(catalog, files, put):
    put(
        files.image("a", 2 * DAY_US, bands=("red",)),
        files.image("b", DAY_US, bands=("red", "nir")),
    )
    assets = catalog.search("p").assets("nir")
    assert [asset and asset.href for asset in assets] == ["/made/b_nir.tif", None]


def test_an_asset_comes_back_as_it_was_probed(catalog, files, put):
    put(files.image("a"))
    info = files.infos["/made/a_red.tif"]
    asset = catalog.search("p").assets("red")[0]
    assert (asset.href, asset.band, asset.dtype) == (info.href, 1, "uint16")
    assert (asset.grid, asset.block, asset.overviews) == (info.grid, info.block, (2, 4))
    assert asset.identity == info.identity


def test_an_unknown_band_names_those_there_are(catalog, files, put):
    put(files.image("a"))
    with pytest.raises(BandNotFound, match="red, nir") as caught:
        catalog.search("p").assets("blue")
    assert caught.value.available == ["red", "nir"]


def test_an_unknown_product_offers_similar_names(catalog, files, put):
    put(files.image("a"), product="sentinel2")
    with pytest.raises(ProductNotFound) as caught:
        catalog.search("Sentinel-2")
    assert caught.value.similar == ["sentinel2"]


def test_an_image_is_found_by_its_bare_and_its_full_id(catalog, files, put):
    put(files.image("a:1"), product="x:y")
    assert catalog.image("a:1").id == catalog.image("x:y:a:1").id == "a:1"


def test_an_image_that_was_asked_for_before_is_given_as_it_is_now(catalog, files, put):
    put(files.image("a", bands=("red",)))
    assert list(catalog.image("a").assets) == ["red"]
    put(files.image("a", bands=("nir",)))
    assert sorted(catalog.image("a").assets) == ["nir", "red"]
    catalog.remove("p", "a")
    with pytest.raises(ImageNotFound):
        catalog.image("a")


def test_images_that_were_asked_for_are_kept_up_to_a_number(catalog, files, put, monkeypatch):
    monkeypatch.setattr("engine.catalog.catalog.MOST_IMAGES", 2)
    put(*(files.image(name) for name in "abc"))
    first = catalog.image("a")
    assert catalog.image("a") is first
    for name in "bc":
        catalog.image(name)
    assert catalog.image("a") is not first


def test_an_image_has_only_its_own_bands_in_the_order_of_the_product(catalog, files, put):
    put(files.image("a", bands=("red", "nir", "blue")), files.image("b", bands=("blue", "red")))
    image = catalog.image("b")
    assert [band.name for band in image.bands] == list(image.assets) == ["red", "blue"]


def test_a_bare_id_of_two_products_asks_for_the_full_one(catalog, files, put):
    put(files.image("a"), product="x")
    put(files.image("a"), product="y")
    with pytest.raises(InvalidArgument, match="x:a or y:a"):
        catalog.image("a")


@pytest.mark.parametrize("asked", ["S2_2018010", "p:S2_2018010"])
def test_an_unknown_image_offers_similar_ids(catalog, files, put, asked):
    put(files.image("S2_20180107"))
    with pytest.raises(ImageNotFound) as caught:
        catalog.image(asked)
    assert caught.value.similar == ["S2_20180107"]


def test_a_selection_stays_as_it_was_when_an_image_is_removed(catalog, files, put):
    put(files.image("a"), files.image("b"))
    selection = catalog.search("p")
    catalog.remove("p", "a")
    assert selection.ids == ["a", "b"]
    assert selection.assets("red")[0] is None
    assert catalog.search("p").ids == ["b"]


def test_taking_positions_reorders(catalog, files, put):
    put(*(files.image(f"i{i}", i) for i in range(3)))
    assert catalog.search("p").take([2, 0]).ids == ["i2", "i0"]


def test_removing_a_product_leaves_the_others(catalog, files, put):
    put(files.image("a"), product="x")
    put(files.image("a"), product="y")
    catalog.remove("x")
    assert [product.name for product in catalog.products()] == ["y"]
    assert catalog.image("a").product.name == "y"


def test_removing_what_is_not_there_says_so(catalog, files, put):
    put(files.image("a"))
    with pytest.raises(ImageNotFound):
        catalog.remove("p", "b")


def test_another_catalog_of_the_same_folder_sees_what_was_added(tmp_path, files):
    writer, reader = Catalog.open(tmp_path), Catalog.open(tmp_path, read_only=True)
    add(writer, "p", [files.image("a")], files)
    first = reader.search("p").ids
    add(writer, "p", [files.image("b")], files)
    assert (first, reader.search("p").ids) == (["a"], ["a", "b"])


def test_a_reader_may_come_before_the_catalog(tmp_path, files):
    reader = Catalog.open(tmp_path / "later", read_only=True)
    assert reader.products() == []
    add(Catalog.open(tmp_path / "later"), "p", [files.image("a")], files)
    assert reader.search("p").ids == ["a"]


def test_a_reader_follows_a_catalog_that_was_made_anew(tmp_path, files):
    add(Catalog.open(tmp_path), "p", [files.image("a")], files)
    reader = Catalog.open(tmp_path, read_only=True)
    assert reader.search("p").ids == ["a"]
    (tmp_path / "catalog.sqlite").unlink()
    add(Catalog.open(tmp_path), "p", [files.image("b")], files)
    assert reader.search("p").ids == ["b"]


def test_a_reader_never_writes(tmp_path, files):
    add(Catalog.open(tmp_path), "p", [files.image("a")], files)
    with pytest.raises(PermissionDenied):
        Catalog.open(tmp_path, read_only=True).remove("p")


def test_readers_in_threads_see_whole_batches_while_images_are_added(tmp_path, files):
    catalog = Catalog.open(tmp_path)
    add(catalog, "p", [files.image("first")], files)
    sizes: list[int] = []
    failures: list[Exception] = []

    def keep_reading() -> None:
        try:
            for _ in range(40):
                selection = catalog.search("p", footprint=shapely.box(0, 0, 90, 90))
                assert len(selection.assets("red")) == len(selection)
                sizes.append(len(selection))
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    readers = [threading.Thread(target=keep_reading) for _ in range(3)]
    for reader in readers:
        reader.start()
    for batch in range(5):
        add(catalog, "p", [files.image(f"{batch}_{i}") for i in range(10)], files)
    for reader in readers:
        reader.join(30)
    assert failures == []
    assert {size % 10 for size in sizes} == {1}


def test_dates_of_a_selection_are_in_microseconds(catalog, files, put):
    put(files.image("a", 5), files.image("b", 7))
    assert catalog.search("p").dates_us.tolist() == [5, 7]
    assert catalog.search("p").dates_us.dtype == np.int64


def test_a_missing_product_says_how_many_others_there_are(catalog, files, put):
    for name in "abcdefghij":
        put(files.image(name), product=name * 3)
    with pytest.raises(ProductNotFound, match=r"There are: aaa, .* hhh and 2 more\."):
        catalog.product("zzz")
