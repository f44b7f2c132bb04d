from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.catalog.add.candidate import Candidate, Failure
from engine.catalog.add.pattern import find, match, natural, parse_pattern
from engine.catalog.columns import to_us
from swath.errors import InvalidArgument

JAN_7_US = to_us(datetime(2018, 1, 7, tzinfo=UTC))


def touch(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")


def images(folder, pattern, date_us=None):
    found = find(folder, parse_pattern(pattern), date_us)
    return {c.id: c for c in found if isinstance(c, Candidate)}


def test_files_of_one_date_are_one_image(tmp_path):
    touch(tmp_path, "2018-01-07/S2_x_B04.tif", "2018-01-07/S2_x_SCL.tif", "2018-02-06/S2_x_B04.tif")
    found = images(tmp_path, "{date:%Y-%m-%d}/S2_*_{band}.tif")
    assert list(found) == ["2018-01-07", "2018-02-06"]
    assert [f.band for f in found["2018-01-07"].files] == ["B04", "SCL"]
    assert found["2018-01-07"].date_us == JAN_7_US


def test_files_of_one_id_are_one_image_dated_by_its_name(tmp_path):
    touch(tmp_path, "LE70350322008118EDC00/LE70350322008118EDC00_b3.tif")
    found = images(tmp_path, "{id}/*_{band}.tif")
    guess = found["LE70350322008118EDC00"].date_guess_us
    assert guess == to_us(datetime(2008, 4, 27, tzinfo=UTC))


def test_an_id_with_a_date_beside_it_gets_the_date(tmp_path):
    touch(tmp_path, "2018/T33_20180107_B04.tif", "2018/T33_20180108_B04.tif")
    found = images(tmp_path, "*/{id}_{date:%Y%m%d}_{band}.tif")
    assert list(found) == ["T33_2018-01-07", "T33_2018-01-08"]


def test_an_id_with_the_date_inside_stays_as_it_is(tmp_path):
    touch(tmp_path, "LC08_20180107/x_20180107_B4.tif")
    assert list(images(tmp_path, "{id}/x_{date:%Y%m%d}_{band}.tif")) == ["LC08_20180107"]


def test_several_dates_in_a_pattern_are_read_together(tmp_path):
    touch(tmp_path, "2018/01/07/B04.tif")
    found = images(tmp_path, "{date:%Y}/{date:%m}/{date:%d}/{band}.tif")
    assert found["2018-01-07"].date_us == JAN_7_US


def test_a_time_of_day_is_part_of_the_id(tmp_path):
    touch(tmp_path, "20180107T092000_B04.tif")
    assert list(images(tmp_path, "{date:%Y%m%dT%H%M%S}_{band}.tif")) == ["2018-01-07T092000"]


def test_bands_alone_make_one_image_of_what_is_around_them(tmp_path):
    touch(tmp_path, "L8-B1-Elkton.tif", "L8-B10-Elkton.tif", "L8-B2-Elkton.tif")
    found = images(tmp_path, "L8-{band}-Elkton.tif", JAN_7_US)
    assert list(found) == ["L8-Elkton"]
    assert [f.band for f in found["L8-Elkton"].files] == ["B1", "B2", "B10"]


def test_a_pattern_without_placeholders_makes_an_image_of_each_file(tmp_path):
    touch(tmp_path, "a_20180107.tif", "b_20180107.tif", "c.txt")
    found = images(tmp_path, "*.tif")
    assert list(found) == ["a_20180107", "b_20180107"]
    assert found["a_20180107"].date_guess_us == JAN_7_US


def test_wildcards_stay_within_a_folder_but_for_two_stars(tmp_path):
    touch(tmp_path, "a/b/20180107.tif", "20180108.tif")
    assert list(images(tmp_path, "*.tif")) == ["20180108"]
    assert list(images(tmp_path, "**/*.tif")) == ["20180107", "20180108"]


def test_a_question_mark_is_one_character(tmp_path):
    touch(tmp_path, "x1.tif", "x12.tif")
    assert list(images(tmp_path, "x?.tif", 0)) == ["x1"]


def test_two_files_for_one_band_are_a_failure_that_names_both(tmp_path):
    touch(tmp_path, "20180107_a_B04.tif", "20180107_b_B04.tif")
    (failure,) = find(tmp_path, parse_pattern("{date:%Y%m%d}_*_{band}.tif"))
    assert isinstance(failure, Failure)
    assert "20180107_a_B04.tif and 20180107_b_B04.tif" in failure.error.problem


def test_a_date_that_does_not_exist_is_a_failure_of_that_file(tmp_path):
    touch(tmp_path, "20180230_B04.tif", "20180107_B04.tif")
    found = find(tmp_path, parse_pattern("{date:%Y%m%d}_{band}.tif"))
    assert [type(each).__name__ for each in found] == ["Failure", "Candidate"]
    assert isinstance(found[0], Failure)
    assert found[0].name == "20180230_B04.tif"


def test_nothing_found_says_what_was_looked_for_and_what_is_there(tmp_path):
    touch(tmp_path, "2018-01-07/S2_x_B04.tif")
    with pytest.raises(InvalidArgument) as caught:
        images(tmp_path, "{date:%Y-%m-%d}/S3_{band}.tif")
    assert "2018-01-07/S3_B04.tif" in caught.value.problem
    assert "2018-01-07/S2_x_B04.tif" in caught.value.problem


def test_a_difference_in_case_is_pointed_out(tmp_path):
    touch(tmp_path, "20180107_B04.TIF")
    with pytest.raises(InvalidArgument, match="upper and lower case"):
        images(tmp_path, "{date:%Y%m%d}_{band}.tif")


def test_a_name_in_which_two_dates_fit_is_refused_with_both():
    name = "LC09_231062_20230723_20230802_B3.tif"
    with pytest.raises(InvalidArgument, match="20230723 and 20230802"):
        match(parse_pattern("{id}_{date:%Y%m%d}_*{band}.tif"), name)


def test_a_question_mark_for_each_character_says_which_date_is_meant():
    name = "LC09_231062_20230723_20230802_B3.tif"
    found = match(parse_pattern("*_??????_{date:%Y%m%d}_*_{band}.tif"), name)
    assert found is not None
    assert found.date_text == ("20230723",)


def test_digits_that_are_no_date_are_not_a_second_date():
    found = match(parse_pattern("{id}_{date:%Y%m%d}*_{band}.tif"), "T33_99999999_20180107_B04.tif")
    assert found is not None
    assert found.date_us == JAN_7_US


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InvalidArgument, match="no folder"):
        find(tmp_path / "gone", parse_pattern("*.tif"))


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("{sensor}.tif", "there are"),
        ("{date}.tif", "how dates are written"),
        ("{date:%Q}.tif", "%Q"),
        ("{date:abc}.tif", "no directive"),
        ("2018{date:%m%d}.tif", "no year"),
        ("{band:x}.tif", "there are"),
        ("{band.tif", "brace"),
        ("/abs/{band}.tif", "below the folder"),
        ("../{band}.tif", "below the folder"),
        ("", "below the folder"),
        ("a" * 1001, "at most"),
    ],
)
def test_a_pattern_that_means_nothing_is_refused(pattern, problem):
    with pytest.raises(InvalidArgument, match=re.escape(problem)):
        parse_pattern(pattern)


