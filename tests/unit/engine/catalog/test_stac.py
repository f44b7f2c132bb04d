from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.add.add import add
from engine.catalog.add.candidate import Candidate, Failure
from engine.catalog.add.href import Roots, parse_roots, resolve, tree_of
from engine.catalog.add.stac import from_items
from engine.catalog.add.stac_bands import claim, hints
from engine.catalog.add.stac_json import parse_json
from engine.catalog.catalog import Catalog
from engine.sources.config import SourceConfig
from engine.sources.probe import probe
from swath.errors import InvalidArgument, InvalidSource, SwathError

TIFF = "image/tiff; application=geotiff"
PROBE = partial(probe, config=SourceConfig())
SQUARE = [[15, 45], [15.1, 45], [15.1, 45.1], [15, 45.1], [15, 45]]


def item(**changes):
    made = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "a",
        "bbox": [15, 45, 15.1, 45.1],
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "properties": {"datetime": "2018-01-07T09:20:00Z"},
        "links": [],
        "assets": {"red": {"href": "red.tif", "type": TIFF}},
    }
    return {**made, **changes}


def read(folder, document):
    path = folder / "item.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return from_items([str(path)])


def only(folder, document) -> Candidate:
    (found,) = read(folder, document)
    assert isinstance(found, Candidate), found
    return found


def refused(folder, document) -> SwathError:
    (found,) = read(folder, document)
    assert isinstance(found, Failure)
    return found.error


def test_an_item_is_an_image(tmp_path):
    found = only(tmp_path, item())
    assert found.id == "a"
    assert found.files[0].href == str(tmp_path / "red.tif")
    assert found.footprint is not None
    assert found.footprint.bounds == (15, 45, 15.1, 45.1)


def test_the_items_of_a_collection_are_images(tmp_path):
    items = {"type": "FeatureCollection", "features": [item(), item(id="b")]}
    assert [each.id for each in read(tmp_path, items)] == ["a", "b"]


def test_one_bad_item_of_a_collection_is_named_by_its_place(tmp_path):
    items = {"type": "FeatureCollection", "features": [item(), item(id=7)]}
    _, bad = read(tmp_path, items)
    assert isinstance(bad, Failure)
    assert bad.name.endswith("item.json[1]")


def test_scale_offset_and_nodata_of_1_0(tmp_path):
    asset = {
        "href": "red.tif",
        "eo:bands": [{"name": "B04", "common_name": "red"}],
        "raster:bands": [{"scale": 1e-4, "offset": -0.1, "nodata": 0}],
    }
    (hint,) = only(tmp_path, item(assets={"red": asset})).files[0].hints
    assert (hint.scale, hint.offset, hint.nodata) == (1e-4, -0.1, 0)
    assert hint.description == "B04"


def test_scale_offset_and_nodata_of_1_1(tmp_path):
    asset = {
        "href": "red.tif",
        "nodata": 0,
        "bands": [{"name": "B04", "raster:scale": 1e-4, "raster:offset": -0.1}],
    }
    document = item(stac_version="1.1.0", assets={"red": asset})
    (hint,) = only(tmp_path, document).files[0].hints
    assert (hint.scale, hint.offset, hint.nodata) == (1e-4, -0.1, 0)


def test_several_bands_of_one_asset_have_their_own_names():
    made = hints({"bands": [{"name": "r"}, {"name": "g"}]})
    assert [hint.name for hint in made] == ["r", "g"]


@pytest.mark.parametrize(
    ("asset", "kind"),
    [
        ({"roles": ["data", "cloud"]}, "class"),
        ({"roles": ["cloud", "cloud-shadow"]}, "flag"),
        ({"roles": ["saturation"]}, "flag"),
        ({"roles": ["data"]}, None),
        ({"roles": ["data"], "title": "Scene classification map (SCL)"}, "class"),
        ({"title": "Red (band 4)"}, None),
        ({"bands": [{"classification:classes": [{"value": 1}]}]}, "class"),
        ({"raster:bands": [{"classification:bitfields": [{"offset": 0}]}]}, "flag"),
    ],
)
def test_masks_and_classes_are_no_physical_values(asset, kind):
    assert hints(asset)[0].kind == kind


@pytest.mark.parametrize("value", [True, "1", None, [], {}])
def test_malformed_numbers_count_as_absent(value):
    (hint,) = hints({"raster:bands": [{"scale": value, "offset": value, "nodata": value}]})
    assert (hint.scale, hint.offset, hint.nodata) == (None, None, None)


