"""Graphs as text for people: golden texts."""

from __future__ import annotations

import swath as wf


def ndvi(img: wf.Image) -> wf.Image:
    nir, red = img.unpack_bands("nir red")
    return (nir - red) / (nir + red)


def test_parentheses_stand_only_where_they_are_needed() -> None:
    a, b, c = (wf.parameter(name, wf.Float) for name in "abc")
    assert wf.show((a - b) - (c - a)).splitlines()[-1] == "a - b - (c - a)"
    assert wf.show((a + b) * c).splitlines()[-1] == "(a + b) * c"
    assert wf.show((a**b) ** (c**a)).splitlines()[-1] == "(a ** b) ** c ** a"
    assert wf.show(-(a * b)).splitlines()[-1] == "-(a * b)"
    assert wf.show((a < b) & (b < c)).splitlines()[-1] == "(a < b) & (b < c)"


def test_a_pipeline_reads_as_it_was_typed() -> None:
    col = wf.ImageCollection.from_id("s2", "2019-06-01", limit=10)
    june = col.filter(lambda i: i.properties["date"].month == 6)
    assert wf.show(june.map(lambda i: i.pick_bands("B")).median("images")) == (
        "x1 = ImageCollection.from_id('s2', start_datetime=Datetime('2019-06-01T00:00:00'),"
        " limit=10).filter(lambda i: i.properties['date'].month == 6)\n"
        "x1.map(lambda i2: i2.pick_bands('B')).median('images')"
    )


def test_what_is_used_twice_has_a_line_of_its_own() -> None:
    assert wf.show(ndvi(wf.Image.from_id("a"))) == (
        "x1 = Image.load('a')\n"
        "x2 = x1.pick_bands('nir')\n"
        "x3 = x1.pick_bands('red')\n"
        "(x2 - x3) / (x2 + x3)"
    )


def test_a_function_with_lines_of_its_own_is_a_definition() -> None:
    assert wf.show(wf.ImageCollection.from_id("s2").map(ndvi)) == (
        "def f3(img: Image):\n"
        "    x1 = img.pick_bands('nir')\n"
        "    x2 = img.pick_bands('red')\n"
        "    return (x1 - x2) / (x1 + x2)\n"
        "ImageCollection.from_id('s2').map(f3)"
    )


def test_parameters_are_declared_first() -> None:
    assert wf.show(wf.parameter("k", wf.Int) + 1) == "parameters k: Int\nk + 1"


def test_names_that_are_taken_get_a_number() -> None:
    nested = wf.List([1]).map(lambda x: wf.List([2]).map(lambda x: x + 1))
    assert wf.show(nested) == "[1].map(lambda x: [2].map(lambda x2: x2 + 1))"


def test_branches_are_lambdas_without_parameters() -> None:
    assert wf.show(wf.ifelse(wf.Bool(True), 1, 2)) == "ifelse(True, lambda: 1, lambda: 2)"


def test_a_long_chain_is_cut_into_lines() -> None:
    chain = wf.Int(0)
    for i in range(3000):
        chain = chain + i
    assert max(map(len, wf.show(chain).splitlines())) < 120


def test_a_long_literal_is_cut() -> None:
    assert len(wf.show(wf.Str("a" * 1000))) == 60


def test_repr_is_one_short_line() -> None:
    assert repr(wf.Int(1) + 1) == "<swath.Int: 1 + 1>"
    chain = wf.Int(0)
    for i in range(3000):
        chain = chain + i
    assert repr(chain) == "<swath.Int: numpy.add(…)>"
    assert len(repr(ndvi(wf.Image.from_id("a" * 500)))) < 250


def test_a_part_of_a_function_can_be_shown_too() -> None:
    shown: list[str] = []
    wf.List([1]).map(lambda x: shown.append(repr(x + 1)) or x)  # type: ignore[func-returns-value]
    assert shown == ["<swath.Int: x + 1>"]