def test_a_placeholder_twice_is_the_same_text(tmp_path):
    touch(tmp_path, "a/a_B1.tif", "b/c_B1.tif")
    assert list(images(tmp_path, "{id}/{id}_{band}.tif", 0)) == ["a"]


def test_links_to_folders_are_not_followed_in_circles(tmp_path):
    touch(tmp_path, "a/20180107.tif")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert list(images(tmp_path, "**/*.tif")) == ["20180107"]


_WORD = st.text("ABCdef019", min_size=1, max_size=8)
_LITERAL = st.sampled_from(["_", "-", "__x-", "/S2.", "/", "+(", "$^", "[a]"])


@given(
    parts=st.permutations(["{id}", "{date:%Y%m%d}", "{band}"]),
    literals=st.lists(_LITERAL, min_size=4, max_size=4),
    image_id=_WORD,
    band=_WORD,
    date=st.dates(),
)
@settings(max_examples=200, deadline=None)
def test_a_path_written_by_a_pattern_is_read_back(parts, literals, image_id, band, date):
    text = "x" + "".join(a + b for a, b in zip(literals, parts, strict=False)) + literals[3] + ".t"
    assume("//" not in text)
    path = (
        text.replace("{id}", image_id)
        .replace("{band}", band)
        .replace("{date:%Y%m%d}", f"{date.year:04}{date.month:02}{date.day:02}")
    )
    found = match(parse_pattern(text), path)
    assert found is not None
    assert (found.id, found.band) == (image_id, band)
    assert found.date_us == to_us(datetime(date.year, date.month, date.day, tzinfo=UTC))


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_pattern_or_a_clear_error(text, path):
    try:
        pattern = parse_pattern(text)
    except InvalidArgument:
        return
    match(pattern, path)


def test_bands_sort_as_people_count():
    assert sorted(["B10", "B2", "B8A", "B8", "SCL"], key=natural) == [
        "B2", "B8", "B8A", "B10", "SCL",
    ]  # fmt: skip