@pytest.mark.parametrize("fields", [{"proj:code": "EPSG:32633"}, {"proj:epsg": 32633}])
def test_the_projection_is_that_of_the_item_or_asset(fields):
    assert claim({}, fields).crs == claim(fields, {}).crs == "EPSG:32633"


def test_thumbnails_and_documents_are_skipped(tmp_path):
    assets = {
        "red": {"href": "red.tif", "type": TIFF},
        "thumb": {"href": "t.tif", "type": TIFF, "roles": ["thumbnail"]},
        "png": {"href": "t.png", "type": "image/png"},
        "xml": {"href": "t.xml"},
    }
    assert [f.band for f in only(tmp_path, item(assets=assets)).files] == ["red"]


def test_an_item_without_a_raster_says_so(tmp_path):
    assert "raster" in refused(tmp_path, item(assets={})).problem


def test_start_datetime_stands_in_for_a_null_datetime(tmp_path):
    times = {"datetime": None, "start_datetime": "1970-01-02T00:00:00Z"}
    assert only(tmp_path, item(properties=times)).date_us == 86_400_000_000


def test_a_bbox_across_the_antimeridian_is_fine(tmp_path):
    found = only(tmp_path, item(bbox=[179.5, -17, -179.5, -16], geometry=None))
    assert found.footprint is not None
    assert found.footprint.area == pytest.approx(1.0)


def test_a_geometry_across_the_antimeridian_in_one_piece_is_split(tmp_path):
    ring = [[179.5, -17], [-179.5, -17], [-179.5, -16], [179.5, -16], [179.5, -17]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    found = only(tmp_path, item(bbox=[179.5, -17, -179.5, -16], geometry=geometry))
    assert found.footprint is not None
    assert found.footprint.area == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": None}, "no id"),
        ({"id": "x" * 100_000}, "100,000 characters"),
        ({"id": "../../evil"}, "cannot be the id"),
        ({"id": "a\x00b"}, "cannot be the id"),
        ({"stac_version": "0.9.0"}, "0.9.0"),
        ({"properties": None}, "no properties"),
        ({"properties": {"datetime": None}}, "no datetime"),
        ({"properties": {"datetime": 5}}, "no text"),
        ({"properties": {"datetime": "2023-02-30T25:61:00Z"}}, "no date"),
        ({"bbox": [15.1, 45.1, 15, 45]}, "south above north"),
        ({"bbox": [1, 2, 3]}, "4 or 6"),
        ({"bbox": ["a", 2, 3, 4]}, "4 or 6"),
        ({"bbox": [0, 0, 900, 1]}, "180"),
        ({"geometry": 7}, "GeoJSON"),
        ({"geometry": {"type": "Polygon", "coordinates": [[["x"]]]}}, "GeoJSON"),
        ({"geometry": {"type": "Polygon"}}, "GeoJSON"),
        ({"assets": []}, "no assets"),
        ({"assets": {"red": {"href": "r.tif"}, " red": {"href": "r.tif"}}}, "but for spaces"),
        ({"type": "Collection"}, "Collection"),
        ({"type": "x"}, "neither"),
    ],
)
def test_a_malformed_item_is_refused_by_what_is_wrong(tmp_path, changes, problem):
    assert problem in refused(tmp_path, item(**changes)).problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 50_000 + "]" * 50_000, "nested"),
        ('{"type": ', "not JSON"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "too large"),
        ("", "not JSON"),
    ],
)
def test_json_that_is_not_strict_is_refused(text, problem):
    with pytest.raises(InvalidSource, match=problem):
        parse_json(text)


def test_properties_that_are_nested_too_deeply_are_refused(tmp_path):
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    document = item(properties={"datetime": "2018-01-07", "x": deep})
    assert "deep" in refused(tmp_path, document).problem


@pytest.mark.parametrize(
    "href",
    [
        "/etc/hostname", "../../../../../../../../etc/hostname", "file:///etc/hostname",
        "/vsicurl/http://127.0.0.1:9/x.tif", "vsimem/x.tif", "GTIFF_DIR:1:/etc/hostname",
        "http://127.0.0.1:9/x.tif", "https://example.com/x.tif", "s3://bucket/x.tif", "a\x00b.tif",
        "", 7, None, "x" * 5000, "//vsimem/x.tif", "VRT://x.tif", "zip+file://x",
    ],
)  # fmt: skip
def test_hrefs_that_leave_the_item_are_refused(tmp_path, href):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    with pytest.raises(InvalidSource):
        resolve(href, str(folder), Roots())


