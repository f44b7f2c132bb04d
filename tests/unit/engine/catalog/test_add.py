from __future__ import annotations

import pytest
import shapely

from engine.catalog.add.add import add
from engine.catalog.add.candidate import Candidate, CandidateFile, Failure, Hint
from engine.catalog.add.files import from_files
from engine.catalog.catalog import Catalog
from engine.sources.config import SourceConfig
from engine.sources.probe import probe
from swath.errors import InvalidArgument, InvalidSource
from tests.unit.engine.catalog.made import DAY_US, MadeBand, grid_at


def counts(report):
    return report.added, report.replaced, report.unchanged, len(report.failed)


def test_adding_twice_changes_nothing(catalog, files, put):
    images = [files.image("a"), files.image("b", cloud=1)]
    assert counts(put(*images)) == (2, 0, 0, 0)
    revision = catalog.revision
    assert counts(put(*images)) == (0, 0, 2, 0)
    assert catalog.revision == revision


def test_a_real_file_that_did_not_change_is_not_opened_again(tmp_path, write_tif, catalog):
    path = str(write_tif(tmp_path / "a_20180107.tif"))
    opened = []

    def watched(href):
        opened.append(href)
        return probe(href, SourceConfig())

    add(catalog, "p", from_files([path]), watched)
    assert opened == [path]
    assert counts(add(catalog, "p", from_files([path]), watched)) == (0, 0, 1, 0)
    assert opened == [path]


def test_a_changed_file_replaces_its_record(catalog, files, put):
    image = files.image("a", bands=("red",))
    put(image)
    files.put("/made/a_red.tif", grid_at(50, 50), size=101)
    assert counts(put(image)) == (0, 1, 0, 0)
    assert catalog.search("p").assets("red")[0].identity.size == 101
    assert len(catalog.search("p", footprint=shapely.box(50, 50, 51, 51))) == 1


def test_changed_words_about_a_file_replace_its_record(catalog, files, put):
    put(files.image("a", cloud=1))
    assert counts(put(files.image("a", cloud=2))) == (0, 1, 0, 0)
    assert catalog.search("p").properties(0)["cloud"] == 2


def test_bands_added_later_join_the_image(catalog, files, put):
    put(files.image("a", bands=("red",)))
    put(files.image("a", bands=("nir",)))
    assert list(catalog.image("a").assets) == ["red", "nir"]
    assert counts(put(files.image("a", bands=("red",)))) == (0, 0, 1, 0)


def test_another_date_makes_it_another_image_of_that_id(catalog, files, put):
    put(files.image("a", 0, bands=("red",)))
    put(files.image("a", DAY_US, bands=("nir",)))
    assert list(catalog.image("a").assets) == ["nir"]


def test_a_bad_file_is_named_and_the_rest_of_its_image_is_added(catalog, files, put):
    image = files.image("a", bands=("red", "nir"))
    del files.infos["/made/a_nir.tif"]
    report = put(image, files.image("b"))
    assert counts(report) == (2, 0, 0, 1)
    assert report.failed[0][0] == "/made/a_nir.tif"
    assert list(catalog.image("a").assets) == ["red"]


def test_an_image_without_a_good_file_is_not_added(catalog, files, put):
    lost = Candidate("lost", "lost", (CandidateFile("/made/lost.tif"),), 0)
    assert counts(put(lost)) == (0, 0, 0, 1)
    assert catalog.products() == []


def test_a_failure_found_before_is_passed_on(catalog, put):
    report = put(Failure("x.json", InvalidSource("It is not JSON.")))
    assert report.failed[0][0] == "x.json"


def test_an_image_without_a_date_says_how_to_give_one(catalog, files):
    files.put("/made/x.tif", grid_at(0, 0))
    report = add(catalog, "p", from_files(["/made/x.tif"]), files)
    assert "--date" in report.failed[0][1].problem


def test_the_tag_of_a_file_gives_the_date(catalog, files):
    files.put("/made/x.tif", grid_at(0, 0), acquired="1970:01:02 00:00:00")
    add(catalog, "p", from_files(["/made/x.tif"]), files)
    assert catalog.search("p").dates_us.tolist() == [DAY_US]


def test_two_files_of_one_name_are_not_silently_one_image(catalog, files):
    files.put("/made/1/x.tif", grid_at(0, 0))
    files.put("/made/2/x.tif", grid_at(0, 0))
    report = add(catalog, "p", from_files(["/made/1/x.tif", "/made/2/x.tif"], 0), files)
    assert counts(report) == (1, 0, 0, 1)
    assert report.failed[0][0] == "/made/2/x.tif"