def test_a_link_that_leaves_the_item_is_refused(tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (folder / "x.tif").symlink_to("/etc/hostname")
    with pytest.raises(InvalidSource, match="leads out"):
        resolve("x.tif", str(folder), Roots())


def test_a_root_allows_what_is_under_it(tmp_path):
    (tmp_path / "far").mkdir()
    roots = parse_roots((str(tmp_path / "far"), "https://example.com/cogs"))
    href = str(tmp_path / "far" / "x.tif")
    assert resolve(href, "/other/place/deep", roots) == href
    address = "https://example.com/cogs/x.tif"
    assert resolve(address, "/tmp", roots) == address
    with pytest.raises(InvalidSource):
        resolve("https://example.com/cogs/../x.tif", "/tmp", roots)
    with pytest.raises(InvalidSource):
        resolve("https://example.com/cogsx/x.tif", "/tmp", roots)


@pytest.mark.parametrize("root", ["/no/such/folder", "https://", "ftp://x/y"])
def test_a_root_that_is_none_is_refused(root):
    with pytest.raises(InvalidArgument):
        parse_roots((root,))


@pytest.mark.parametrize(
    ("folder", "tree"),
    [("/no/b/c/d/e", "/no/b/c"), ("/no/b/c", "/no/b"), ("/no/b", "/no/b"), ("/no", "/no")],
)
def test_the_tree_of_an_item_never_reaches_the_top_of_the_disk(folder, tree):
    assert tree_of(folder) == tree


def test_one_refused_asset_leaves_the_others(tmp_path):
    assets = {"red": {"href": "red.tif"}, "bad": {"href": "/etc/x.tif"}}
    found, failure = read(tmp_path, item(assets=assets))
    assert isinstance(found, Candidate)
    assert isinstance(failure, Failure)
    assert "'bad'" in failure.name


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(item())), value=_JSON)
@settings(max_examples=150, deadline=None)
def test_any_value_in_any_field_is_an_image_or_a_clear_error(tmp_path_factory, field, value):
    folder = tmp_path_factory.getbasetemp()
    for found in read(folder, item(**{field: value})):
        assert isinstance(found, Candidate) or isinstance(found.error, SwathError)


def test_hostile_items_are_named_and_the_good_ones_added(shared_data):
    paths = sorted((shared_data / "broken" / "stac").glob("*.json"))
    catalog = Catalog.in_memory()
    report = add(catalog, "p", from_items(map(str, paths)), PROBE)
    assert sorted(catalog.search("p").ids) == ["am", "nogeom", "projlies"]
    assert len(report.failed) == len(paths) - 3
    assert all(isinstance(error, SwathError) for _, error in report.failed)


def test_an_item_that_lies_about_the_place_has_that_of_its_file(shared_data):
    path = shared_data / "broken" / "stac" / "proj_lies.json"
    catalog = Catalog.in_memory()
    report = add(catalog, "p", from_items([str(path)]), PROBE)
    assert catalog.search("p").properties(0)["crs"] == "EPSG:32633"
    assert "EPSG:3857" in report.notes[0][1]


@pytest.mark.parametrize(
    ("folder", "count"),
    [
        ("s2_romania_10m_2018", 34),
        ("s2_33TWL_120m_5dates", 6),
        ("landsat_colorado_105dates", 105),
        ("l8_newyork_coarse", 11),
    ],
)
def test_items_of_real_series_are_added(shared_data, folder, count):
    items = sorted(map(str, (shared_data / "timeseries" / folder / "stac" / "items").glob("*")))
    catalog = Catalog.in_memory()
    report = add(catalog, "p", from_items(items), PROBE)
    assert (report.added, report.failed) == (count, [])


def test_a_real_series_has_the_physical_values_of_its_items(shared_data):
    path = shared_data / "timeseries" / "s2_33TWL_120m_5dates" / "stac" / "items.json"
    catalog = Catalog.in_memory()
    add(catalog, "p", from_items([str(path)]), PROBE)
    asset = catalog.search("p").assets("nir")[0]
    assert asset is not None
    assert (asset.scale, asset.offset, asset.nodata) == (1e-4, -0.1, 0)