def test_bands_of_a_file_are_numbered(catalog, files):
    files.put("/made/x.tif", grid_at(0, 0), MadeBand(1), MadeBand(2))
    add(catalog, "p", from_files(["/made/x.tif"], 0), files)
    assert catalog.product("p").band_names == ["b1", "b2"]
    assert [catalog.search("p").assets(b)[0].band for b in ("b1", "b2")] == [1, 2]


def test_bands_of_a_file_are_called_by_their_descriptions(catalog, files):
    files.put("/made/x.tif", grid_at(0, 0), MadeBand(1, name="near ir"), MadeBand(2, name="red"))
    add(catalog, "p", from_files(["/made/x.tif"], 0), files)
    assert catalog.product("p").band_names == ["near_ir", "red"]


@pytest.mark.parametrize("names", [("red", "red"), ("red", ""), ("<b>", "x"), ("x" * 65, "y")])
def test_descriptions_that_are_no_names_are_not_taken(catalog, files, names):
    files.put("/made/x.tif", grid_at(0, 0), *(MadeBand(i + 1, name=n) for i, n in enumerate(names)))
    add(catalog, "p", from_files(["/made/x.tif"], 0), files)
    assert catalog.product("p").band_names == ["b1", "b2"]


def test_alpha_is_a_mask_and_no_band(catalog, files):
    colors = MadeBand(1, mask="alpha"), MadeBand(2, color="alpha")
    files.put("/made/x.tif", grid_at(0, 0), *colors)
    add(catalog, "p", from_files(["/made/x.tif"], 0), files)
    assert catalog.product("p").band_names == ["b1"]
    assert catalog.search("p").assets("b1")[0].mask == "alpha"


def test_a_colour_table_makes_a_class_band(catalog, files):
    files.put("/made/x.tif", grid_at(0, 0), MadeBand(color="palette"))
    add(catalog, "p", from_files(["/made/x.tif"], 0), files)
    assert catalog.product("p").bands[0].kind == "class"


def test_hints_beat_the_file(catalog, files):
    href = files.put("/made/x.tif", grid_at(0, 0), MadeBand(scale=5, nodata=1, offset=2))
    hint = Hint(scale=0.1, nodata=0, kind="flag")
    file = CandidateFile(href, "red", (hint,))
    add(catalog, "p", [Candidate("x", "x", (file,), 0)], files)
    asset = catalog.search("p").assets("red")[0]
    assert (asset.scale, asset.offset, asset.nodata, asset.kind) == (0.1, 2.0, 0.0, "flag")


def test_a_hinted_nodata_that_no_pixel_can_have_is_ignored(catalog, files):
    href = files.put("/made/x.tif", grid_at(0, 0), MadeBand(nodata=7))
    file = CandidateFile(href, "red", (Hint(nodata=-9999),))
    add(catalog, "p", [Candidate("x", "x", (file,), 0)], files)
    assert catalog.search("p").assets("red")[0].nodata == 7


def test_a_footprint_elsewhere_than_the_files_is_not_believed(catalog, files):
    image = files.image("a", west=10, south=40)
    lie = Candidate("a", "a", image.files, 0, None, {}, shapely.box(-50, -50, -49, -49))
    add(catalog, "p", [lie], files)
    assert len(catalog.search("p", footprint=shapely.box(10, 40, 11, 41))) == 1


@pytest.mark.parametrize("name", ["", "a b", "../x", "a:", "x" * 129, ":a", "é"])
def test_a_product_cannot_be_called_just_anything(catalog, name):
    with pytest.raises(InvalidArgument):
        add(catalog, name, [], lambda href: pytest.fail("nothing to open"))


def test_progress_is_told_after_each_batch(catalog, files):
    told: list[tuple[int, int | None]] = []
    images = [files.image(f"i{i}", bands=("red",)) for i in range(250)]
    add(catalog, "p", images, files, progress=lambda done, total: told.append((done, total)))
    assert told == [(100, 250), (200, 250), (250, 250)]


def test_candidates_are_taken_as_they_come(catalog, files):
    report = add(catalog, "p", (files.image(f"i{i}") for i in range(3)), files)
    assert counts(report) == (3, 0, 0, 0)


def test_what_was_added_before_an_interruption_stays(tmp_path, files):
    images = [files.image(f"i{i:03}", bands=("red",)) for i in range(250)]

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add(Catalog.open(tmp_path), "p", images, files, progress=interrupt)
    assert len(Catalog.open(tmp_path).search("p")) == 100
    assert counts(add(Catalog.open(tmp_path), "p", images, files)) == (150, 0, 100, 0)


def test_a_title_is_kept_until_another_is_given(catalog, files):
    image = files.image("a")
    add(catalog, "p", [image], files, title="One")
    add(catalog, "p", [image], files)
    assert catalog.product("p").title == "One"
    add(catalog, "p", [image], files, title="Two")
    assert catalog.product("p").title == "Two"
